// Writes what a batch's decisions did to journeys: the new ones, then one update for each that was touched or left, then the steps.
// The statements are asked for in one go; `Sql` runs them in their order.

import type { Effects } from '../../core/targeting/effects.ts'
import type { Sql } from '../../platform/database.ts'
import { insertJourneys, insertSteps, type JourneyUpdate, updateJourneys } from './sql.ts'

export async function applyJourneys(tx: Sql, accountId: string, effects: readonly Effects[]): Promise<void> {
  const created = effects.flatMap(({ journeyCreated }) => journeyCreated ?? [])
  const updates = foldUpdates(effects)
  const rows = created.map((row) => ({ ...row, profileId: row.personId, startedAt: new Date(row.startedAt) }))
  const steps = effects.flatMap((effect) => effect.steps)
  await Promise.all([
    rows.length > 0 && insertJourneys(tx, accountId, rows),
    updates.length > 0 && updateJourneys(tx, accountId, updates),
    steps.length > 0 && insertSteps(tx, accountId, steps),
  ])
}

const unchanged = { lastActivityAt: null, latestEventId: null, occasion: null, exitedAt: null, state: null } as const

/** One row a journey, whatever number of events of the batch met it; the last exit or return stands. */
function foldUpdates(effects: readonly Effects[]): JourneyUpdate[] {
  const updates = new Map<string, JourneyUpdate>()
  const update = (id: string, change: Partial<JourneyUpdate>) => {
    const known = updates.get(id) ?? { id, ...unchanged }
    updates.set(id, { ...known, ...change })
  }
  for (const { journeysExited, journeyTouched } of effects) {
    for (const { journeyId, at } of journeysExited) update(journeyId, { state: 'EXITED', exitedAt: new Date(at) })
    if (!journeyTouched) continue
    const { id, at, eventId, occasion, isLatest, isReopened } = journeyTouched
    if (isLatest) update(id, { lastActivityAt: new Date(at), latestEventId: eventId, occasion })
    if (isReopened) update(id, { state: 'ACTIVE', exitedAt: null })
  }
  return [...updates.values()]
}
