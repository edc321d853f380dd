// What is printed at the end, from the outcome alone: the table, the verdicts, speed, and where to look next.

import type { Place } from './client.ts'
import type { CampaignRow, Comparison } from './compare.ts'
import type { Outcome } from './play.ts'
import type { Answer } from './send.ts'

type Stored = Extract<Answer, { eventId: string }>

const isStored = (answer: Answer): answer is Stored => 'eventId' in answer
const count = (value: number) => value.toLocaleString('en')

/** Whether everything that was sent was answered and came over the subscription; what was decided does not matter here. */
export function isComplete({ answers, arrivals, comparison }: Outcome): boolean {
  const sent = [...comparison.verdicts.keys()]
  return sent.every((key) => {
    const answer = answers.get(key)
    return answer !== undefined && isStored(answer) && arrivals.has(key)
  })
}

/** One row for each campaign under which something was recorded, or to which the engine gave something; then the sum. */
export function table({ rows, totals }: Comparison): string[] {
  const heads = ['campaign', 'type', 'from', 'to', 'recorded', 'engine', 'exact', 'tied', 'missed', 'none']
  const used = rows.filter(({ recorded, decided }) => recorded > 0 || decided > 0)
  const sum = (of: (row: CampaignRow) => number) => used.reduce((total, row) => total + of(row), 0)
  const numbers = (recorded: number, decided: number, verdicts: CampaignRow['verdicts']) => {
    const { EXACT, TIED, MISSED, UNATTRIBUTED, NOT_RECEIVED } = verdicts
    return [recorded, decided, EXACT, TIED, MISSED, UNATTRIBUTED + NOT_RECEIVED].map(count)
  }
  const lines = used.map(({ campaign: { name, type, startsOn, endsOn }, recorded, decided, verdicts }) => [
    ...[name, type, startsOn, endsOn],
    ...numbers(recorded, decided, verdicts),
  ])
  const last = [
    'all',
    '',
    '',
    '',
    ...numbers(
      sum((row) => row.recorded),
      sum((row) => row.decided),
      totals,
    ),
  ]
  return aligned([heads, ...lines, last])
}

const textColumns = 4

function aligned(lines: readonly (readonly string[])[]): string[] {
  const widths = (lines[0] ?? []).map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)))
  const pad = (cell: string, i: number) =>
    i < textColumns ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)
  return lines.map((line) => `  ${line.map(pad).join('  ')}`.trimEnd())
}

/** The same in words. */
export function verdicts({ totals, ties }: Comparison): string[] {
  const lines = [`  ${count(totals.EXACT)} exact: the engine's campaign is the recorded one`]
  if (ties.length > 0) {
    lines.push(
      `  ${count(ties.length)} coupons were recorded under both of two campaigns, for the same household and day ` +
        `(${count(tiedRows(ties))} rows):`,
      `    in ${count(totals.TIED)} of these rows the engine's campaign is one of the two`,
    )
  }
  lines.push(`  ${count(totals.MISSED)} missed: another campaign`, `  ${count(totals.UNATTRIBUTED)} unattributed`)
  if (totals.NOT_RECEIVED > 0) lines.push(`  ${count(totals.NOT_RECEIVED)} of which no attribution was received`)
  return lines
}

const tiedRows = (ties: Comparison['ties']) => ties.reduce((sum, tie) => sum + tie.length, 0)

/** Rates and times, with what was replayed or refused. */
export function speed({ answers, arrivals, sendingMs }: Outcome): string[] {
  const all = [...answers]
  const stored = all.filter((pair): pair is [string, Stored] => isStored(pair[1]))
  const fresh = stored.filter(([, { replayed }]) => !replayed)
  const perSecond = Math.round(stored.length / (sendingMs / 1000))
  const lines = [
    `  ${count(stored.length)} events answered in ${(sendingMs / 1000).toFixed(1)} s: ${count(perSecond)} events per second`,
    `  ${spread(stored.map(([, at]) => at.answeredAtMs - at.sentAtMs))} from sending an event to its answer`,
  ]
  const lags = fresh.flatMap(([key, { answeredAtMs }]) => {
    const arrival = arrivals.get(key)
    return arrival ? [arrival.atMs - answeredAtMs] : []
  })
  if (lags.length > 0) lines.push(`  ${spread(lags)} from the answer to the attribution on the dashboard`)
  const replayed = stored.length - fresh.length
  if (replayed > 0) {
    lines.push(`  ${count(replayed)} were known from an earlier run: answered as before, read back from the feed`)
  }
  return [...lines, ...refusals(all.map(([, answer]) => answer))]
}

function refusals(answers: readonly Answer[]): string[] {
  const reasons = answers.flatMap((answer) => ('refusal' in answer ? [answer.refusal] : []))
  const examples = [...new Set(reasons)].slice(0, 3).map((reason) => `    ${reason}`)
  return reasons.length > 0 ? [`  ${count(reasons.length)} events were refused or not answered:`, ...examples] : []
}

/** Median and 99th percentile. */
function spread(timesMs: readonly number[]): string {
  const sorted = timesMs.toSorted((a, b) => a - b)
  const at = (share: number) => `${Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0)} ms`
  return `median ${at(0.5)}, 99 % within ${at(0.99)}`
}

/** A query about a coupon that two campaigns claimed, or about the latest attributions. */
export function whereNext({ url, key }: Place, { answers, comparison: { ties } }: Outcome): string[] {
  const answer = answers.get(ties[0]?.[0]?.key ?? '')
  const query =
    answer && isStored(answer)
      ? `{ attribution(eventId: "${answer.eventId}") { campaign { name } decidedBy trace { candidates { campaignId phase code } decidingKey } } }`
      : '{ attributions(last: 5) { edges { node { campaign { name } decidedBy profile { sourceId } trace { decidingKey } } } } }'
  return [
    `  GraphiQL: ${url}/graphql, with the header {"authorization": "Bearer ${key}"}`,
    `  to paste there: ${query}`,
    '  README.md: the same from curl and from a client; ARCHITECTURE.md: how a decision is made',
  ]
}
