// Where campaigns name events. An alias must not stand there: its events go by the name that it stands for, so the flow or the
// condition would be accepted and never hold.

import { foldEventName } from '../../core/names.ts'
import type { JourneyDefinition } from '../../core/targeting/facts.ts'
import { badInput } from '../../errors.ts'
import type { Transaction } from '../../platform/database.ts'
import { eventRulePlaces } from './rule-reading.ts'

/** Journeys as they were given, and what was read from them, in the same order. */
export interface GivenJourneys {
  journeys: readonly { events: readonly string[]; startEvents?: readonly string[] | null }[]
  definitions: readonly JourneyDefinition[]
  /** Where the list stands in the input. */
  path: string
}

export interface EventPlace {
  /** Folded. */
  name: string
  path: string
}

/** Every event that journeys name: in `events`, in `startEvents` and in rules. */
export function eventPlaces({ journeys, definitions, path }: GivenJourneys): EventPlace[] {
  const placed = (names: readonly string[], at: string) =>
    names.map((name, i) => ({ name: foldEventName(name), path: `${at}[${i}]` }))
  return journeys.flatMap(({ events, startEvents }, i) => {
    const { entry, ongoing } = definitions[i] ?? {}
    const at = `${path}[${i}]`
    return [
      ...placed(events, `${at}.events`),
      ...placed(startEvents ?? [], `${at}.startEvents`),
      ...(entry ? eventRulePlaces(entry, `${at}.entry`) : []),
      ...(ongoing ? eventRulePlaces(ongoing, `${at}.ongoing`) : []),
    ]
  })
}

/** BAD_INPUT, at its place, for an event that is an alias. The account's row being locked, no alias comes in between. */
export async function assertNoAliases(tx: Transaction, accountId: string, given: GivenJourneys): Promise<void> {
  const places = eventPlaces(given)
  const rows = await tx.eventTypeAlias.findMany({
    where: { accountId, alias: { in: [...new Set(places.map(({ name }) => name))] } },
  })
  const aliases = new Map(rows.map(({ alias, name }) => [alias, name]))
  const stray = places.find(({ name }) => aliases.has(name))
  if (stray) throw badInput(`an alias of ${aliases.get(stray.name)}; name that`, stray.path)
}

/** Where a campaign names an event. */
export interface EventUse {
  event: string
  campaign: string
  journey: string
}

/** One use of any of the events by a campaign that is not over, in its revision in force or its draft; null: none. */
export async function findEventUse(
  tx: Transaction,
  accountId: string,
  events: readonly string[],
): Promise<EventUse | null> {
  if (events.length === 0) return null
  const [use] = await tx.$queryRaw<EventUse[]>`
    SELECT wanted.event, campaign.name AS campaign, definition.name AS journey
    FROM campaign
    CROSS JOIN LATERAL (
      SELECT number FROM campaign_revision
      WHERE account_id = ${accountId}::uuid AND campaign_id = campaign.id AND (published_at IS NULL OR number = (
        SELECT max(number) FROM campaign_revision
        WHERE account_id = ${accountId}::uuid AND campaign_id = campaign.id AND published_at IS NOT NULL))) AS revision
    JOIN journey_definition AS definition ON definition.account_id = ${accountId}::uuid
      AND definition.campaign_id = campaign.id AND definition.revision = revision.number
    JOIN unnest(${[...events]}::text[]) AS wanted(event) ON wanted.event = ANY(definition.events)
      OR wanted.event = ANY(definition.start_events)
      OR jsonb_path_exists(definition.entry, '$.**.event.name ? (@ == $event)', jsonb_build_object('event', wanted.event))
      OR jsonb_path_exists(definition.ongoing, '$.**.event.name ? (@ == $event)', jsonb_build_object('event', wanted.event))
    WHERE campaign.account_id = ${accountId}::uuid AND campaign.state IN ('DRAFT', 'LIVE', 'PAUSED')
    ORDER BY campaign.id, definition.name LIMIT 1`
  return use ?? null
}
