// A client that is cut off a hundred times while events stream in, and comes back each time with its last cursor, now to one
// server, now to the other.

import { expect, it } from 'vitest'
import { openTwoCampaigns } from './campaigns.ts'
import { follow } from './follower.ts'
import { expectNothingLost } from './ledger.ts'
import { startLoad } from './load.ts'
import { describeFault, later, openScene } from './scene.ts'

const times = 100

describeFault('a subscriber', () => {
  it(`that is cut off ${times} times receives every event once, in order`, { timeout: 300_000 }, async () => {
    const scene = await openScene()
    const first = await scene.serve()
    const servers = [first, await scene.serve()]
    const campaigns = await openTwoCampaigns(first)
    const follower = follow(servers)
    later(() => follower.stop())
    await follower.ready()
    const load = startLoad({ servers, campaigns, senders: 8, everyMs: 20 })

    while (follower.resumed() < times) {
      const had = follower.received.length
      await follower.until((received) => received.length > had)
      follower.cutOff()
    }
    await load.stop()
    await expectNothingLost({ databaseUrl: scene.postgres.url, load, follower, campaigns })
    expect([...follower.codes]).toEqual([])
  })
})
