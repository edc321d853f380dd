// Reading the feed of who entered and left audiences.

import type { FeedSource } from '../live/sql.ts'

/** Who entered or left which audience; all that readers are told of it. */
export interface MembershipRow {
  position: bigint
  audienceId: string
  profileId: string
  entered: boolean
  cause: string
  eventId: string | null
  ruleVersion: number
  at: Date
}

export const membershipSource: FeedSource<MembershipRow> = {
  read: (sql, accountId, { after, limit }) => sql.$queryRaw<MembershipRow[]>`
    SELECT position, audience_id AS "audienceId", profile_id AS "profileId", entered, cause::text AS cause, event_id AS "eventId",
      rule_version AS "ruleVersion", at
    FROM audience_change WHERE account_id = ${accountId}::uuid AND position > ${after} ORDER BY position LIMIT ${limit}`,
  heads: (sql, accountIds) => sql.$queryRaw`
    SELECT account_id AS "accountId", position FROM feed_head WHERE topic = 'AUDIENCES' AND account_id = ANY (${accountIds}::uuid[])`,
  async earliest(sql, accountId) {
    const [row] = await sql.$queryRaw<{ position: bigint }[]>`
      SELECT coalesce(
        (SELECT position FROM audience_change WHERE account_id = ${accountId}::uuid ORDER BY position LIMIT 1),
        (SELECT position + 1 FROM feed_head WHERE account_id = ${accountId}::uuid AND topic = 'AUDIENCES'), 1) AS position`
    return row?.position ?? 1n
  },
}
