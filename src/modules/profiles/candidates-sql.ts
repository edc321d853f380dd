// Pairs of people who may be one, as they are noted.

import { newId } from '../../ids.ts'
import type { Sql } from '../../platform/database.ts'
import type { Rivals } from './resolve.ts'

/** Notes pairs that an event came with identifiers of both of; a pair that is known stays as it is. */
export async function noteRivals(sql: Sql, accountId: string, rivals: readonly Rivals[]): Promise<void> {
  const pairs = rivals.map(({ personId, rivalId, by }) => ({
    ids: [personId, rivalId].sort() as [string, string], // Two in, two out.
    reason: by.kind,
  }))
  await sql.$executeRaw`
    INSERT INTO merge_candidate (account_id, id, first_id, second_id, source, reasons)
    SELECT ${accountId}::uuid, id, first_id, second_id, 'EVENT', ARRAY[reason]
    FROM unnest(${pairs.map(() => newId())}::uuid[], ${pairs.map(({ ids }) => ids[0])}::uuid[], ${pairs.map(({ ids }) => ids[1])}::uuid[],
      ${pairs.map(({ reason }) => reason)}::text[]) AS pair (id, first_id, second_id, reason)
    ORDER BY first_id, second_id
    ON CONFLICT DO NOTHING`
}

export interface ProfilePair {
  readonly firstId: string
  readonly secondId: string
}

/** Of the profiles, the pairs of whom somebody said that they are two people. */
export function findApart(sql: Sql, accountId: string, profileIds: readonly string[]): Promise<ProfilePair[]> {
  return sql.$queryRaw<ProfilePair[]>`
    SELECT first_id AS "firstId", second_id AS "secondId" FROM merge_candidate
    WHERE account_id = ${accountId}::uuid AND first_id = ANY (${profileIds}::uuid[]) AND second_id = ANY (${profileIds}::uuid[])
      AND state = 'DISMISSED'`
}
