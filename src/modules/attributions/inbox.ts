// The inbox of events that nobody is credited for: checked, paged and read in groups of one reason and one near miss.

import DataLoader from 'dataloader'
import type { Context } from '../../context.ts'
import { groupBy } from '../../core/group.ts'
import { foldEventName } from '../../core/names.ts'
import type { UnattributedReason } from '../../core/targeting/decision.ts'
import { badInput } from '../../errors.ts'
import { firstIdAt } from '../../ids.ts'
import { defaultPage, encodeCursor, keyInCursor, maxPage } from '../../keyset.ts'
import type { ProfileKey } from '../profiles/look-up.ts'
import { checkFilter, memberIds } from './filter.ts'
import { findInbox, findInboxSamples, type InboxPlace, type InboxQuery, type InboxRow } from './inbox-sql.ts'
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
  people: number
  firstAt: Date
  lastAt: Date
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
  return {
    fromId: idAt(from),
    // The end is exclusive; by default it takes in what is being received this very moment.
    toId: filter.to ? idAt(to) : idAt(new Date(to.getTime() + dayMs)),
    reasons: filter.reasons ?? null,
    eventNames: eventNames?.map(foldEventName) ?? null,
    campaignIds: checked.campaignIds ?? null,
    profileIds: profile ? await memberIds(context, profile) : null,
  }
}

/** Ids begin with the epoch; nothing was received before it. */
const idAt = (time: Date): string => firstIdAt(new Date(Math.max(0, time.getTime())))

// `as`: the columns are of the enum, read as text.
const groupOf = (row: InboxRow, key: string, query: InboxQuery): InboxGroup => ({
  query,
  key,
  reason: row.reason as UnattributedReason,
  campaignId: row.campaignId,
  code: row.code as UnattributedReason | null,
  count: row.count,
  people: row.people,
  firstAt: row.firstAt,
  lastAt: row.lastAt,
  names: row.names,
})

const tag = 'unattributedInbox'

/** Where to go on from after a group. */
export const inboxCursor = (accountId: string, { count, key }: InboxPlace): string =>
  encodeCursor({ tag, accountId }, `${count}.${key}`)

function placeIn(accountId: string, cursor: string): InboxPlace {
  const [, count, key] =
    /^(\d{1,9})\.([A-Z_]+\|[0-9a-f-]*\|[A-Z_]*)$/.exec(keyInCursor({ tag, accountId }, cursor) ?? '') ?? []
  if (count === undefined || key === undefined) throw badInput('not a cursor of this list', 'after')
  return { count: Number(count), key }
}

interface Sample {
  eventId: string
  revision: number
}

/** The newest decisions of a group, newest first; those of all groups of a page by one statement. */
export function samplesOf(context: Context, group: InboxGroup, take: number): Promise<Sample[]> {
  const { query } = group
  const key = `samples ${take} ${JSON.stringify(query)}`
  return context.memo(key, () => sampleLoader(context, { query, take })).load(group.key)
}

function sampleLoader({ sql, accountId }: Context, asked: { query: InboxQuery; take: number }) {
  return new DataLoader<string, Sample[]>(async (keys) => {
    const rows = groupBy(await findInboxSamples(sql, accountId, { ...asked, keys }), ({ key }) => key)
    return keys.map((key) => rows.get(key) ?? [])
  })
}

/** What would have made the newest event of a group match, in one plain sentence. */
export async function hintOf(context: Context, group: InboxGroup): Promise<string> {
  const [newest] = group.campaignId === null ? [] : await samplesOf(context, group, 1)
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
