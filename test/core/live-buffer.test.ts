// What waits for one subscriber.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SubscriberBuffer } from '../../src/modules/live/buffer.ts'

const row = (position: number) => ({ position: BigInt(position) })
const soon = 1

describe('a subscriber’s buffer', () => {
  it('gives what came, in order, and waits for what comes', async () => {
    const buffer = new SubscriberBuffer(0n, 10)
    const next = buffer.next(60_000)
    buffer.push(row(1))
    buffer.push(row(2))
    expect(await next).toEqual({ item: row(1) })
    expect(await buffer.next(soon)).toEqual({ item: row(2) })
    expect(await buffer.next(soon)).toBeUndefined()
  })

  it('ends a wait when it is closed', async () => {
    const buffer = new SubscriberBuffer(0n, 10)
    const next = buffer.next(60_000)
    buffer.close()
    expect(await next).toBeUndefined()
    expect(buffer.isClosed).toBe(true)
  })

  it('that was full from the start says to resume where the subscriber joined', async () => {
    const buffer = new SubscriberBuffer(7n, 0)
    buffer.push(row(8))
    expect(await buffer.next(soon)).toEqual({ missed: 1, resumeAfter: 7n })
  })

  it('loses nothing without saying so: what it gives and what can be resumed from its gaps is all that came', async () => {
    const step = fc.oneof({ weight: 3, arbitrary: fc.constant('push' as const) }, fc.constant('read' as const))
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 8 }), async (steps, limit) => {
        const buffer = new SubscriberBuffer(0n, limit)
        let pushed = 0
        const seen = new Set<bigint>()
        let last = 0n
        const read = async () => {
          const delivery = await buffer.next(0)
          if (!delivery) return false
          if ('item' in delivery) {
            expect(delivery.item.position).toBeGreaterThan(last)
            last = delivery.item.position
            seen.add(last)
          } else {
            expect(delivery.resumeAfter).toBe(last)
            // The subscriber reads the missed ones from there.
            for (let i = 1; i <= delivery.missed; i++) seen.add(delivery.resumeAfter + BigInt(i))
            last = delivery.resumeAfter + BigInt(delivery.missed)
          }
          return true
        }
        for (const each of steps) {
          if (each === 'push') buffer.push(row(++pushed))
          else if (seen.size < pushed) await read()
        }
        while (seen.size < pushed) expect(await read()).toBe(true)
        expect([...seen].sort((a, b) => Number(a - b))).toEqual(Array.from({ length: pushed }, (_, i) => BigInt(i + 1)))
      }),
      { numRuns: 500 },
    )
  })
})
