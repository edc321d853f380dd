// Many callers, few batches.

import { describe, expect, it } from 'vitest'
import { Batcher, type BatcherOptions } from '../../src/platform/batcher.ts'

/** A batcher whose batches are seen, and end when told. */
function watched(maxItems = 3, more: Partial<BatcherOptions<number, string>> = {}) {
  const batches: { key: string; items: readonly number[]; end(error?: Error): void }[] = []
  const batcher = new Batcher<number, string>({
    ...more,
    maxItems,
    run: (key, items) =>
      new Promise((resolve, reject) => {
        const end = (error?: Error) => (error ? reject(error) : resolve(items.map((item) => `${key}${item}`)))
        batches.push({ key, items, end })
      }),
  })
  return { batches, batcher }
}

describe('a batcher', () => {
  it('starts at once for the first caller, and gathers for the next batch what comes meanwhile', async () => {
    const { batches, batcher } = watched()
    const first = batcher.submit('a', [1])
    await expect.poll(() => batches.length).toBe(1)
    const others = [batcher.submit('a', [2]), batcher.submit('a', [3])]
    batches[0]?.end()
    expect(await first).toEqual(['a1'])
    await expect.poll(() => batches.length).toBe(2)
    batches[1]?.end()
    expect(await Promise.all(others)).toEqual([['a2'], ['a3']])
    expect(batches.map(({ items }) => items)).toEqual([[1], [2, 3]])
  })

  it('runs keys beside each other, and one batch a key at a time', async () => {
    const { batches, batcher } = watched()
    const asked = [batcher.submit('a', [1]), batcher.submit('b', [2])]
    await expect.poll(() => batches.map(({ key }) => key)).toEqual(['a', 'b'])
    asked.push(batcher.submit('a', [3]))
    batches[1]?.end()
    batches[0]?.end()
    await expect.poll(() => batches.length).toBe(3)
    batches[2]?.end()
    expect(await Promise.all(asked)).toEqual([['a1'], ['b2'], ['a3']])
  })

  it('keeps the items of one caller together, however many, and closes the batch after them', async () => {
    const { batches, batcher } = watched(3)
    const asked = [batcher.submit('a', [1, 2]), batcher.submit('a', [3, 4, 5]), batcher.submit('a', [6])]
    await expect.poll(() => batches.length).toBe(1)
    batches[0]?.end()
    await expect.poll(() => batches.length).toBe(2)
    batches[1]?.end()
    await Promise.all(asked)
    expect(batches.map(({ items }) => items)).toEqual([[1, 2, 3, 4, 5], [6]])
  })

  it('tells every caller of a batch that failed, and goes on', async () => {
    const { batches, batcher } = watched()
    const failing = [batcher.submit('a', [1]), batcher.submit('a', [2])]
    await expect.poll(() => batches.length).toBe(1)
    batches[0]?.end(new Error('away'))
    expect((await Promise.allSettled(failing)).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    const next = batcher.submit('a', [3])
    await expect.poll(() => batches.length).toBe(2)
    batches[1]?.end()
    expect(await next).toEqual(['a3'])
  })

  describe('that holds as much as it may', () => {
    const full = { limits: { items: 4, bytes: 2_000 }, bytesOf: (item: number) => item }

    it('refuses more at once, naming when to come again, and takes it once there is room', async () => {
      const { batches, batcher } = watched(1, full)
      const asked = [1, 2].map((item) => batcher.submit('a', [item]))
      const refused = await batcher.submit('a', [3]).catch((error) => error)
      expect(refused.extensions).toMatchObject({ code: 'RATE_LIMITED', retryable: true })
      expect(refused.extensions.retryAfterMs).toBeGreaterThanOrEqual(100)
      await expect.poll(() => batches.length).toBe(1)
      batches[0]?.end()
      await asked[0]
      const taken = batcher.submit('a', [3])
      for (let n = 1; n <= 2; n++) {
        await expect.poll(() => batches.length).toBeGreaterThan(n)
        batches[n]?.end()
      }
      expect(await Promise.all([...asked, taken])).toEqual([['a1'], ['a2'], ['a3']])
      expect(batcher.pending).toEqual({ items: 0, bytes: 0 })
    })

    it('refuses nobody for what another group has waiting, and a group more once all is full', async () => {
      const { batches, batcher } = watched(9, full)
      const asked = [batcher.submit('a', [1, 2]), batcher.submit('b', [3]), batcher.submit('c', [4, 5])]
      await expect(batcher.submit('b', [6])).rejects.toMatchObject({ code: 'RATE_LIMITED' })
      await expect.poll(() => batches.length).toBe(3)
      for (const { end } of batches) end()
      expect(await Promise.all(asked)).toEqual([['a1', 'a2'], ['b3'], ['c4', 'c5']])
    })

    it('counts bytes as well as items, and refuses a caller whole', async () => {
      const { batches, batcher } = watched(9, full)
      const first = batcher.submit('a', [900])
      await expect(batcher.submit('a', [101])).rejects.toMatchObject({ code: 'RATE_LIMITED' })
      expect(batcher.pending).toEqual({ items: 1, bytes: 900 })
      await expect.poll(() => batches.length).toBe(1)
      batches[0]?.end()
      await first
    })

    it('takes one caller alone, however much it brings', async () => {
      const { batches, batcher } = watched(9, full)
      const alone = batcher.submit('a', [1, 2, 3, 4, 5])
      await expect.poll(() => batches.length).toBe(1)
      batches[0]?.end()
      expect(await alone).toHaveLength(5)
    })
  })
})
