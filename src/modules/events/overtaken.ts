// Which decisions a batch's events may have come too late for.

import type { EventFacts } from '../../core/targeting/facts.ts'
import type { Sql } from '../../platform/database.ts'
import type { People } from '../profiles/resolve.ts'
import type { KnownEvent } from './decide-batch.ts'
import { findLaterEvents } from './later.ts'

/** What the people did after each of the events, as far as it was decided before them; each once. New people did nothing. */
export async function findOvertaken(
  tx: Sql,
  accountId: string,
  { events, people }: { events: readonly KnownEvent[]; people: People },
): Promise<EventFacts[]> {
  const created = new Set(people.created)
  const asked = new Map<string, { profileId: string; after: Date }>()
  for (const { event, step } of events) {
    const after = event.occurredAt
    for (const profileId of people.membersOf(people.rootOf(step.personId)))
      if (!created.has(profileId)) asked.set(`${profileId} ${after.getTime()}`, { profileId, after })
  }
  const found = await findLaterEvents(tx, accountId, { asked: [...asked.values()], rootOf: (id) => people.rootOf(id) })
  return [...new Map(found.map((event) => [event.id, event])).values()]
}
