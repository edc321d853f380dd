// The inbox of events that nobody is credited for: checked, paged and read in groups of one reason and one near miss.

import DataLoader from 'dataloader'
import type { Context } from '../../context.ts'
import { groupBy } from '../../core/group.ts'
import { foldEventName } from '../../core/names.ts'
import type { UnattributedReason } from '../../core/targeting/decision.ts'
import { ApiError, badInput } from '../../errors.ts'
import { receivedMs } from '../../ids.ts'
import { defaultPage, encodeCursor, keyInCursor, maxPage } from '../../keyset.ts'
import { maxCount } from '../counts/sql.ts'
import type { ProfileKey } from '../profiles/look-up.ts'
import { checkFilter, memberIds } from './filter.ts'
import {
  countInboxPeople,
  findFirstKept,
  findInbox,
  findInboxSamples,
  type InboxPlace,
  type InboxQuery,
  type InboxRow,
} from './inbox-sql.ts'
import { traceColumns, traceOf } from './stored-trace.ts'
import { remedyFor } from './summary.ts'

export interface InboxFilterInput {
  from?: Date | null
  to?: Date | null
  eventNames?: readonly string[] | null
  reasons?: readonly UnattributedReason[] | null
  campaignIds?: readonly (string | number)[] | null
  profile?: ProfileKey | null
}

/** A group of the inbox; its key names it in cursors, its query is the inbox's that it was found by. */
export interface InboxGroup {
  query: InboxQuery
  key: string
  reason: UnattributedReason
  campaignId: string | null
  code: UnattributedReason | null
  count: number
  names: { name: string; count: number }[]
}

export interface Inbox {
  groups: InboxGroup[]
  hasNextPage: boolean
  totals: { events: number; groups: number }
}

const dayMs = 86_400_000
const defaultDays = 30
const maxDays = 366

/**
 * A page of the inbox. BAD_INPUT for a range that ends before it begins or is over 366 days, and for a cursor that is not of
 * this list; NOT_FOUND for campaigns that the account does not have.
 */
export async function readInbox(
  context: Context,
  { filter, first, after }: { filter: InboxFilterInput; first?: number | null; after?: string | null },
): Promise<Inbox> {
  const { sql, accountId } = context
  const place = after == null ? null : placeIn(accountId, after)
  const query = await checkedQuery(context, filter)
  const size = Math.min(first ?? defaultPage, maxPage)
  if (size < 0) throw badInput('a page has no fewer than 0 rows', 'first')
  const rows = await findInbox(sql, accountId, { query, after: place, take: size + 1 })
  const [totals] = rows
  const groups = rows.flatMap((row) => (row.key === null ? [] : [groupOf(row, row.key, query)]))
  return {
    groups: groups.slice(0, size),
    hasNextPage: groups.length > size,
    totals: { events: totals?.events ?? 0, groups: totals?.groups ?? 0 },
  }
}

async function checkedQuery(context: Context, filter: InboxFilterInput): Promise<InboxQuery> {
  const to = filter.to ?? context.now
  const from = filter.from ?? new Date(to.getTime() - defaultDays * dayMs)
  if (from >= to) throw badInput('the range ends before it begins', 'filter.to')
  if (to.getTime() - from.getTime() > maxDays * dayMs) throw badInput(`over ${maxDays} days`, 'filter.from')
  const { campaignIds, profile, eventNames } = filter
  const checked = await checkFilter(context, { campaignIds, profile, eventNames })
  // The end is exclusive; by default it takes in what is being received this very moment.
  const end = filter.to ? to.getTime() : to.getTime() + dayMs
  return {
    range: { from: Math.max((await firstKept(context)) ?? end, from.getTime()), to: Math.max(0, end) },
    reasons: filter.reasons ?? null,
    eventNames: eventNames?.map(foldEventName) ?? null,
    campaignIds: checked.campaignIds ?? null,
    profileIds: profile ? await memberIds(context, profile) : null,
  }
}

/**
 * When the first decision that is kept was made; undefined where none is. Counts are kept for longer, and are not of this inbox
 * any more.
 */
async function firstKept({ sql, accountId }: Context): Promise<number | undefined> {
  const first = await findFirstKept(sql, accountId)
  return first === undefined ? undefined : receivedMs(first)
}

// `as`: the columns are of the enum, read as text.
const groupOf = (row: InboxRow, key: string, query: InboxQuery): InboxGroup => ({
  query,
  key,
  reason: row.reason as UnattributedReason,
  campaignId: row.campaignId,
  code: row.code as UnattributedReason | null,
  count: row.count,
  names: row.names,
})

const tag = 'unattributedInbox'

/** Where to go on from after a group. */
export const inboxCursor = (accountId: string, { count, key }: InboxPlace): string =>
  encodeCursor({ tag, accountId }, `${count}.${key}`)

function placeIn(accountId: string, cursor: string): InboxPlace {
  const [, count, key] =
    /^(\d{1,10})\.([A-Z_]+\|[0-9a-f-]*\|[A-Z_]*)$/.exec(keyInCursor({ tag, accountId }, cursor) ?? '') ?? []
  if (count === undefined || key === undefined || Number(count) > maxCount)
    throw badInput('not a cursor of this list', 'after')
  return { count: Number(count), key }
}

interface Sample {
  eventId: string
  revision: number
}

/** The newest decisions of a group, newest first, or the oldest; those of all groups of a page by one statement. */
export function samplesOf(
  context: Context,
  group: InboxGroup,
  { take, oldest = false }: { take: number; oldest?: boolean },
): Promise<Sample[]> {
  const { query } = group
  const loader = () =>
    groupLoader(async (groups) => {
      const rows = await findInboxSamples(context.sql, context.accountId, { query, groups, take, oldest })
      const samples = groupBy(rows, ({ key }) => key)
      return groups.map(({ key }) => samples.get(key) ?? [])
    })
  return context.memo(`samples ${take} ${oldest} ${JSON.stringify(query)}`, loader).load(group)
}

/** Of how many people the decisions of a group are. Counted when it is asked for. */
export function peopleOf(context: Context, group: InboxGroup): Promise<number> {
  const { query } = group
  const loader = () =>
    groupLoader(async (groups) => {
      const rows = await countInboxPeople(context.sql, context.accountId, { query, groups })
      const people = new Map(rows.map((row) => [row.key, row.people]))
      return groups.map(({ key }) => people.get(key) ?? 0)
    })
  return context.memo(`people ${JSON.stringify(query)}`, loader).load(group)
}

/** When the first or the last event of a group was received. */
export async function receivedAt(context: Context, group: InboxGroup, which: 'first' | 'last'): Promise<Date> {
  const [sample] = await samplesOf(context, group, { take: 1, oldest: which === 'first' })
  const at = sample && (await context.memo('receipts of samples', () => receiptLoader(context)).load(sample.eventId))
  if (!at) throw new ApiError('CONFLICT', 'the group is no longer there; read the inbox again')
  return at
}

const groupLoader = <Value>(load: (groups: readonly InboxGroup[]) => Promise<Value[]>) =>
  new DataLoader<InboxGroup, Value, string>(load, { cacheKeyFn: ({ key }) => key })

function receiptLoader({ db, accountId }: Context) {
  return new DataLoader(async (ids: readonly string[]) => {
    const where = { accountId, id: { in: [...ids] } }
    const rows = await db.event.findMany({ where, select: { id: true, receivedAt: true } })
    const receipts = new Map(rows.map((row) => [row.id, row.receivedAt]))
    return ids.map((id) => receipts.get(id))
  })
}

/** What would have made the newest event of a group match, in one plain sentence. */
export async function hintOf(context: Context, group: InboxGroup): Promise<string> {
  const [newest] = group.campaignId === null ? [] : await samplesOf(context, group, { take: 1 })
  const row = newest && (await context.memo('traces of samples', () => traceLoader(context)).load(newest))
  const trace = row && (await traceOf(context, row))
  return remedyFor(context, trace?.nearMiss ?? null, group.reason)
}

function traceLoader({ db, accountId }: Context) {
  const keyOf = ({ eventId, revision }: Sample) => `${eventId}.${revision}`
  return new DataLoader(
    async (samples: readonly Sample[]) => {
      const rows = await db.attribution.findMany({
        where: { accountId, eventId: { in: samples.map(({ eventId }) => eventId) } },
        select: { ...traceColumns, eventId: true, revision: true },
      })
      const traces = new Map(rows.map((row) => [keyOf(row), row]))
      return samples.map((sample) => traces.get(keyOf(sample)))
    },
    { cacheKeyFn: keyOf },
  )
}
