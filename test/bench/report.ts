// What every benchmark prints, and how it times: medians of several rounds, the cases taking turns within each round, so that
// a ratio compares what ran under the same conditions.

import { cpus } from 'node:os'

export interface Report {
  readonly title: string
  /** The first row names the columns. */
  readonly table: readonly (readonly string[])[]
  readonly notes: readonly string[]
  readonly figures: { readonly [name: string]: number }
}

export type Bench = () => Promise<Report>

/** A case: does its work `n` times, and returns a number that depends on all of it. */
export type Work = (n: number) => number | Promise<number>

export interface Rate {
  /** Of all rounds, a second. */
  readonly perSecond: number
  /** (largest - smallest) / median of the rounds. */
  readonly spread: number
}

const batch = 1_000

/** Rates of the cases: one round to warm up, then `rounds` of about `ms` each, the cases one after the other in every round. */
export async function rates(
  cases: ReadonlyMap<string, Work>,
  { rounds = 3, ms = 2_000 }: { rounds?: number; ms?: number } = {},
): Promise<ReadonlyMap<string, Rate>> {
  const runs = new Map<string, number[]>([...cases.keys()].map((name) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const [name, work] of cases) {
      const rate = await rateOf(work, round === 0 ? ms / 2 : ms)
      if (round > 0) runs.get(name)?.push(rate)
    }
  }
  return new Map([...runs].map(([name, values]) => [name, summary(values)]))
}

async function rateOf(work: Work, ms: number): Promise<number> {
  let [done, sum] = [0, 0]
  const began = performance.now()
  while (performance.now() - began < ms) {
    sum += await work(batch)
    done += batch
  }
  if (Number.isNaN(sum)) throw new Error('a case returned no number')
  return (done * 1_000) / (performance.now() - began)
}

function summary(values: readonly number[]): Rate {
  const sorted = values.toSorted((a, b) => a - b)
  const perSecond = sorted[sorted.length >> 1] ?? 0
  return { perSecond, spread: ((sorted.at(-1) ?? 0) - (sorted[0] ?? 0)) / perSecond }
}

/** A figure as people read it: three significant digits, thousands apart. */
export const readable = (value: number): string =>
  new Intl.NumberFormat('en', { maximumSignificantDigits: 3 }).format(value)

export function printReport(bench: string, { title, table, notes, figures }: Report): void {
  console.log(`\n${title}`)
  console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}\n`)
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  for (const [i, row] of table.entries()) {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    )
    console.log(cells.join('  '))
    if (i === 0) console.log(widths.map((width) => '-'.repeat(width)).join('  '))
  }
  for (const note of notes) console.log(`\n${note}`)
  const rounded = Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, Number(value.toPrecision(4))]),
  )
  console.log(`\n${JSON.stringify({ bench, figures: rounded })}`)
}
