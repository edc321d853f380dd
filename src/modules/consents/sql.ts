// Consents, set by set. Rows are only added; of each channel the latest by `at` is in force.

import type { ConsentChannel, ConsentSource } from '../../core/consent.ts'
import type { ConsentState } from '../../generated/prisma/client.ts'
import type { Sql } from '../../platform/database.ts'

export interface NewConsent {
  id: string
  profileId: string
  channel: ConsentChannel
  state: ConsentState
  source: ConsentSource
  at: Date
  eventId: string | null
}

export async function insertConsents(sql: Sql, accountId: string, rows: readonly NewConsent[]): Promise<void> {
  const column = <K extends keyof NewConsent>(key: K) => rows.map((row) => row[key])
  await sql.$executeRaw`
    INSERT INTO consent (account_id, id, profile_id, channel, state, source, at, event_id)
    SELECT ${accountId}::uuid, * FROM unnest(${column('id')}::uuid[], ${column('profileId')}::uuid[], ${column('channel')}::text[]::consent_channel[],
      ${column('state')}::text[]::consent_state[], ${column('source')}::text[]::consent_source[], ${column('at')}::timestamptz[],
      ${column('eventId')}::uuid[])`
}

/** Those of channels that a profile of the person ever opted in to. */
export async function insertIfOptedIn(
  sql: Sql,
  accountId: string,
  rows: readonly (NewConsent & { members: readonly string[] })[],
): Promise<void> {
  const column = <K extends keyof NewConsent>(key: K) => rows.map((row) => row[key])
  const members = rows.map((row) => `{${row.members.join()}}`)
  await sql.$executeRaw`
    INSERT INTO consent (account_id, id, profile_id, channel, state, source, at, event_id)
    SELECT ${accountId}::uuid, given.id, given.profile_id, given.channel, given.state, given.source, given.at, given.event_id
    FROM unnest(${column('id')}::uuid[], ${column('profileId')}::uuid[], ${column('channel')}::text[]::consent_channel[],
      ${column('state')}::text[]::consent_state[], ${column('source')}::text[]::consent_source[], ${column('at')}::timestamptz[],
      ${column('eventId')}::uuid[], ${members}::text[])
      AS given (id, profile_id, channel, state, source, at, event_id, members)
    CROSS JOIN LATERAL (
      SELECT 1 FROM consent
      WHERE account_id = ${accountId}::uuid AND profile_id = ANY (given.members::uuid[])
        AND channel = given.channel AND state = 'OPTED_IN' LIMIT 1) AS known`
}

export interface ConsentRow extends NewConsent {
  accountId: string
  recordedAt: Date
}

/** Of each profile and channel the latest. */
export function findLatestConsents(sql: Sql, accountId: string, profileIds: readonly string[]): Promise<ConsentRow[]> {
  return sql.$queryRaw<ConsentRow[]>`
    SELECT DISTINCT ON (profile_id, channel) account_id AS "accountId", id, profile_id AS "profileId", channel, state, source, at,
      event_id AS "eventId", recorded_at AS "recordedAt"
    FROM consent WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${profileIds}::uuid[])
    ORDER BY profile_id, channel, at DESC, id DESC`
}
