// Memberships, set by set.

import type { Sql } from '../../platform/database.ts'

export interface MembershipRow {
  audienceId: string
  profileId: string
}

/** Which of the audiences the profiles are in. */
export function findMemberships(
  tx: Sql,
  accountId: string,
  asked: { audienceIds: readonly string[]; profileIds: readonly string[] },
): Promise<MembershipRow[]> {
  return tx.$queryRaw<MembershipRow[]>`
    SELECT audience_id AS "audienceId", profile_id AS "profileId" FROM audience_member
    WHERE account_id = ${accountId}::uuid AND profile_id = ANY (${asked.profileIds}::uuid[]) AND audience_id = ANY (${asked.audienceIds}::uuid[])`
}

/** Adds the profiles; returns how many were not in it yet. */
export function insertMembers(
  tx: Sql,
  accountId: string,
  rows: { audienceId: string; profileIds: readonly string[] },
): Promise<number> {
  return tx.$executeRaw`
    INSERT INTO audience_member (account_id, audience_id, profile_id)
    SELECT ${accountId}::uuid, ${rows.audienceId}::uuid, profile_id FROM unnest(${rows.profileIds}::uuid[]) AS new (profile_id)
    ORDER BY profile_id
    ON CONFLICT DO NOTHING`
}
