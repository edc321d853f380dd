// The demo's integrator and dashboard against a running server, on a slice of the real redemptions. What to expect is worked out
// here, from the files and by one rule: a coupon stands for its campaigns, of which those count that were active on the day and
// had targeted the household.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client } from '../../src/demo/client.ts'
import { compare } from '../../src/demo/compare.ts'
import { partFor, readRecorded } from '../../src/demo/complete-journey.ts'
import { type Audience, type Outcome, play } from '../../src/demo/play.ts'
import { isComplete } from '../../src/demo/report.ts'
import { startServer, type TestServer } from '../support/server.ts'

const root = path.resolve(import.meta.dirname, '../..')

type Row = Record<string, string>

const readRows = (name: string): Row[] =>
  parse(gunzipSync(readFileSync(path.join(root, 'src/demo/data', `${name}.csv.gz`))), { columns: true })

/** The campaigns by the rule, for each redemption in the order of the file. */
function campaignsByRule(redemptions: readonly Row[]): string[][] {
  const days = new Map(readRows('campaign_descriptions').map((row) => [row.campaign_id, row]))
  const targeted = new Set(readRows('campaigns').map((row) => `${row.campaign_id}/${row.household_id}`))
  const pairs = readRows('coupon_campaigns')
  return redemptions.map(({ coupon_upc, household_id, redemption_date = '' }) =>
    pairs
      .filter((pair) => pair.coupon_upc === coupon_upc)
      .map(({ campaign_id = '' }) => campaign_id)
      .filter((id) => {
        const { start_date = '', end_date = '' } = days.get(id) ?? {}
        return start_date <= redemption_date && redemption_date <= end_date && targeted.has(`${id}/${household_id}`)
      }),
  )
}

// Four of the coupons that were recorded twice are among these: rows 401, 402, 491, 492, 496, 497, 511 and 512 of the file.
const [from, to] = [390, 520]
const rows = readRows('coupon_redemptions').slice(from, to)
const expected = campaignsByRule(rows)

const whole = readRecorded()
const slice = partFor(whole, whole.redemptions.slice(from, to))

const silent: Audience = { step() {}, answered() {}, arrived() {} }

let server: TestServer
let first: Outcome

const perform = () => play(new Client(server, new AbortController().signal), slice, silent)

const campaignOf = ({ arrivals }: Outcome, i: number) =>
  arrivals.get(slice.redemptions[i]?.key ?? '')?.decision.campaign?.name

beforeAll(async () => {
  server = await startServer()
  first = await perform()
}, 120_000)

afterAll(() => server?.stop())

describe('real redemptions sent as events', () => {
  test('each is answered once, and its attribution comes over the subscription', () => {
    expect(isComplete(first)).toBe(true)
    expect(first.answers.size).toBe(130)
    expect([...first.answers.values()].filter((answer) => !('replayed' in answer) || answer.replayed)).toEqual([])
    expect(first.arrivals.size).toBe(130)
  })

  test('get the campaign that the coupon, the day and the household leave, and that is the recorded one', () => {
    for (const [i, { campaign_id }] of rows.entries()) {
      expect(expected[i]?.map((id) => `Campaign ${id}`)).toContain(campaignOf(first, i))
      if (expected[i]?.length === 1) expect(campaignOf(first, i)).toBe(`Campaign ${campaign_id}`)
    }
    expect(first.comparison.totals).toEqual({ EXACT: 122, TIED: 8, MISSED: 0, UNATTRIBUTED: 0, NOT_RECEIVED: 0 })
    expect(first.comparison.ties).toHaveLength(expected.filter((campaigns) => campaigns.length === 2).length / 2)
  })

  test('sent again are answered as before, and read back from the feed', async () => {
    const second = await perform()
    expect(isComplete(second)).toBe(true)
    expect([...second.answers.values()].every((answer) => 'replayed' in answer && answer.replayed)).toBe(true)
    expect(rows.map((_, i) => campaignOf(second, i))).toEqual(rows.map((_, i) => campaignOf(first, i)))
    expect(second.found.campaigns).toBe(slice.campaigns.length)
    expect(second.found.coupons).toBe(slice.coupons.length)
  })

  test('the command says so and succeeds; with a key that is not known it fails', async () => {
    const said = await command('--url', server.url, '--key', server.key, '--first', '3')
    expect(said).toMatchObject({ code: 0, errors: '' })
    expect(said.output).toMatch(/ {2}3 exact: /)
    const refused = await command('--url', server.url, '--key', 'nobody', '--first', '3')
    expect(refused).toMatchObject({ code: 1, errors: expect.stringContaining('UNAUTHENTICATED') })
  })
})

async function command(...args: string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/demo/main.ts', ...args], { cwd: root })
  let [output, errors] = ['', '']
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (errors += chunk))
  const [code] = await once(child, 'close')
  return { code, output, errors }
}

test('the whole record: 2,076 redemptions are left one campaign, the recorded one; 13 coupons were recorded twice', () => {
  const all = readRows('coupon_redemptions')
  const left = campaignsByRule(all)
  const exact = all.filter(({ campaign_id }, i) => left[i]?.length === 1 && left[i]?.[0] === campaign_id)
  const tied = all.filter(({ campaign_id = '' }, i) => left[i]?.length === 2 && left[i]?.includes(campaign_id))
  expect([all.length, exact.length, tied.length]).toEqual([2102, 2076, 26])
  expect(whole.redemptions).toHaveLength(2102)
})

test('the comparison tells the recorded campaign, one of several recorded, another, none and nothing received apart', () => {
  const campaign = (name: string) => ({ name, type: '', startsOn: '', endsOn: '', households: [] })
  const redeemed = (key: string, recorded: string, household = key) => ({
    ...{ key, recorded, household, coupon: 'c', on: '2017-01-01' },
  })
  const redemptions = [
    redeemed('exact', 'A'),
    redeemed('missed', 'A'),
    redeemed('none', 'B'),
    redeemed('lost', 'B'),
    redeemed('tied 1', 'A', 'twice'),
    redeemed('tied 2', 'B', 'twice'),
    redeemed('strayed 1', 'A', 'astray'),
    redeemed('strayed 2', 'B', 'astray'),
  ]
  const decided = new Map<string, string | null>([
    ...([
      ['exact', 'A'],
      ['missed', 'B'],
      ['none', null],
      ['tied 1', 'B'],
      ['tied 2', 'B'],
    ] as const),
    ...([
      ['strayed 1', 'A'],
      ['strayed 2', 'C'],
    ] as const),
  ])
  const { totals, ties, rows } = compare([campaign('A'), campaign('B')], redemptions, decided)
  expect(totals).toEqual({ EXACT: 1, TIED: 3, MISSED: 2, UNATTRIBUTED: 1, NOT_RECEIVED: 1 })
  expect(ties.map((tie) => tie.map(({ key }) => key))).toEqual([
    ['tied 1', 'tied 2'],
    ['strayed 1', 'strayed 2'],
  ])
  expect(rows.map(({ recorded, decided: given }) => [recorded, given])).toEqual([
    [4, 2],
    [4, 3],
  ])
})
