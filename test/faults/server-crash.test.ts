// kill -9 of one of two servers while events stream in; clients go to the other one with the same keys.

import { expect, it } from 'vitest'
import { openTwoCampaigns } from './campaigns.ts'
import { follow } from './follower.ts'
import { expectNothingLost } from './ledger.ts'
import { startLoad } from './load.ts'
import { residentMb } from './memory.ts'
import { describeFault, later, openScene } from './scene.ts'

const rounds = 4

describeFault('one of two servers is killed, again and again', () => {
  it('and no acknowledged event is lost, decided twice, or delivered twice or out of order', {
    timeout: 300_000,
  }, async () => {
    const scene = await openScene()
    const first = await scene.serve()
    const servers = [first, await scene.serve()]
    const campaigns = await openTwoCampaigns(first)
    const follower = follow(servers)
    later(() => follower.stop())
    await follower.ready()
    const load = startLoad({ servers, campaigns, senders: 12, everyMs: 20 })

    for (let round = 0; round < rounds; round++) {
      await load.more(100)
      await servers[round % 2]?.kill()
      // The other one serves everybody.
      await load.more(100)
      servers[round % 2] = await scene.serve()
    }
    await load.more(100)
    await load.stop()

    expect(load.unanswered()).toBeGreaterThan(0)
    expect(follower.resumed()).toBeGreaterThan(0)
    await expectNothingLost({ databaseUrl: scene.postgres.url, load, follower, campaigns })
    for (const { child } of servers) expect(residentMb(child.pid)).toBeLessThan(500)
  })
})
