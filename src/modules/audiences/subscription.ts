// The subscription `audienceMembership`: who entered and left an audience since a cursor, then who does, without gap or repetition.

import type { Context } from '../../context.ts'
import { notFound } from '../../errors.ts'
import { idInput } from '../../ids.ts'
import type { Feed } from '../../platform/feed.ts'
import type { FeedPlace } from '../attributions/cursor.ts'
import { type CursorUpdate, cursorFeed } from '../attributions/cursor-feed.ts'
import type { MembershipRow } from '../memberships/feed-sql.ts'

export type MembershipUpdate = CursorUpdate<MembershipRow>

/** Where cursors of the account's feed of memberships are read. */
export async function membershipPlace(
  { accountId, services: { memberships } }: Context,
  { after, before }: { after?: string | null; before?: string | null },
): Promise<FeedPlace> {
  const place = { accountId, epoch: memberships.epoch, tag: 'memberships' }
  return after == null && before == null ? place : { ...place, earliest: await memberships.earliest(accountId) }
}

/** The id. NOT_FOUND for an audience that the account does not have. */
export async function knownAudience({ db, accountId }: Context, given: string | number): Promise<string> {
  const id = idInput('Audience', given, 'audienceId')
  const found = await db.audience.findUnique({ where: { accountId_id: { accountId, id } }, select: { id: true } })
  if (!found) throw notFound(`no audience ${id}`, 'audienceId')
  return id
}

/** BAD_INPUT and CURSOR_EXPIRED as cursors have them; NOT_FOUND for an audience that the account does not have. */
export async function subscribeToMembership(
  context: Context,
  args: { audienceId: string | number; after?: string | null },
): Promise<Feed<MembershipUpdate>> {
  const audienceId = await knownAudience(context, args.audienceId)
  return cursorFeed({
    live: context.services.memberships,
    place: await membershipPlace(context, args),
    after: args.after,
    filter: async (rows) => rows.filter((row) => row.audienceId === audienceId),
    tell: (change) => change,
  })
}
