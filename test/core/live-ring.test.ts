// The newest rows of a feed, as readers who keep up read them.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Ring } from '../../src/modules/live/ring.ts'

const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({ position: BigInt(from + index + 1) }))

it('gives what the table would give, or says that it holds it no more', () => {
  const pushes = fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 30 })
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 2, max: 20 }), pushes, (start, capacity, sizes) => {
      const ring = new Ring<{ position: bigint }>(BigInt(start), capacity)
      let end = start
      for (const size of sizes) {
        ring.push(rows(end, end + size))
        end += size
        expect(ring.reached).toBe(BigInt(end))
        for (let position = 0; position <= end; position++) {
          const given = ring.after(BigInt(position), 7)
          if (given) expect(given).toEqual(rows(position, Math.min(end, position + 7)))
          // The newer half is held in any case.
          else expect(position < start || end - position > capacity >> 1).toBe(true)
        }
      }
    }),
    { numRuns: 200 },
  )
})
