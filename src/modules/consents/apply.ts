// The consents that a batch's events tell of: one statement, and none where no event does.

import { consentsIn, tellsConsent } from '../../core/consent.ts'
import type { JsonObject } from '../../core/targeting/facts.ts'
import { newId } from '../../ids.ts'
import type { Sql } from '../../platform/database.ts'
import { insertConsents } from './sql.ts'

interface TellingEvent {
  readonly id: string
  readonly profileId: string
  readonly name: string
  readonly occurredAt: Date
  readonly data: object
}

export async function applyConsents(sql: Sql, accountId: string, events: readonly TellingEvent[]): Promise<void> {
  const rows = events
    .filter(({ name }) => tellsConsent(name))
    .flatMap(({ id: eventId, profileId, name, occurredAt: at, data }) =>
      // What was accepted as JSON.
      consentsIn(name, data as JsonObject).map((told) => ({ ...told, id: newId(), eventId, profileId, at })),
    )
  if (rows.length > 0) await insertConsents(sql, accountId, rows)
}
