// The codes that a batch's hints name.

import type { CodeKind } from '../../core/targeting/facts.ts'
import type { Sql } from '../../platform/database.ts'

export interface CodeRow {
  id: string
  kind: CodeKind
  code: string
  label: string | null
  programId: string | null
  campaignIds: string[]
  advocateId: string | null
  createdAt: Date
  expiresAt: Date | null
  disabledAt: Date | null
}

export interface ShareRow extends CodeRow {
  recipients: string[]
}

/** Of each address, the newest so many count. */
const maxSharesToOne = 100

/** The shares that somebody sent to any of the e-mail addresses; of each address the newest 100. */
export function findSharesTo(tx: Sql, accountId: string, emails: readonly string[]): Promise<ShareRow[]> {
  return tx.$queryRaw<ShareRow[]>`
    SELECT DISTINCT ON (share.id) share.*,
      ARRAY(SELECT campaign_id::text FROM code_campaign
        WHERE code_campaign.account_id = ${accountId}::uuid AND code_campaign.code_id = share.id ORDER BY campaign_id) AS "campaignIds"
    FROM unnest(${emails}::text[]) AS asked (email)
    CROSS JOIN LATERAL (
      SELECT id, kind, code, label, program_id AS "programId", advocate_id AS "advocateId", created_at AS "createdAt", expires_at AS "expiresAt",
        disabled_at AS "disabledAt", recipients
      FROM code WHERE account_id = ${accountId}::uuid AND kind = 'SHARE' AND advocate_id IS NOT NULL AND recipients @> ARRAY[asked.email]
      ORDER BY created_at DESC, id DESC LIMIT ${maxSharesToOne}::int
    ) AS share
    ORDER BY share.id`
}

/** The codes of those spellings (upper-cased), each with its campaigns. */
export function findCodes(tx: Sql, accountId: string, codes: readonly string[]): Promise<CodeRow[]> {
  return tx.$queryRaw<CodeRow[]>`
    SELECT id, kind, code, label, program_id AS "programId", advocate_id AS "advocateId", created_at AS "createdAt", expires_at AS "expiresAt", disabled_at AS "disabledAt",
      ARRAY(SELECT campaign_id::text FROM code_campaign
        WHERE code_campaign.account_id = code.account_id AND code_campaign.code_id = code.id ORDER BY campaign_id) AS "campaignIds"
    FROM code WHERE account_id = ${accountId}::uuid AND code = ANY (${codes}::text[])`
}
