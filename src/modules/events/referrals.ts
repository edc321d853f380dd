// What a batch's people are told of referrals beside the relationships that they are friends in: shares that reached them by
// e-mail, and relationships the other way round.

import { groupBy } from '../../core/group.ts'
import type { CodeFacts, PersonFacts, RelationshipFacts } from '../../core/targeting/facts.ts'
import type { Sql } from '../../platform/database.ts'
import type { CodeRow, ShareRow } from '../codes/sql.ts'
import { findMatchedCodes, type RelationshipRow } from '../relationships/sql.ts'

/** Which person a stored profile belongs to. */
export type RootOf = (profileId: string) => string

/** A code as decisions read it. */
export function codeFacts(row: CodeRow, rootOf: RootOf): CodeFacts {
  const { createdAt, expiresAt, disabledAt, advocateId } = row
  return {
    ...row,
    createdAt: createdAt.getTime(),
    expiresAt: expiresAt?.getTime() ?? null,
    disabledAt: disabledAt?.getTime() ?? null,
    advocateId: advocateId && rootOf(advocateId),
  }
}

/** The shares by the addresses that they were sent to. */
export function sharesByEmail(shares: readonly ShareRow[], rootOf: RootOf): Map<string, readonly CodeFacts[]> {
  const pairs = shares.flatMap(({ recipients, ...row }) => {
    const share = codeFacts(row, rootOf)
    return recipients.map((email) => ({ email, share }))
  })
  return new Map(
    [...groupBy(pairs, ({ email }) => email)].map(([email, found]) => [email, found.map(({ share }) => share)]),
  )
}

/** A relationship as decisions read it; `evidence` are the times known of it. */
export function relationshipFacts(row: RelationshipRow, rootOf: RootOf, evidence: readonly Date[]): RelationshipFacts {
  return {
    id: row.id,
    advocateId: rootOf(row.advocateId),
    friendId: rootOf(row.friendId),
    programId: row.programId,
    campaignId: row.campaignId,
    firstEvidenceAt: row.isWithdrawn ? Number.POSITIVE_INFINITY : row.firstEvidenceAt.getTime(),
    evidence: row.isWithdrawn ? [] : evidence.map((at) => at.getTime()),
    matchedCodeIds: new Set(),
  }
}

/** Notes which shares have shown the people's relationships already. */
export async function addMatchedCodes(
  tx: Sql,
  accountId: string,
  people: ReadonlyMap<string, PersonFacts>,
): Promise<void> {
  const relationships = new Map(
    [...people.values()].flatMap((person) => person.relationships.map((one) => [one.id, one])),
  )
  if (relationships.size === 0) return
  for (const { relationshipId, codeId } of await findMatchedCodes(tx, accountId, [...relationships.keys()]))
    relationships.get(relationshipId)?.matchedCodeIds.add(codeId)
}

/** Gives advocates the relationships in which the batch's people are theirs: two opposite ones are a mutual referral. */
export function addOpposites(
  rows: readonly RelationshipRow[],
  { people, rootOf }: { people: ReadonlyMap<string, PersonFacts>; rootOf: RootOf },
): void {
  for (const row of rows) people.get(rootOf(row.friendId))?.relationships.push(relationshipFacts(row, rootOf, []))
}
