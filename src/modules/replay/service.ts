// replayTargeting: the decisions about a range of events taken again, person by person, with changes of campaigns. It reads in
// transactions that may not write, a chunk of people each, so what it holds does not grow with the range.

import type { Context } from '../../context.ts'
import { replay } from '../../core/targeting/replay.ts'
import { count, newTally, type Tally, wantsSample } from '../../core/targeting/replay-tally.ts'
import { ApiError, badInput } from '../../errors.ts'
import { firstIdAt, newId } from '../../ids.ts'
import type { Transaction } from '../../platform/database.ts'
import { turn } from '../../platform/turn.ts'
import { readHeads } from '../live/sql.ts'
import { type CampaignChangeInput, checkedChanges } from './changes.ts'
import { findCrowd, findLinks, wantedBy } from './chunk.ts'
import { loadPlays } from './plays.ts'
import { TriedRules } from './rules.ts'
import { countDecisions, findFirstPosition, findProfilePage, findRuleChanges, type Range } from './sql.ts'

export interface ReplayTargetingInput {
  from: Date
  to: Date
  with?: readonly CampaignChangeInput[] | null
  includeDrafts?: readonly (string | number)[] | null
  samples?: number | null
}

/** How far a replay has come. Its tally goes on counting: it is to be read at once. */
export interface ReplayUpdate {
  readonly done: boolean
  readonly total: number
  readonly tally: Tally
}

const dayMs = 86_400_000
const maxDays = 366
const maxSamples = 100
const defaultSamples = 20
/** Of events that one answer may take; a subscription takes any number. */
export const maxAtOnce = 20_000
const progressMs = 300
/** Of people and of decisions that are held at a time; one person's are never split. */
const [maxPeople, maxHeld] = [200, 500]
/** So many decisions are taken again before others get their turn. */
const maxUnbroken = 100
/** Ids are made some moments after the receipt, by clocks that may be set. */
const idSlackMs = 3_600_000

/** The result. BAD_INPUT and NOT_FOUND naming the place; LIMIT_EXCEEDED for more than 20,000 decisions. */
export async function replayAtOnce(context: Context, input: ReplayTargetingInput): Promise<ReplayUpdate> {
  const run = await begin(context, input)
  if (run.total > maxAtOnce) {
    const message = `${run.total} decisions, over ${maxAtOnce}; the subscription replayTargeting takes any number`
    throw new ApiError('LIMIT_EXCEEDED', message, { field: 'input.from' })
  }
  for await (const _ of chunksOf(context, run)) {
    // The tally counts.
  }
  return { done: true, total: run.total, tally: run.tally }
}

/** Progress a few times a second, then the result. It ends with its reader, at the latest after the chunk under way. */
export async function replayStreamed(
  context: Context,
  input: ReplayTargetingInput,
): Promise<AsyncIterableIterator<ReplayUpdate>> {
  const left = new AbortController()
  return leaving(updates(context, await begin(context, input), left.signal), left)
}

/** Tells at once that the reader leaves: a generator by itself learns of it with its next message alone. */
function leaving<T>(source: AsyncGenerator<T>, left: AbortController): AsyncIterableIterator<T> {
  const iterator: AsyncIterableIterator<T> = {
    next: () => source.next(),
    return() {
      left.abort()
      return source.return(undefined)
    },
    [Symbol.asyncIterator]: () => iterator,
  }
  return iterator
}

async function* updates(context: Context, run: Run, left: AbortSignal): AsyncGenerator<ReplayUpdate> {
  const { services } = context
  const { total } = run
  let told = services.now().getTime()
  for await (const _ of chunksOf(context, run)) {
    if (left.aborted) return
    const now = services.now().getTime()
    if (now - told < progressMs) continue
    told = now
    yield { done: false, total, tally: snapshot(run.tally) }
  }
  yield { done: true, total, tally: snapshot(run.tally) }
}

const snapshot = (tally: Tally): Tally => ({
  ...tally,
  kinds: { ...tally.kinds },
  samples: [...tally.samples],
  byCampaign: new Map([...tally.byCampaign].map(([id, balance]) => [id, { ...balance }])),
})

interface Run {
  range: Range
  rules: TriedRules
  tally: Tally
  total: number
}

async function begin({ accountId, services }: Context, input: ReplayTargetingInput): Promise<Run> {
  const { from, to } = input
  if (to <= from) throw badInput('not after from', 'input.to')
  if (to.getTime() - from.getTime() > maxDays * dayMs) throw badInput(`over ${maxDays} days after from`, 'input.to')
  const samples = input.samples ?? defaultSamples
  if (samples < 0 || samples > maxSamples) throw badInput(`not from 0 to ${maxSamples}`, 'input.samples')
  return reading(services.database, async (tx) => {
    const { rules } = await services.ruleSets.inForce(tx, accountId)
    const drafts = input.includeDrafts ?? []
    const inputs = input.with ?? []
    const isTrying = inputs.length > 0 || drafts.length > 0
    const withDrafts = isTrying ? (await services.ruleSets.inForce(tx, accountId, { drafts: true })).rules : rules
    const changes = await checkedChanges(tx, { accountId, inputs, drafts, rules, withDrafts })
    const [head] = await readHeads(tx, [accountId])
    const [lowId, highId] = [idBeside(from, -idSlackMs), idBeside(to, idSlackMs)]
    const within = { accountId, from, to, lowId, highId }
    const position = head?.position ?? 0n
    const first = (await findFirstPosition(tx, within)) ?? position + 1n
    const range: Range = { ...within, head: position, first }
    const steps = await findRuleChanges(tx, accountId)
    return {
      range,
      rules: new TriedRules({ ruleSets: services.ruleSets, accountId, changes, steps, now: rules }),
      tally: newTally(samples),
      total: await countDecisions(tx, range),
    }
  })
}

/** Ids begin with 1970; nothing was received before. */
const idBeside = (time: Date, ms: number): string => firstIdAt(new Date(Math.max(0, time.getTime() + ms)))

const beforeAll = '00000000-0000-0000-0000-000000000000'

/**
 * Plays chunk after chunk, each as of a moment of its own; gives word after each. Others get their turn in between: the embedded
 * database answers without ever waiting for anything outside, so nobody else would before the end.
 */
async function* chunksOf({ services }: Context, { range, rules: tried, tally }: Run): AsyncGenerator<void> {
  for (let after = beforeAll; ; ) {
    await turn()
    const chunk = await reading(services.database, async (tx) => {
      const page = await nextPage(tx, range, after)
      if (page.length === 0) return null
      const all = await findCrowd(tx, range, page)
      // A person whose first profile of the range came with an earlier page has been played.
      const groups = all.groups.filter((group) => page.includes(firstProfile(group)))
      const crowd = { groups, profileIds: groups.flatMap(({ members }) => [...members]) }
      const versions = groups.flatMap(({ decisions }) => decisions.map(({ version }) => version))
      const { rules, all: sets } = await tried.load(tx, versions)
      const wanted = wantedBy(sets)
      const links = groups.length ? await findLinks(tx, range, { crowd, wanted }) : null
      const plays = links ? await loadPlays(tx, range, { crowd, wanted, links }) : []
      return { after: page.at(-1) ?? after, rules, plays }
    })
    if (!chunk) return
    let unbroken = 0
    for (const play of chunk.plays) {
      unbroken += play.moments.length
      if (unbroken > maxUnbroken) {
        unbroken = play.moments.length
        await turn()
      }
      count(tally, replay(play, { rules: chunk.rules, newId, wants: (kind) => wantsSample(tally, kind) }))
    }
    after = chunk.after
    yield
  }
}

/** As many profiles as are held at a time. */
async function nextPage(tx: Transaction, range: Range, after: string): Promise<string[]> {
  const rows = await findProfilePage(tx, range, { after, limit: maxPeople })
  const page: string[] = []
  let held = 0
  for (const { profileId, decisions } of rows) {
    if (page.length > 0 && held + decisions > maxHeld) break
    page.push(profileId)
    held += decisions
  }
  return page
}

/** The smallest of a person's profiles that pages know. */
const firstProfile = ({ decisions }: { decisions: readonly { profileId: string; revision: number }[] }): string =>
  decisions.reduce((first, { profileId, revision }) => (revision === 1 && profileId < first ? profileId : first), '~')

/** A transaction that sees one moment and that the database itself lets write nothing, however long it takes; of the replica, if there is one. */
function reading<T>(database: Context['services']['database'], work: (tx: Transaction) => Promise<T>): Promise<T> {
  return database.reads.transaction(async (tx) => {
    await tx.$executeRaw`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY`
    await tx.$executeRaw`SET LOCAL statement_timeout = 0`
    return work(tx)
  })
}
