// PostgreSQL ends at once and recovers, several times, while events stream in through two servers.

import { expect, it } from 'vitest'
import { openTwoCampaigns } from './campaigns.ts'
import { follow } from './follower.ts'
import { expectNothingLost } from './ledger.ts'
import { startLoad } from './load.ts'
import { residentMb } from './memory.ts'
import { describeFault, later, openScene } from './scene.ts'

const rounds = 5

describeFault('PostgreSQL is restarted with -m immediate under load, again and again', () => {
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
    const load = startLoad({ servers, campaigns, senders: 16 })

    for (let round = 0; round < rounds; round++) {
      await load.more(100)
      await scene.postgres.crashAndRestart()
    }
    await load.more(100)
    await load.stop()

    // Neither server ended with it, and callers were told to come again.
    expect(servers.map(({ child }) => child.exitCode)).toEqual([null, null])
    expect(load.unanswered()).toBe(0)
    await expectNothingLost({ databaseUrl: scene.postgres.url, load, follower, campaigns })
    for (const { child } of servers) expect(residentMb(child.pid)).toBeLessThan(500)
  })
})
