// The consents that a batch's events tell of: a statement or two, and none where no event does.

import { consentsIn, tellsConsent } from '../../core/consent.ts'
import type { FieldFault } from '../../core/fields/definition.ts'
import type { JsonObject } from '../../core/targeting/facts.ts'
import { newId } from '../../ids.ts'
import type { Sql } from '../../platform/database.ts'
import { insertConsents, insertIfOptedIn } from './sql.ts'

interface TellingEvent {
  readonly id: string
  readonly profileId: string
  readonly name: string
  readonly occurredAt: Date
  readonly data: object
}

/** `membersOf` gives all profiles that are the person of a profile. */
export async function applyConsents(
  sql: Sql,
  accountId: string,
  { events, membersOf }: { events: readonly TellingEvent[]; membersOf(profileId: string): readonly string[] },
): Promise<void> {
  const rows = events
    .filter(({ name }) => tellsConsent(name))
    .flatMap(({ id: eventId, profileId, name, occurredAt: at, data }) =>
      // What was accepted as JSON.
      consentsIn(name, data as JsonObject).told.map((told) => ({ ...told, id: newId(), eventId, profileId, at })),
    )
  const [outright, ifOptedIn] = [rows.filter((row) => !row.ifOptedIn), rows.filter((row) => row.ifOptedIn)]
  // In this order: who opts in and out of all in one batch has opted in. Of one time, the later id holds.
  await Promise.all([
    outright.length > 0 && insertConsents(sql, accountId, outright),
    ifOptedIn.length > 0 &&
      insertIfOptedIn(
        sql,
        accountId,
        ifOptedIn.map((row) => ({ ...row, members: membersOf(row.profileId) })),
      ),
  ])
}

/** What of the event tells no consent though its name says so; `path` is where its data stand. */
export function consentWarnings(name: string, data: object, path: string): FieldFault[] {
  if (!tellsConsent(name)) return []
  // What was accepted as JSON.
  return consentsIn(name, data as JsonObject).faults.map(({ field, message }) => ({
    field: `${path}.${field}`,
    message,
  }))
}
