// The subscription `events`: every event as it is stored, in the order and with the cursors of the attributions' feed, in which
// an event stands where it was first decided.

import { Context } from '../../context.ts'
import { foldEventName } from '../../core/names.ts'
import type { Feed } from '../../platform/feed.ts'
import { feedCursor, feedPlace, positionIn } from '../attributions/cursor.ts'
import { memberIds } from '../attributions/filter.ts'
import { checkKept } from '../attributions/subscription.ts'
import { type RowFilter, rowFeed } from '../live/row-feed.ts'
import { findPersonId, type ProfileKey } from '../profiles/look-up.ts'

export interface EventFilterInput {
  names?: readonly string[] | null
  channels?: readonly string[] | null
  profile?: ProfileKey | null
}

export interface EventSubscriptionArgs {
  filter?: EventFilterInput | null
  after?: string | null
}

/** One message: an event, a gap, or neither (a checkpoint). The cursor is where to go on from after it. */
export interface EventUpdate {
  cursor: string
  eventId: string | null
  lagged: { missed: number; resumeFrom: string } | null
}

/** BAD_INPUT and CURSOR_EXPIRED as cursors have them; BAD_INPUT for a person that nobody can be. */
export async function subscribeToEvents(context: Context, args: EventSubscriptionArgs): Promise<Feed<EventUpdate>> {
  const { accountId, services, principal } = context
  const { live } = services
  const place = await feedPlace(context, args)
  const after = args.after == null ? undefined : positionIn(place, args.after)
  const filter = args.filter ?? {}
  // A person may be named who is yet to come, but not by something that cannot be a name.
  if (filter.profile) await findPersonId(context, filter.profile, 'filter.profile')
  const seat = await live.join(accountId, after)
  try {
    if (after !== undefined) await checkKept(context, { place, after, head: seat.reached() })
  } catch (error) {
    seat.leave()
    throw error
  }
  return rowFeed<EventUpdate>(seat, {
    from: after ?? seat.reached(),
    // The subscription outlives this context and its caches.
    filter: storedEvents(() => new Context(services, principal), filter),
    update: ({ position, eventId }) => ({ cursor: feedCursor(place, position), eventId, lagged: null }),
    checkpoint: (position) => ({ cursor: feedCursor(place, position), eventId: null, lagged: null }),
    lagged: (missed, resumeAfter) => {
      const resumeFrom = feedCursor(place, resumeAfter)
      return { cursor: resumeFrom, eventId: null, lagged: { missed, resumeFrom } }
    },
  })
}

/** First decisions, which are there once for each event, of the events that match. */
function storedEvents(freshContext: () => Context, { names, channels, profile }: EventFilterInput): RowFilter {
  const wantedNames = names && new Set(names.map(foldEventName))
  const wantedChannels = channels && new Set(channels)
  return async (rows) => {
    const plain = rows.filter(
      ({ revision, eventName, channel }) =>
        revision === 1 &&
        (!wantedNames || wantedNames.has(eventName)) &&
        (!wantedChannels || (channel !== null && wantedChannels.has(channel))),
    )
    if (plain.length === 0 || !profile) return plain
    const profileIds = new Set(await memberIds(freshContext(), profile))
    return plain.filter(({ profileId }) => profileIds.has(profileId))
  }
}
