// Whether the changes of an account's audiences are to be told as events: there is a mark while a live campaign asks for such events.

import { toldNames } from '../../core/audiences/told.ts'
import type { Sql } from '../../platform/database.ts'

const names = Object.values(toldNames)

/**
 * Sets or removes the account's mark, after what campaigns ask for has changed, under the lock that bumpRules takes: what changes from
 * here on is told, or no more.
 */
export async function keepMark(sql: Sql, accountId: string): Promise<void> {
  await sql.$executeRaw`
    WITH asked AS MATERIALIZED (
      SELECT EXISTS (
        SELECT FROM campaign JOIN journey_definition AS flow
          ON flow.account_id = ${accountId}::uuid AND flow.campaign_id = campaign.id AND flow.events && ${names}::text[]
        WHERE campaign.account_id = ${accountId}::uuid AND campaign.state = 'LIVE' AND flow.revision = (
          SELECT max(number) FROM campaign_revision AS revision
          WHERE revision.account_id = ${accountId}::uuid AND revision.campaign_id = campaign.id AND published_at IS NOT NULL)
      ) AS is_asked
    ), gone AS (
      DELETE FROM audience_mark USING asked WHERE audience_mark.account_id = ${accountId}::uuid AND NOT asked.is_asked
    )
    INSERT INTO audience_mark (account_id, position)
    SELECT ${accountId}::uuid, coalesce((SELECT position FROM feed_head WHERE account_id = ${accountId}::uuid AND topic = 'AUDIENCES'), 0)
    FROM asked WHERE asked.is_asked ON CONFLICT DO NOTHING`
}
