// The subscription `events`: every event as it is stored, in the order and with the cursors of the attributions' feed, in which
// an event stands where it was first decided.

import { Context } from '../../context.ts'
import { foldEventName } from '../../core/names.ts'
import type { Feed } from '../../platform/feed.ts'
import { feedPlace } from '../attributions/cursor.ts'
import { type CursorUpdate, cursorFeed } from '../attributions/cursor-feed.ts'
import { memberIds } from '../attributions/filter.ts'
import type { RowFilter } from '../live/row-feed.ts'
import { findPersonId, type ProfileKey } from '../profiles/look-up.ts'

export interface EventFilterInput {
  eventNames?: readonly string[] | null
  channels?: readonly string[] | null
  profile?: ProfileKey | null
}

export interface EventSubscriptionArgs {
  filter?: EventFilterInput | null
  after?: string | null
}

/** What is told is the event's id. */
export type EventUpdate = CursorUpdate<string>

/** BAD_INPUT and CURSOR_EXPIRED as cursors have them; BAD_INPUT for a person that nobody can be. */
export async function subscribeToEvents(context: Context, args: EventSubscriptionArgs): Promise<Feed<EventUpdate>> {
  const { services, principal } = context
  const filter = args.filter ?? {}
  // A person may be named who is yet to come, but not by something that cannot be a name.
  if (filter.profile) await findPersonId(context, filter.profile, 'filter.profile')
  return cursorFeed({
    live: services.live,
    place: await feedPlace(context, args),
    after: args.after,
    // The subscription outlives this context and its caches.
    filter: storedEvents(() => new Context(services, principal), filter),
    tell: ({ eventId }) => eventId,
  })
}

/** First decisions, which are there once for each event, of the events that match. */
function storedEvents(freshContext: () => Context, { eventNames, channels, profile }: EventFilterInput): RowFilter {
  const wantedNames = eventNames && new Set(eventNames.map(foldEventName))
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
