// Wake-ups through a Redis Cluster and past a failover of Sentinel: what one process calls out, the others hear.

import { expect, it } from 'vitest'
import { createLog } from '../../src/platform/log.ts'
import { openWakeBus } from '../../src/platform/wake.ts'
import { startRedisCluster, startWatchedRedis } from './redis.ts'
import { describeFault, later } from './scene.ts'

/** Two processes as far as wake-ups go: what the first calls out and the second heard. */
function openPair(url: string) {
  const [here, there] = [1, 2].map(() => openWakeBus(url, createLog({ level: 'silent' })))
  if (!here || !there) throw new Error('two were asked for')
  later(() => here.close())
  later(() => there.close())
  const heard = new Set<string>()
  there.listen((key) => heard.add(key))
  let called = 0
  /** Resolves when a wake-up has crossed; those that are called out while nobody can hear are lost, as they may be. */
  const crosses = () => {
    const first = called
    return expect
      .poll(
        () => {
          here.wake(`key${called++}`)
          return Array.from({ length: called - first }, (_, index) => heard.has(`key${first + index}`)).includes(true)
        },
        { timeout: 30_000 },
      )
      .toBe(true)
  }
  return { crosses }
}

describeFault('wake-ups', () => {
  it('cross a cluster of three, and go on when one of its nodes is killed, and when it is back', {
    timeout: 120_000,
  }, async () => {
    const cluster = await startRedisCluster()
    later(() => cluster.remove())
    const { crosses } = openPair(cluster.url)
    await crosses()
    for (const node of cluster.nodes) {
      await node.kill()
      await crosses()
      await node.start()
      await crosses()
    }
  })

  it('cross a failover: the master is killed, the sentinels promote its replica', { timeout: 120_000 }, async () => {
    const watched = await startWatchedRedis()
    later(() => watched.remove())
    const { crosses } = openPair(watched.url)
    await crosses()
    // Sentinels learn of the replica and of each other from the master; before that they cannot agree on another.
    await expect.poll(() => watched.isReady(), { timeout: 30_000 }).toBe(true)
    await watched.master.kill()
    await expect.poll(() => watched.masterPort(), { timeout: 60_000 }).not.toBe(watched.master.port)
    await crosses()
  })
})
