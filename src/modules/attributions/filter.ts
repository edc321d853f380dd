// Which attributions a reader wants: the same filter as a WHERE for lists and as a test for rows of the live feed.

import type { Context } from '../../context.ts'
import { foldEventName } from '../../core/names.ts'
import { notFound } from '../../errors.ts'
import type { Prisma } from '../../generated/prisma/client.ts'
import { idInput } from '../../ids.ts'
import type { RowFilter } from '../live/row-feed.ts'
import type { FeedRow } from '../live/sql.ts'
import { findPersonId, type ProfileKey } from '../profiles/look-up.ts'
import { findMembers } from '../profiles/sql.ts'

export interface AttributionFilterInput {
  programIds?: readonly (string | number)[] | null
  campaignIds?: readonly (string | number)[] | null
  profile?: ProfileKey | null
  advocate?: ProfileKey | null
  eventNames?: readonly string[] | null
  status?: 'ATTRIBUTED' | 'UNATTRIBUTED' | null
  quality?: 'HIGH' | 'LOW' | 'NONE' | null
}

/** A filter whose ids are known to be the account's. Absent parts ask nothing. */
export interface CheckedFilter {
  programIds?: readonly string[]
  campaignIds?: readonly string[]
  profile?: ProfileKey
  advocate?: ProfileKey
  eventNames?: readonly string[]
  status?: string
  quality?: string
}

/** BAD_INPUT for malformed ids and identifiers, NOT_FOUND for programs and campaigns that the account does not have. */
export async function checkFilter(context: Context, input: AttributionFilterInput): Promise<CheckedFilter> {
  const { db, accountId } = context
  const programIds = input.programIds?.map((id) => idInput('Program', id, 'filter.programIds'))
  const campaignIds = input.campaignIds?.map((id) => idInput('Campaign', id, 'filter.campaignIds'))
  if (programIds) {
    const known = await db.program.count({ where: { accountId, id: { in: programIds } } })
    if (known < new Set(programIds).size) throw notFound('no such program', 'filter.programIds')
  }
  if (campaignIds) {
    const known = await db.campaign.count({ where: { accountId, id: { in: campaignIds } } })
    if (known < new Set(campaignIds).size) throw notFound('no such campaign', 'filter.campaignIds')
  }
  // A person may be named who is yet to come, but not by something that cannot be a name.
  if (input.profile) await findPersonId(context, input.profile, 'filter.profile')
  if (input.advocate) await findPersonId(context, input.advocate, 'filter.advocate')
  return {
    ...(programIds ? { programIds } : {}),
    ...(campaignIds ? { campaignIds } : {}),
    ...(input.profile ? { profile: input.profile } : {}),
    ...(input.advocate ? { advocate: input.advocate } : {}),
    ...(input.eventNames ? { eventNames: input.eventNames.map(foldEventName) } : {}),
    ...(input.status ? { status: input.status } : {}),
    ...(input.quality ? { quality: input.quality } : {}),
  }
}

/** The filter for lists; null where it names a person whom nobody knows, so that nothing can match. */
export async function attributionWhere(
  context: Context,
  filter: CheckedFilter,
): Promise<Prisma.AttributionWhereInput | null> {
  const profileIds = filter.profile && (await memberIds(context, filter.profile))
  const advocateIds = filter.advocate && (await memberIds(context, filter.advocate))
  if (profileIds?.length === 0 || advocateIds?.length === 0) return null
  return {
    ...(filter.programIds ? { campaign: { programId: { in: [...filter.programIds] } } } : {}),
    ...(filter.campaignIds ? { campaignId: { in: [...filter.campaignIds] } } : {}),
    ...(profileIds ? { profileId: { in: profileIds } } : {}),
    ...(advocateIds ? { relationship: { advocateId: { in: advocateIds } } } : {}),
    ...(filter.eventNames ? { event: { name: { in: [...filter.eventNames] } } } : {}),
    // Checked against the enum when the filter was read.
    ...(filter.status ? { status: filter.status as 'ATTRIBUTED' } : {}),
    ...(filter.quality ? { quality: filter.quality as 'HIGH' } : {}),
  }
}

export async function memberIds(context: Context, key: ProfileKey): Promise<string[]> {
  const id = await findPersonId(context, key, 'filter')
  if (id === null) return []
  return (await findMembers(context.sql, context.accountId, [id])).map(({ profileId }) => profileId)
}

/** The filter for the live feed. People are looked up page by page: they may appear, or be merged, while somebody listens. */
export function rowFilter(freshContext: () => Context, filter: CheckedFilter): RowFilter {
  return async (rows) => {
    const plain = rows.filter((row) => matches(row, filter))
    if (plain.length === 0 || (!filter.profile && !filter.advocate)) return plain
    const context = freshContext()
    const profileIds = filter.profile && new Set(await memberIds(context, filter.profile))
    const advocateIds = filter.advocate && new Set(await memberIds(context, filter.advocate))
    return plain.filter(
      (row) =>
        (!profileIds || profileIds.has(row.profileId)) &&
        (!advocateIds || (row.advocateId !== null && advocateIds.has(row.advocateId))),
    )
  }
}

function matches(row: FeedRow, filter: CheckedFilter): boolean {
  const allows = (list: readonly string[] | undefined, value: string | null) =>
    !list || (value !== null && list.includes(value))
  return (
    allows(filter.programIds, row.programId) &&
    allows(filter.campaignIds, row.campaignId) &&
    allows(filter.eventNames, row.eventName) &&
    (!filter.status || filter.status === row.status) &&
    (!filter.quality || filter.quality === row.quality)
  )
}
