// The subscription `attributions`: every decision that passes its filter.

import { Context } from '../../context.ts'
import type { Feed } from '../../platform/feed.ts'
import { feedPlace } from './cursor.ts'
import { type CursorUpdate, cursorFeed } from './cursor-feed.ts'
import { type AttributionFilterInput, checkFilter, rowFilter } from './filter.ts'
import type { AttributionId } from './id.ts'

export type AttributionUpdate = CursorUpdate<AttributionId>

export interface SubscriptionArgs {
  filter?: AttributionFilterInput | null
  after?: string | null
}

/** BAD_INPUT and CURSOR_EXPIRED as cursors have them; NOT_FOUND for ids in the filter that the account does not have. */
export async function subscribeToAttributions(
  context: Context,
  { filter, after }: SubscriptionArgs,
): Promise<Feed<AttributionUpdate>> {
  const { services, principal } = context
  const checked = await checkFilter(context, filter ?? {})
  return cursorFeed({
    live: services.live,
    place: await feedPlace(context, { after }),
    after,
    // The subscription outlives this context and its caches.
    filter: rowFilter(() => new Context(services, principal), checked),
    tell: ({ eventId, revision }) => ({ eventId, revision }),
  })
}
