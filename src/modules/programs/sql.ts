// Statements about programs and campaigns that Prisma cannot say.

import type { Transaction } from '../../platform/database.ts'

/**
 * Counts a change of what targeting goes by. It goes first in the transaction: the account's row stays locked until the end,
 * so such changes come one after another, each seeing those before it.
 */
export async function bumpRules(tx: Transaction, accountId: string): Promise<void> {
  await tx.$executeRaw`UPDATE account SET rules_version = rules_version + 1 WHERE id = ${accountId}::uuid`
}

/** Publishes the campaign's newest revision; from then on it is immutable. */
export async function publishNewestRevision(
  tx: Transaction,
  accountId: string,
  { campaignId, at }: { campaignId: string; at: Date },
): Promise<void> {
  await tx.$executeRaw`
    UPDATE campaign_revision SET published_at = ${at}
    WHERE account_id = ${accountId}::uuid AND campaign_id = ${campaignId}::uuid AND published_at IS NULL
      AND number = (SELECT max(number) FROM campaign_revision WHERE account_id = ${accountId}::uuid AND campaign_id = ${campaignId}::uuid)`
}
