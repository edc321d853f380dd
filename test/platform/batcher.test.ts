// Many callers, few batches.

import { describe, expect, it } from 'vitest'
import { Batcher } from '../../src/platform/batcher.ts'

/** A batcher whose batches are seen, and end when told. */
function watched(maxItems = 3) {
  const batches: { key: string; items: readonly number[]; end(error?: Error): void }[] = []
  const batcher = new Batcher<number, string>({
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
})
