// Campaigns by id as rows of the data model, for lists that name many of them.

import DataLoader from 'dataloader'
import type { Context } from '../../context.ts'
import type { Campaign } from '../../generated/prisma/client.ts'
import type { Sql } from '../../platform/database.ts'

export const campaignColumns = [
  'accountId',
  'id',
  'programId',
  'name',
  'state',
  'firstLiveAt',
  'createdAt',
] as const satisfies readonly (keyof Campaign)[]

/** Null for an unknown one. All campaigns of one operation are looked up together. */
export function campaignRow(context: Context, id: string): Promise<Campaign | null> {
  return context.memo('campaign rows', () => campaignLoader(context)).load(id)
}

function campaignLoader({ lookUps, accountId }: Context): DataLoader<string, Campaign | null> {
  return new DataLoader(async (ids) => {
    const rows = new Map((await findCampaignRows(lookUps, accountId, ids)).map((row) => [row.id, row]))
    return ids.map((id) => rows.get(id) ?? null)
  })
}

function findCampaignRows(sql: Sql, accountId: string, ids: readonly string[]): Promise<Campaign[]> {
  return sql.$queryRaw<Campaign[]>`
    SELECT account_id AS "accountId", id, program_id AS "programId", name, state, first_live_at AS "firstLiveAt", created_at AS "createdAt"
    FROM campaign WHERE account_id = ${accountId}::uuid AND id = ANY (${ids}::uuid[])`
}
