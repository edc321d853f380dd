// How well the duplicate finder finds: precision and recall on labelled people, how many pairs it compares instead of all, and how
// fast. FEBRL_CSV may name data sets of FEBRL (rec_id, given_name, surname, …), separated by commas, to be measured as well.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { blockingKeys, defaultMinScore, likenessOf, maxBlock } from '../../src/core/duplicates/duplicates.ts'
import { particularsOf } from '../../src/core/duplicates/particulars.ts'
import { type Labelled, population } from './duplicates-population.ts'
import type { Bench } from './report.ts'

const people = 10_000

interface Measured {
  readonly name: string
  readonly records: number
  readonly truePairs: number
  readonly compared: number
  /** Of the true pairs, those that share a key. */
  readonly reached: number
  readonly precision: number
  readonly recall: number
  readonly recordsPerSecond: number
}

function measure(name: string, records: readonly Labelled[]): Measured {
  const began = performance.now()
  const blocks = new Map<string, number[]>()
  for (const [i, { particulars }] of records.entries()) {
    for (const key of blockingKeys(particulars)) {
      const block = blocks.get(key) ?? []
      block.push(i)
      blocks.set(key, block)
    }
  }
  const pairs = new Set<number>()
  for (const block of blocks.values()) {
    if (block.length > maxBlock) continue
    for (const [n, i] of block.entries()) for (const j of block.slice(n + 1)) pairs.add(i * records.length + j)
  }
  let [reached, found, right] = [0, 0, 0]
  for (const pair of pairs) {
    const [a, b] = [records[Math.floor(pair / records.length)], records[pair % records.length]]
    if (!a || !b) continue
    const isOne = a.label === b.label
    const isFound = likenessOf(a.particulars, b.particulars).score >= defaultMinScore
    reached += Number(isOne)
    found += Number(isFound)
    right += Number(isOne && isFound)
  }
  const seconds = (performance.now() - began) / 1_000
  const sizes = new Map<string, number>()
  for (const { label } of records) sizes.set(label, (sizes.get(label) ?? 0) + 1)
  const truePairs = [...sizes.values()].reduce((sum, size) => sum + (size * (size - 1)) / 2, 0)
  return {
    ...{ name, records: records.length, truePairs, compared: pairs.size, reached: reached / truePairs },
    ...{ precision: right / found, recall: right / truePairs, recordsPerSecond: records.length / seconds },
  }
}

function febrl(file: string): Labelled[] {
  const [, ...lines] = readFileSync(file, 'utf8').trim().split('\n')
  return lines.map((line) => {
    const [id = '', first, last, number, street, , suburb, postcode, , birth] = line
      .split(',')
      .map((cell) => cell.trim())
    const fields = {
      firstName: first,
      lastName: last,
      street: `${number} ${street}`,
      suburb,
      postcode,
      birthDate: birth,
    }
    return { label: id.split('-')[1] ?? '', particulars: particularsOf({ identifiers: [], fields }) }
  })
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`

export const bench: Bench = async () => {
  const made = measure('made up, with families', population(people, 20))
  const files = (process.env.FEBRL_CSV ?? '').split(',').filter((file) => file !== '')
  const measured = [made, ...files.map((file) => measure(`FEBRL ${path.basename(file)}`, febrl(file)))]
  return {
    title: 'Duplicates: people found to be one, against what is known of them',
    table: [
      [
        'people',
        'records',
        'true pairs',
        'compared',
        'of all pairs',
        'share a key',
        'precision',
        'recall',
        'records/s',
      ],
      ...measured.map((one) => [
        ...[one.name, String(one.records), String(one.truePairs), String(one.compared)],
        `${((one.compared / ((one.records * (one.records - 1)) / 2)) * 100).toFixed(3)} %`,
        ...[
          percent(one.reached),
          percent(one.precision),
          percent(one.recall),
          String(Math.round(one.recordsPerSecond)),
        ],
      ]),
    ],
    notes: [
      `A pair is found from a score of ${defaultMinScore} on. Made-up people are the same at every run; weights were not fitted to them by a machine.`,
    ],
    figures: {
      precision: made.precision,
      recall: made.recall,
      compared_share: made.compared / ((made.records * (made.records - 1)) / 2),
    },
  }
}
