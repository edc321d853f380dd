// People and their identifiers, set by set. A person is the profile that all merges lead to (the root); the profiles merged
// into it are its members. Statements that read across merges follow the chain, so undoing a merge is removing its row.

import type { Identifier, IdentityKind } from '../../core/identity.ts'
import type { StoredIdentityRules } from '../../core/identity-rules.ts'
import type { JsonObject } from '../../core/targeting/facts.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { Sql } from '../../platform/database.ts'
import { storeValues } from '../field-values/sql.ts'
import { marksOfMerge, type PersonRow } from '../member-fields/rows.ts'
import { usualFieldsSql } from '../member-fields/usual.ts'

interface IdentityRow {
  kind: IdentityKind
  value: string
  profileId: string
}

/** An identifier of a profile as it is read. */
export interface OwnIdentityRow extends IdentityRow {
  verifiedAt: Date | null
  shared: boolean
  createdAt: Date
}

/** Who owns each of the identifiers, as profile ids that may have been merged since. */
export function findIdentities(tx: Sql, accountId: string, identifiers: readonly Identifier[]): Promise<IdentityRow[]> {
  return tx.$queryRaw<IdentityRow[]>`
    SELECT identity.kind, identity.value, identity.profile_id AS "profileId"
    FROM unnest(${identifiers.map(({ kind }) => kind)}::text[]::identity_kind[], ${identifiers.map(({ value }) => value)}::text[]) AS given (kind, value)
    JOIN identity ON identity.account_id = ${accountId}::uuid AND identity.kind = given.kind AND identity.value = given.value AND NOT identity.shared`
}

export interface Member {
  profileId: string
  rootId: string
}

// A recursion may find any number of people, as far as the planner knows, so it would rather read all of `merge` than look a few up;
// OFFSET 0 makes it look them up, however many there are.

/** `down`: every member of the people that the ids belong to, each with its root; unknown and foreign ids are left out. */
const membersIn = (accountId: string, ids: readonly string[]) => Prisma.sql`
    WITH RECURSIVE up AS (
      SELECT profile.id AS profile_id, profile.id AS root_id FROM profile
      WHERE profile.account_id = ${accountId}::uuid AND profile.id = ANY (${ids}::uuid[])
      UNION
      SELECT up.profile_id, merge.survivor_id FROM up
      CROSS JOIN LATERAL (SELECT survivor_id FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.loser_id = up.root_id OFFSET 0) AS merge
    ), down AS (
      SELECT root_id AS profile_id, root_id FROM up
      WHERE NOT EXISTS (SELECT FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.loser_id = up.root_id OFFSET 0)
      UNION
      SELECT merge.loser_id, down.root_id FROM down
      CROSS JOIN LATERAL (SELECT loser_id FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.survivor_id = down.profile_id OFFSET 0) AS merge
    )`

/** Every member of the people that the ids belong to, each with its root; unknown and foreign ids are left out. */
export function findMembers(tx: Sql, accountId: string, ids: readonly string[]): Promise<Member[]> {
  return tx.$queryRaw<Member[]>`
    ${membersIn(accountId, ids)}
    SELECT profile_id AS "profileId", root_id AS "rootId" FROM down ORDER BY profile_id`
}

/** The same with when each was first met. */
export function findMembersSince(tx: Sql, accountId: string, ids: readonly string[]): Promise<(Member & Since)[]> {
  return tx.$queryRaw<(Member & Since)[]>`
    ${membersIn(accountId, ids)}
    SELECT down.profile_id AS "profileId", down.root_id AS "rootId", profile.created_at AS "createdAt" FROM down
    CROSS JOIN LATERAL (SELECT created_at FROM profile WHERE profile.account_id = ${accountId}::uuid AND profile.id = down.profile_id OFFSET 0) AS profile
    ORDER BY down.profile_id`
}

interface Since {
  createdAt: Date
}

/** When each of the profiles was first met. */
export function findSince(sql: Sql, accountId: string, ids: readonly string[]): Promise<({ id: string } & Since)[]> {
  return sql.$queryRaw<({ id: string } & Since)[]>`
    SELECT id, created_at AS "createdAt" FROM profile WHERE account_id = ${accountId}::uuid AND id = ANY (${ids}::uuid[])`
}

/** Of the people that identifiers and ids lead to: an identifier that was asked for (no root), or a member, with one of its identifiers. */
export interface DirectoryRow {
  profileId: string
  rootId: string | null
  kind: IdentityKind | null
  value: string | null
  verified: boolean
  shared: boolean
  /** Of a device that was asked for: how many people beside its owner were seen with it; 100 at most. */
  sharers: number
}

/**
 * Who owns each of the identifiers, and everybody whom these and the ids lead to: all members of each person, with their
 * identifiers, oldest first; at most 200 of each. What `findIdentities`, `findMembers` and `findIdentifiers` tell, at once.
 */
export function findDirectory(
  sql: Sql,
  accountId: string,
  { identifiers, ids }: { identifiers: readonly Identifier[]; ids: readonly string[] },
): Promise<DirectoryRow[]> {
  return sql.$queryRaw<DirectoryRow[]>`
    WITH RECURSIVE owned AS MATERIALIZED (
      SELECT identity.kind, identity.value, identity.profile_id, identity.verified_at
      FROM unnest(${identifiers.map(({ kind }) => kind)}::text[]::identity_kind[], ${identifiers.map(({ value }) => value)}::text[]) AS given (kind, value)
      JOIN identity ON identity.account_id = ${accountId}::uuid AND identity.kind = given.kind AND identity.value = given.value AND NOT identity.shared
    ), touched AS (
      SELECT profile_id FROM owned
      UNION
      SELECT profile.id FROM unnest(${ids}::uuid[]) AS given (id)
      JOIN profile ON profile.account_id = ${accountId}::uuid AND profile.id = given.id
    ), up AS (
      SELECT profile_id, profile_id AS root_id FROM touched
      UNION
      SELECT up.profile_id, merge.survivor_id FROM up
      CROSS JOIN LATERAL (SELECT survivor_id FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.loser_id = up.root_id OFFSET 0) AS merge
    ), down AS (
      SELECT root_id AS profile_id, root_id FROM up
      WHERE NOT EXISTS (SELECT FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.loser_id = up.root_id OFFSET 0)
      UNION
      SELECT merge.loser_id, down.root_id FROM down
      CROSS JOIN LATERAL (SELECT loser_id FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.survivor_id = down.profile_id OFFSET 0) AS merge
    )
    SELECT owned.profile_id AS "profileId", NULL AS "rootId", owned.kind, owned.value, owned.verified_at IS NOT NULL AS verified, FALSE AS shared,
      CASE WHEN owned.kind = 'DEVICE' THEN (
        SELECT count(*)::int FROM (
          SELECT FROM identity WHERE identity.account_id = ${accountId}::uuid AND identity.kind = 'DEVICE' AND identity.value = owned.value
            AND identity.shared LIMIT 100
        ) AS other
      ) ELSE 0 END AS sharers
    FROM owned
    UNION ALL
    SELECT down.profile_id, down.root_id, known.kind, known.value, known.verified_at IS NOT NULL, coalesce(known.shared, FALSE), 0 FROM down
    LEFT JOIN LATERAL (
      SELECT identity.kind, identity.value, identity.verified_at, identity.shared FROM identity
      WHERE identity.account_id = ${accountId}::uuid AND identity.profile_id = down.profile_id
      ORDER BY identity.created_at, identity.kind, identity.value LIMIT 200
    ) AS known ON TRUE`
}

/** The identifiers of the profiles, oldest first; at most 200 of each. */
export function findIdentifiers(tx: Sql, accountId: string, profileIds: readonly string[]): Promise<OwnIdentityRow[]> {
  return tx.$queryRaw<OwnIdentityRow[]>`
    SELECT identity.kind, identity.value, identity.profile_id AS "profileId", identity.verified_at AS "verifiedAt",
      identity.shared OR (identity.kind = 'DEVICE' AND EXISTS (
        SELECT FROM identity AS other WHERE other.account_id = ${accountId}::uuid AND other.kind = identity.kind
          AND other.value = identity.value AND other.shared)) AS shared, identity.created_at AS "createdAt"
    FROM unnest(${profileIds}::uuid[]) AS given (profile_id)
    CROSS JOIN LATERAL (
      SELECT * FROM identity
      WHERE identity.account_id = ${accountId}::uuid AND identity.profile_id = given.profile_id
      ORDER BY identity.created_at, identity.kind, identity.value LIMIT 200
    ) AS identity`
}

/** Locks the people's rows in id order until the end of the transaction. References to them stay possible. */
export async function lockProfiles(tx: Sql, accountId: string, ids: readonly string[]): Promise<void> {
  await tx.$executeRaw`
    SELECT 1 FROM profile WHERE account_id = ${accountId}::uuid AND id = ANY (${ids}::uuid[]) ORDER BY id FOR NO KEY UPDATE`
}

/** Locks the profiles with the people that they are, in one order, so that writing them and judging their people exclude others. */
export async function lockWithPeople(tx: Sql, accountId: string, ids: readonly string[]): Promise<void> {
  const roots = (await findMembers(tx, accountId, ids)).map(({ rootId }) => rootId)
  await lockProfiles(tx, accountId, [...new Set([...ids, ...roots])])
}

/**
 * New people, with the defaults that the account defines. A default has no time, so whatever
 * is stated of the field, of any time, takes its place.
 */
export async function insertProfiles(tx: Sql, accountId: string, ids: readonly string[]): Promise<void> {
  const [row] = await tx.$queryRaw<{ fields: JsonObject; kept: string[] }[]>`
    WITH inserted AS (
      INSERT INTO profile (account_id, id, fields)
      SELECT ${accountId}::uuid, new.id, usual.fields
      FROM unnest(${ids}::uuid[]) AS new (id)
      CROSS JOIN ${usualFieldsSql(accountId, 'PROFILE')} AS usual
      RETURNING fields
    )
    SELECT fields, ARRAY(SELECT field FROM field_index WHERE account_id = ${accountId}::uuid AND is_wanted) AS kept
    FROM inserted WHERE fields <> '{}' LIMIT 1`
  if (!row) return
  const usual = Object.entries(row.fields).filter(([field]) => row.kept.includes(field))
  const held = ids.flatMap((profileId) => usual.map(([field, value]) => ({ profileId, field, value })))
  await storeValues(tx, accountId, held)
}

/** What an account says of its identity rules, as far as it differs from the default. */
export async function findIdentityRules(sql: Sql, accountId: string): Promise<StoredIdentityRules> {
  const [row] = await sql.$queryRaw<{ rules: StoredIdentityRules }[]>`
    SELECT identity_rules AS rules FROM account WHERE id = ${accountId}::uuid`
  return row?.rules ?? {}
}

/** Returns how many were inserted; a loser that was merged meanwhile is not merged twice. */
export function insertMerges(
  tx: Sql,
  accountId: string,
  merges: readonly { loserId: string; survivorId: string; eventId?: string | undefined }[],
): Promise<number> {
  return tx.$executeRaw`
    INSERT INTO merge (account_id, loser_id, survivor_id, event_id)
    SELECT ${accountId}::uuid, loser_id, survivor_id, event_id
    FROM unnest(${merges.map(({ loserId }) => loserId)}::uuid[], ${merges.map(({ survivorId }) => survivorId)}::uuid[],
      ${merges.map(({ eventId }) => eventId ?? null)}::uuid[]) AS new (loser_id, survivor_id, event_id)
    ON CONFLICT DO NOTHING`
}

/** A member as it is now, with what is known of the profile itself. */
export interface MemberNow extends Member, Omit<PersonRow, 'id'> {
  /** How many identifiers the profile has. */
  erasedAt: Date | null
  /** What it was merged into, if anything. */
  survivorId: string | null
  identifiers: number
}

/** What `findMembers` and `findProfiles` tell, at once. */
export function findMembersNow(sql: Sql, accountId: string, ids: readonly string[]): Promise<MemberNow[]> {
  return sql.$queryRaw<MemberNow[]>`
    WITH RECURSIVE up AS (
      SELECT given.id AS profile_id, given.id AS root_id FROM unnest(${ids}::uuid[]) AS given (id)
      UNION
      SELECT up.profile_id, merge.survivor_id FROM up
      CROSS JOIN LATERAL (SELECT survivor_id FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.loser_id = up.root_id OFFSET 0) AS merge
    ), down AS (
      SELECT root_id AS profile_id, root_id, NULL::uuid AS survivor_id, '{}'::jsonb AS marks FROM up
      WHERE NOT EXISTS (SELECT FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.loser_id = up.root_id OFFSET 0)
      UNION
      SELECT merge.loser_id, down.root_id, down.profile_id, ${marksOfMerge} || down.marks FROM down
      CROSS JOIN LATERAL (SELECT * FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.survivor_id = down.profile_id OFFSET 0) AS merge
    )
    SELECT profile.id AS "profileId", down.root_id AS "rootId", down.survivor_id AS "survivorId", down.marks, profile.fields,
      profile.field_meta AS "fieldMeta", profile.fields_end_at AS "fieldsEndAt", profile.events_blocked_at IS NOT NULL AS blocked, profile.erased_at AS "erasedAt",
      (SELECT count(*)::int FROM identity WHERE identity.account_id = ${accountId}::uuid AND identity.profile_id = profile.id) AS identifiers
    FROM down CROSS JOIN LATERAL (SELECT * FROM profile WHERE profile.account_id = ${accountId}::uuid AND profile.id = down.profile_id OFFSET 0) AS profile`
}

/** What is known of the profiles themselves, in the order of creation. */
export function findProfiles(tx: Sql, accountId: string, ids: readonly string[]): Promise<PersonRow[]> {
  return tx.$queryRaw<PersonRow[]>`
    WITH RECURSIVE way AS (
      SELECT given.id AS profile_id, given.id AS reached, '{}'::jsonb AS marks FROM unnest(${ids}::uuid[]) AS given (id)
      UNION ALL
      SELECT way.profile_id, merge.survivor_id, way.marks || ${marksOfMerge} FROM way
      CROSS JOIN LATERAL (SELECT * FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.loser_id = way.reached OFFSET 0) AS merge
    )
    SELECT profile.id, profile.fields, profile.field_meta AS "fieldMeta", profile.fields_end_at AS "fieldsEndAt",
      profile.events_blocked_at IS NOT NULL AS blocked, way.marks
    FROM way CROSS JOIN LATERAL (SELECT * FROM profile WHERE profile.account_id = ${accountId}::uuid AND profile.id = way.profile_id OFFSET 0) AS profile
    WHERE NOT EXISTS (SELECT FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.loser_id = way.reached OFFSET 0)
    ORDER BY profile.id`
}
