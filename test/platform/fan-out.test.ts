// What subscribers of one and the same thing rely on, however they come and go and whatever they do with their sockets.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KeyWatch } from '../../src/platform/key-watch.ts'
import { turn } from '../../src/platform/turn.ts'
import { NumberLog, type Reader, type Told } from './number-log.ts'

const pass = async (ticks: number) => {
  for (let count = 0; count < ticks; count++) await undefined
}

function latch() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open: () => open() }
}

const upTo = (end: number, from = 0) => Array.from({ length: end - from }, (_, index) => from + index + 1)

describe('subscribers of the same', () => {
  it('are served by one run of each message', async () => {
    const log = new NumberLog()
    const readers = Array.from({ length: 50 }, () => log.read())
    await expect.poll(() => readers.every(({ told }) => told.length === 1)).toBe(true)
    const before = log.runs
    for (let count = 0; count < 20; count++) log.append(1)
    await expect.poll(() => readers.every((reader) => reader.numbers().length === 20)).toBe(true)
    expect(log.runs - before).toBe(20)
    expect(log.counts()).toEqual({ groups: 1, readers: 50 })
    for (const reader of readers) reader.leave()
    expect(log.counts()).toEqual({ groups: 0, readers: 0 })
  })

  it('with other rights are served apart', async () => {
    const log = new NumberLog()
    const readers = ['ann', 'bob'].map((rights) => log.read({ rights }))
    await expect.poll(() => log.counts().groups).toBe(2)
    log.append(3)
    await expect.poll(() => readers.map((reader) => reader.numbers())).toEqual([upTo(3), upTo(3)])
  })

  it('who resume get what they missed, a checkpoint, and then what all get', async () => {
    const log = new NumberLog()
    log.append(30)
    const reader = log.read({ after: 4 })
    await expect.poll(() => reader.told.length).toBe(27)
    log.append(2)
    await expect.poll(() => reader.numbers()).toEqual(upTo(32, 4))
    expect(reader.told[26]).toEqual({ number: null, position: 30, missed: null })
  })

  it('to whom nothing is sent get a checkpoint when the log moved on, and no more than that', async () => {
    const log = new NumberLog({ checkpointMs: 20 })
    const reader = log.read()
    await expect.poll(() => reader.told.length).toBe(1)
    log.append(1)
    await expect.poll(() => reader.numbers()).toEqual([1])
    // A message tells as much as a checkpoint: time alone brings none.
    const readings = log.read()
    await expect.poll(() => readings.told.length).toBe(1)
    expect(reader.told.filter(({ number }) => number === null)).toHaveLength(1)
  })

  it('miss nothing where reading failed', async () => {
    const log = new NumberLog({ retryMs: 5 })
    const reader = log.read()
    await expect.poll(() => reader.told.length).toBe(1)
    log.failures = 3
    log.append(5)
    await expect.poll(() => reader.numbers()).toEqual(upTo(5))
  })

  it('are not held up by one that stopped reading, which is told how much it missed', async () => {
    const log = new NumberLog({ waitingBytes: 3_000 })
    const [slow, quick] = [log.read(), log.read()] as const
    await expect.poll(() => slow.told.length + quick.told.length).toBe(2)
    slow.stop()
    log.append(100)
    await expect.poll(() => quick.numbers()).toEqual(upTo(100))
    slow.goOn()
    await expect.poll(() => slow.told.some(({ missed }) => missed)).toBe(true)
    log.append(1)
    await expect.poll(() => slow.numbers().at(-1)).toBe(101)
    const lagged = slow.told.find(({ missed }) => missed)
    expect(lagged).toEqual({ number: null, position: slow.numbers().length - 1, missed: 101 - slow.numbers().length })
  })

  it('miss nothing of a page that is larger than what may wait, where they read as it comes', async () => {
    const log = new NumberLog({ waitingBytes: 100 })
    const readers = [log.read(), log.read()]
    await expect.poll(() => readers.every(({ told }) => told.length === 1)).toBe(true)
    log.append(7)
    await expect.poll(() => readers.every(({ told }) => told.length > 7)).toBe(true)
    expect(readers.map((reader) => reader.numbers())).toEqual([upTo(7), upTo(7)])
  })

  it('get all pages that they are behind the others when they join', async () => {
    let held: Promise<void> | undefined
    const log = new NumberLog({ beforeRun: ({ number }) => (number === null ? held : undefined) })
    const first = log.read()
    await expect.poll(() => first.told.length).toBe(1)
    const gate = latch()
    held = gate.opened
    const late = log.read()
    log.append(20)
    await expect.poll(() => first.numbers()).toEqual(upTo(20))
    gate.open()
    log.append(1)
    await expect.poll(() => late.numbers().at(-1)).toBe(21)
    expect(late.numbers()).toEqual(upTo(21))
    expect(first.numbers()).toEqual(upTo(21))
  })

  it('get all of a page that is being sent as they join, at whichever moment', async () => {
    for (let ticks = 0; ticks <= 60; ticks++) {
      const gate = latch()
      let held: Promise<void> | undefined
      const log = new NumberLog({ beforeRun: ({ number }) => (number === null ? held : pass(30)) })
      // Keys are asked as a page is begun, which here takes 30 ticks and some.
      const ask = async () => {
        if (held) void pass(ticks).then(gate.open)
        return true
      }
      const first = log.read({ key: { ask } })
      await expect.poll(() => first.told.length, { interval: 1 }).toBe(1)
      held = gate.opened
      const joining = log.read()
      log.append(1)
      await expect.poll(() => first.numbers(), { interval: 1 }).toEqual([1])
      log.append(1)
      await expect.poll(() => joining.numbers().at(-1), { interval: 1 }).toBe(2)
      expect(joining.numbers(), `${ticks} ticks after the page was begun`).toEqual([1, 2])
    }
  })

  it('who cannot be served leave', async () => {
    const log = new NumberLog()
    const good = log.read()
    const key = { ask: () => Promise.reject(new Error('a key that cannot be asked')) }
    const failures: unknown[] = []
    log.read({ key, fail: (error) => failures.push(error) })
    await expect.poll(() => failures).toEqual([expect.objectContaining({ message: 'a key that cannot be asked' })])
    expect(log.counts()).toEqual({ groups: 1, readers: 1 })
    good.leave()
    expect(log.counts()).toEqual({ groups: 0, readers: 0 })
  })
})

describe('a key', () => {
  it('is asked about once a flush, and lets go of all that it admitted when it ends, also where nothing is sent', async () => {
    let asked = 0
    let isGood = true
    const keys = new KeyWatch(async () => {
      asked++
      return isGood
    }, 20)
    const ended: string[] = []
    const [one, other] = ['one', 'other'].map((name) => keys.admit('k', { end: () => ended.push(name) }))
    const log = new NumberLog()
    const readers = [one, other].map((admission) => log.read({ key: admission?.watched }))
    await expect.poll(() => readers.every(({ told }) => told.length === 1)).toBe(true)
    log.append(1)
    await expect.poll(() => readers.every((reader) => reader.numbers().length === 1)).toBe(true)
    expect(asked).toBeGreaterThan(0)
    isGood = false
    await expect.poll(() => new Set(ended)).toEqual(new Set(['one', 'other']))
    one?.release()
    other?.release()
  })
})

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('append' as const), count: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('join' as const), back: fc.integer({ min: 0, max: 40 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('resume' as const), whose: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), whose: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stop' as const), whose: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('goOn' as const), whose: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fail' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), turns: fc.integer({ min: 1, max: 20 }) }) },
)

/** How much is read at once, and what making a message waits for. */
const pace = fc.record({
  pageSize: fc.integer({ min: 1, max: 9 }),
  delays: fc.array(fc.record({ turns: fc.nat(30), ticks: fc.nat(20) }), { minLength: 1, maxLength: 9 }),
})

interface Seen {
  reader: Reader
  from: number
}

/** In order, nothing twice, and nothing lost without its being said how much. */
function expectWhole({ reader, from }: Seen, end: number): void {
  let last = from
  let missed = 0
  for (const { number, position, missed: gap } of reader.told) {
    if (gap !== null) {
      expect([position, missed]).toEqual([last, 0])
      missed = gap
      continue
    }
    // A number follows on what came before; a checkpoint stands where that was.
    expect(number === null ? position : position - 1).toBe(last + missed)
    last = position
    missed = 0
  }
  expect(last + missed).toBe(end)
}

it('whoever joins, resumes, stalls and leaves, everybody gets everything once and in order, or is told what it missed', async () => {
  const limits = { waitingBytes: 400, retryMs: 1, checkpointMs: 60_000 }
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), pace, async (steps, { pageSize, delays }) => {
      let runs = 0
      const beforeRun = async ({ number }: Told) => {
        // Whoever joins has its checkpoint made meanwhile, while the group goes on.
        const { turns, ticks } = delays[runs++ % delays.length] ?? { turns: 0, ticks: 0 }
        for (let left = number === null ? turns : turns % 2; left > 0; left--) await turn()
        await pass(ticks)
      }
      const log = new NumberLog({ ...limits, pageSize, beforeRun })
      const open: Seen[] = []
      const join = (after: number) => open.push({ reader: log.read({ after }), from: after })
      const pick = (whose: number) => open[whose % Math.max(open.length, 1)]
      for (const each of steps) {
        if (each.do === 'append') log.append(each.count)
        else if (each.do === 'join') join(Math.max(0, log.length - each.back))
        else if (each.do === 'fail') log.failures = 1
        else if (each.do === 'wait') for (let i = 0; i < each.turns; i++) await turn()
        else {
          const seen = pick(each.whose)
          if (!seen) continue
          if (each.do === 'stop') seen.reader.stop()
          else if (each.do === 'goOn') seen.reader.goOn()
          else {
            seen.reader.leave()
            open.splice(open.indexOf(seen), 1)
            // What it has seen last, it gives when it comes back.
            if (each.do === 'resume') join(seen.reader.told.at(-1)?.position ?? seen.from)
          }
        }
      }
      for (const { reader } of open) reader.goOn()
      log.append(3 * pageSize) // Pages by which the group is ahead of who is still about to join.
      const isAtEnd = ({ reader }: Seen) => {
        const last = reader.told.at(-1)
        return last !== undefined && last.position + (last.missed ?? 0) === log.length
      }
      await expect.poll(() => open.every(isAtEnd), { timeout: 2_000, interval: 2 }).toBe(true)
      for (const seen of open) expectWhole(seen, log.length)
      for (const { reader } of open) reader.leave()
      expect(log.counts()).toEqual({ groups: 0, readers: 0 })
    }),
    { numRuns: 100, endOnFailure: true },
  )
}, 60_000)
