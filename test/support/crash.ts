// What must hold after a server was killed while events streamed in, whatever its database.

import { expect } from 'vitest'
import { openBrand } from './brand.ts'
import { listen } from './listen.ts'
import type { ServerProcess } from './process.ts'
import { listAll, stream } from './stream.ts'

/** Kills the server in the middle of a stream, starts it again, and compares what was acknowledged with what is there. */
export async function crashAndCompare(start: () => Promise<ServerProcess>): Promise<void> {
  const first = await start()
  await openBrand(first)
  const dashboard = listen(first.socket())
  await dashboard.ready()
  const sending = stream(first, 8)
  await dashboard.until(() => dashboard.keys().length >= 30)
  const seen = dashboard.updates.filter(({ attribution }) => attribution)
  await first.kill()
  await sending.stop()
  dashboard.stop()

  const second = await start()
  try {
    const resumed = listen(second.socket(), { after: seen.at(-1)?.cursor })
    await resumed.ready()
    const acknowledgedBefore = sending.acknowledged.size
    await sending.resend(second)
    const stored = await listAll(second)
    await resumed.until(() => seen.length + resumed.keys().length === stored.length)

    expect(acknowledgedBefore).toBeGreaterThanOrEqual(30)
    // Nothing acknowledged is lost, nothing is stored or decided twice, and every key has the event it was told of.
    expect(new Set(stored.map(({ key }) => key)).size).toBe(stored.length)
    expect(Object.fromEntries(stored.map(({ key, id }) => [key, id]))).toEqual(Object.fromEntries(sending.acknowledged))
    // The dashboard, back with its last cursor, has seen each once, in the order of the list.
    const keys = [...seen.map(({ attribution }) => attribution?.event.idempotencyKey), ...resumed.keys()]
    expect(keys).toEqual(stored.map(({ key }) => key))
    resumed.stop()
  } finally {
    expect(await second.terminate()).toBe(0)
  }
}
