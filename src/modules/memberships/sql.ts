// Writing who enters and leaves audiences: the membership, its row in the feed, the count of the hour, and when to look again.

import { newId } from '../../ids.ts'
import type { Sql } from '../../platform/database.ts'

export type MembershipCause =
  | 'EVENT'
  | 'FIELDS'
  | 'RELATIONSHIP'
  | 'AUDIENCE'
  | 'TIME'
  | 'RULE'
  | 'ADDED'
  | 'REMOVED'
  | 'MERGE'
  | 'CONSENT'
  | 'ORDER'

export interface MembershipChange {
  readonly audienceId: string
  readonly profileId: string
  /** False: leaves. */
  readonly entered: boolean
  readonly cause: MembershipCause
  readonly eventId: string | null
  /** 0 in a static audience. */
  readonly ruleVersion: number
  /** Of who enters. */
  readonly since: Date
}

/**
 * Writes the changes, of people who are locked. It goes right before what else of the transaction numbers a feed: the counter's
 * row is locked from here to the commit.
 */
export async function writeChanges(
  sql: Sql,
  accountId: string,
  { changes, at }: { changes: readonly MembershipChange[]; at: Date },
): Promise<void> {
  const of = <T>(value: (change: MembershipChange) => T) => changes.map(value)
  const hour = new Date(at)
  hour.setUTCMinutes(0, 0, 0)
  await sql.$executeRaw`
    WITH given AS MATERIALIZED (
      SELECT * FROM unnest(${of(({ audienceId }) => audienceId)}::uuid[], ${of(({ profileId }) => profileId)}::uuid[],
        ${of(({ entered }) => entered)}::boolean[], ${of(({ cause }) => cause)}::text[]::membership_cause[], ${of(({ eventId }) => eventId)}::uuid[],
        ${of(({ ruleVersion }) => ruleVersion)}::int[], ${of(({ since }) => since)}::timestamptz[]) WITH ORDINALITY
        AS one (audience_id, profile_id, entered, cause, event_id, rule_version, since, place)
    ), gone AS (
      DELETE FROM audience_member AS member USING given
      WHERE NOT given.entered AND member.account_id = ${accountId}::uuid AND member.audience_id = given.audience_id AND member.profile_id = given.profile_id
    ), come AS (
      INSERT INTO audience_member (account_id, audience_id, profile_id, since)
      SELECT ${accountId}::uuid, audience_id, profile_id, since FROM given WHERE entered ORDER BY audience_id, profile_id
      ON CONFLICT DO NOTHING
    ), counted AS (
      INSERT INTO audience_hour AS hour (account_id, audience_id, starts_at, entered, "left")
      SELECT ${accountId}::uuid, audience_id, ${hour}::timestamptz, count(*) FILTER (WHERE given.entered), count(*) FILTER (WHERE NOT given.entered)
      FROM given GROUP BY audience_id ORDER BY audience_id
      ON CONFLICT (account_id, audience_id, starts_at) DO UPDATE
        SET entered = hour.entered + excluded.entered, "left" = hour."left" + excluded."left"
    ), head AS (
      INSERT INTO feed_head (account_id, topic, position) VALUES (${accountId}::uuid, 'AUDIENCES', ${changes.length}::int)
      ON CONFLICT (account_id, topic) DO UPDATE SET position = feed_head.position + excluded.position
      RETURNING position
    )
    INSERT INTO audience_change (account_id, position, audience_id, profile_id, entered, cause, event_id, rule_version, at)
    SELECT ${accountId}::uuid, head.position - ${changes.length}::int + place, audience_id, profile_id, entered, cause, event_id, rule_version, ${at}::timestamptz
    FROM head, given ORDER BY place`
}

/** When time alone may change whether the person is in the audience; null: never. */
export interface Due {
  readonly audienceId: string
  readonly profileId: string
  readonly dueAt: Date | null
}

/** Each replaces what was known of the person and the audience. */
export async function writeDues(sql: Sql, accountId: string, dues: readonly Due[]): Promise<void> {
  await sql.$executeRaw`
    WITH given AS MATERIALIZED (
      SELECT * FROM unnest(${dues.map(({ audienceId }) => audienceId)}::uuid[], ${dues.map(({ profileId }) => profileId)}::uuid[],
        ${dues.map(({ dueAt }) => dueAt)}::timestamptz[]) AS one (audience_id, profile_id, due_at)
    ), gone AS (
      DELETE FROM audience_due AS due USING given
      WHERE given.due_at IS NULL AND due.account_id = ${accountId}::uuid AND due.audience_id = given.audience_id AND due.profile_id = given.profile_id
    )
    INSERT INTO audience_due AS due (account_id, audience_id, profile_id, due_at)
    SELECT ${accountId}::uuid, audience_id, profile_id, due_at FROM given WHERE due_at IS NOT NULL ORDER BY audience_id, profile_id
    ON CONFLICT (account_id, audience_id, profile_id) DO UPDATE SET due_at = excluded.due_at WHERE due.due_at <> excluded.due_at`
}

/** Somebody is to be judged by an audience that asks about others; or whoever is related to them. */
export interface Poke {
  readonly audienceId: string
  readonly profileId: string
  /** Null: the profile itself. FRIEND: whom the profile is the advocate of; ADVOCATE: whose friend it is. */
  readonly side: 'FRIEND' | 'ADVOCATE' | null
  readonly eventId: string | null
}

/** Notes them, whoever is related to somebody in one row: who those are is found when they are looked at. */
export async function writePokes(sql: Sql, accountId: string, pokes: readonly Poke[]): Promise<void> {
  const own = pokes.filter(({ side }) => side === null)
  const related = pokes.filter(({ side }) => side !== null)
  await Promise.all([
    own.length > 0 && writeOwnPokes(sql, accountId, own),
    related.length > 0 && writeRelatedPokes(sql, accountId, related),
  ])
}

async function writeOwnPokes(sql: Sql, accountId: string, pokes: readonly Poke[]): Promise<void> {
  await sql.$executeRaw`
    INSERT INTO audience_poke (account_id, id, audience_id, profile_id, event_id)
    SELECT DISTINCT ON (given.audience_id, given.profile_id) ${accountId}::uuid, gen_random_uuid(), given.audience_id, given.profile_id, given.event_id
    FROM unnest(${pokes.map(({ audienceId }) => audienceId)}::uuid[], ${pokes.map(({ profileId }) => profileId)}::uuid[],
      ${pokes.map(({ eventId }) => eventId)}::uuid[]) AS given (audience_id, profile_id, event_id)`
}

// Who is being gone through already is gone through once more. By their ids the oldest are first.
async function writeRelatedPokes(sql: Sql, accountId: string, pokes: readonly Poke[]): Promise<void> {
  await sql.$executeRaw`
    INSERT INTO audience_poke AS poke (account_id, id, audience_id, profile_id, side, event_id)
    SELECT DISTINCT ON (given.audience_id, given.profile_id, given.side) ${accountId}::uuid, given.id, given.audience_id, given.profile_id,
      given.side::relationship_side, given.event_id
    FROM unnest(${pokes.map(() => newId())}::uuid[], ${pokes.map(({ audienceId }) => audienceId)}::uuid[], ${pokes.map(({ profileId }) => profileId)}::uuid[],
      ${pokes.map(({ side }) => side)}::text[], ${pokes.map(({ eventId }) => eventId)}::uuid[]) AS given (id, audience_id, profile_id, side, event_id)
    ORDER BY given.audience_id, given.profile_id, given.side
    ON CONFLICT (account_id, audience_id, profile_id, side) WHERE side IS NOT NULL
    DO UPDATE SET again = poke.again OR poke.reached IS NOT NULL, event_id = excluded.event_id`
}
