// Redis hangs, is killed, is emptied, loses its subscribers: it only wakes, so events are taken as fast as ever, arrive by
// the poll within about a second, and with Redis back at once.

import { setTimeout as pause } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { openTwoCampaigns } from './campaigns.ts'
import { delaysSince, quantile } from './delays.ts'
import { follow } from './follower.ts'
import { expectNothingLost } from './ledger.ts'
import { startLoad } from './load.ts'
import { residentMb } from './memory.ts'
import { describeFault, later, openScene } from './scene.ts'

const outageMs = 10_000
// The poll asks each second; the rest is what a busy machine may add.
const pollMs = 1_000
/** A busy machine's; what is lost would take for ever. */
const slackMs = 4_000

/** Events go to one server, the subscriber is at the other: without Redis only the poll connects them. */
async function openApart() {
  const scene = await openScene()
  const [writing, reading] = [await scene.serve(), await scene.serve()]
  const campaigns = await openTwoCampaigns(writing)
  const follower = follow([reading])
  later(() => follower.stop())
  await follower.ready()
  const load = startLoad({ servers: [writing], campaigns, senders: 4, everyMs: 30 })
  return { scene, campaigns, follower, load, servers: [writing, reading] }
}

describeFault('Redis', () => {
  it('hangs, is killed, is emptied and cut off: events are taken at once and arrive within about a second', {
    timeout: 300_000,
  }, async () => {
    const { scene, campaigns, follower, load, servers } = await openApart()
    const { redis } = scene
    const during = async (fault: () => unknown, mend: () => unknown = () => undefined) => {
      const began = performance.now()
      await fault()
      await pause(outageMs)
      const delays = await delaysSince(began, { load, follower })
      await mend()
      return delays
    }
    const isAwakeAgain = () =>
      expect
        .poll(
          async () => {
            const began = performance.now()
            await load.more(20)
            return quantile((await delaysSince(began, { load, follower })).deliveredMs, 0.5)
          },
          { timeout: 60_000 },
        )
        .toBeLessThan(pollMs / 3)

    await isAwakeAgain()
    const hanging = await during(redis.pause, redis.resume)
    await isAwakeAgain()
    const killed = await during(redis.kill, redis.start)
    await isAwakeAgain()
    await redis.ask('FLUSHALL')
    await redis.ask('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await redis.ask('CLIENT', 'KILL', 'TYPE', 'normal').catch(() => undefined) // It ends the asking one as well.
    await isAwakeAgain()
    await load.stop()

    for (const { answeredMs, deliveredMs } of [hanging, killed]) {
      expect(answeredMs.length).toBeGreaterThan(20)
      expect(quantile(answeredMs, 0.99)).toBeLessThan(slackMs)
      expect(quantile(deliveredMs, 0.5)).toBeLessThan(pollMs + slackMs / 4)
      expect(quantile(deliveredMs, 1)).toBeLessThan(pollMs + slackMs)
    }
    // Nobody noticed: no error, no reconnection.
    expect([load.refusals, load.unanswered(), follower.resumed()]).toEqual([[], 0, 0])
    await expectNothingLost({ databaseUrl: scene.postgres.url, load, follower, campaigns })
    for (const { child } of servers) expect(residentMb(child.pid)).toBeLessThan(500)
  })
})
