// What is counted of a person: kind, engagement by month and signals of quality. All people of an operation are asked together.

import type { Context } from '../../context.ts'
import { type Engagement, engagementIn, engagementNames, engagementSince } from '../../core/engagement.ts'
import { groupBy } from '../../core/group.ts'
import { consentsOfPerson } from '../consents/service.ts'
import { perPerson } from './per-person.ts'
import { findBuyers, findMonths, findSignals, type MonthRow, type SignalRow } from './sql.ts'

export type PersonKind = 'CONTACT' | 'SUBSCRIBER' | 'CUSTOMER'

/** A customer has ordered, and not cancelled all of it; a subscriber has opted in to a channel, and not out since; everybody else is a contact. */
export async function kindOfPerson(context: Context, profileId: string): Promise<PersonKind> {
  const { sql, accountId } = context
  const [isCustomer, consents] = await Promise.all([
    perPerson(context, { key: 'customers', profileId }, async (pairs) => {
      const ids = await findBuyers(sql, accountId, pairs)
      return new Map(ids.map((id) => [id, true]))
    }),
    consentsOfPerson(context, profileId),
  ])
  if (isCustomer) return 'CUSTOMER'
  return consents.some(({ state }) => state === 'OPTED_IN') ? 'SUBSCRIBER' : 'CONTACT'
}

export interface EngagementOfMonth extends Engagement {
  /** The first day. */
  month: Date
}

export interface EngagementOfYear extends Engagement {
  since: Date
  /** Months without any are left out. */
  months: EngagementOfMonth[]
}

/** Of the last twelve months and this one. */
export async function engagementOfPerson(context: Context, profileId: string): Promise<EngagementOfYear> {
  const { sql, accountId, now } = context
  const since = engagementSince(now)
  const rows = await perPerson(context, { key: 'engagement', profileId }, async (pairs) =>
    groupBy(await findMonths(sql, accountId, { ...pairs, names: engagementNames, since }), ({ rootId }) => rootId),
  )
  const months = [...groupBy<number, MonthRow>(rows ?? [], ({ month }) => month.getTime())]
  return {
    since,
    ...engagementIn(rows ?? []),
    months: months.map(([time, own]) => ({ month: new Date(time), ...engagementIn(own) })),
  }
}

export interface Signals {
  /** Decisions in force about the person's events. */
  high: number
  low: number
  unattributed: number
  /** The most frequent first. */
  warnings: { code: string; count: number }[]
}

/** Decisions in force about the person's events that are kept, by quality, and what they warn of. */
export async function signalsOfPerson(context: Context, profileId: string): Promise<Signals> {
  const { sql, accountId } = context
  const rows = await perPerson(context, { key: 'signals', profileId }, async (pairs) =>
    groupBy(await findSignals(sql, accountId, pairs), ({ rootId }) => rootId),
  )
  const count = (quality: string) => rows?.find(({ kind, key }) => kind === 'QUALITY' && key === quality)?.count ?? 0
  const warnings = (rows ?? []).filter(({ kind }) => kind === 'WARNING')
  const byCount = (a: SignalRow, b: SignalRow) => b.count - a.count || (a.key < b.key ? -1 : 1)
  return {
    high: count('HIGH'),
    low: count('LOW'),
    unattributed: count('NONE'),
    warnings: warnings.toSorted(byCount).map((row) => ({ code: row.key, count: row.count })),
  }
}
