// The subscription `audienceMembership`: who entered and left an audience since a cursor, then who does, without gap or repetition.

import type { Context } from '../../context.ts'
import { notFound } from '../../errors.ts'
import { idInput } from '../../ids.ts'
import type { Feed } from '../../platform/feed.ts'
import { type FeedPlace, feedCursor, positionIn } from '../attributions/cursor.ts'
import { checkKept } from '../attributions/subscription.ts'
import { rowFeed } from '../live/row-feed.ts'
import type { MembershipRow } from '../memberships/feed-sql.ts'

/** One message: a change, a gap, or neither (a checkpoint). The cursor is where to go on from after it. */
export interface MembershipUpdate {
  cursor: string
  change: MembershipRow | null
  lagged: { missed: number; resumeFrom: string } | null
}

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
  const { accountId, services } = context
  const audienceId = await knownAudience(context, args.audienceId)
  const place = await membershipPlace(context, args)
  const after = args.after == null ? undefined : positionIn(place, args.after)
  const seat = await services.memberships.join(accountId, after)
  try {
    if (after !== undefined) await checkKept(context, { place, after, head: seat.reached() })
  } catch (error) {
    seat.leave()
    throw error
  }
  return rowFeed<MembershipUpdate, MembershipRow>(seat, {
    from: after ?? seat.reached(),
    filter: async (rows) => rows.filter((row) => row.audienceId === audienceId),
    update: (change) => ({ cursor: feedCursor(place, change.position), change, lagged: null }),
    checkpoint: (position) => ({ cursor: feedCursor(place, position), change: null, lagged: null }),
    lagged: (missed, resumeAfter) => {
      const resumeFrom = feedCursor(place, resumeAfter)
      return { cursor: resumeFrom, change: null, lagged: { missed, resumeFrom } }
    },
  })
}
