// One page of people's ids. A filter that cannot use an index is asked of each person in the order of ids until the page is full.

import type { Rule } from '../../core/rules/rule.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { Transaction } from '../../platform/database.ts'
import { compileFilter } from './filter-sql.ts'

/** What the caller typed: the beginning of an identifier or, where it is one, a profile's id. */
export interface Search {
  prefix: string
  profileId: string | null
}

export interface ProfilePage {
  accountId: string
  now: Date
  filter: Rule | null
  search: Search | null
  /** Exclusive; ids order by time of creation. */
  after?: string
  before?: string
  order: 'asc' | 'desc'
  limit: number
}

/** The ids of the page's people in its order; merged profiles are not listed themselves. */
export async function findPage(tx: Transaction, page: ProfilePage): Promise<string[]> {
  const { accountId, filter, search, after, before, limit } = page
  const conditions = [
    Prisma.sql`profile.account_id = ${accountId}::uuid`,
    ...(after === undefined ? [] : [Prisma.sql`profile.id > ${after}::uuid`]),
    ...(before === undefined ? [] : [Prisma.sql`profile.id < ${before}::uuid`]),
    Prisma.sql`NOT EXISTS (SELECT FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.loser_id = profile.id)`,
    ...(search ? [Prisma.sql`profile.id IN (${foundSql(accountId, search)})`] : []),
    ...(filter ? [compileFilter(filter, page)] : []),
  ]
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT profile.id FROM profile WHERE ${Prisma.join(conditions, ' AND ')}
    ORDER BY profile.id ${page.order === 'asc' ? Prisma.sql`ASC` : Prisma.sql`DESC`} LIMIT ${limit}::int`
  return rows.map(({ id }) => id)
}

// The people whom an identifier or a profile found belongs to.
const foundSql = (accountId: string, { prefix, profileId }: Search) => Prisma.sql`
  WITH RECURSIVE up AS (
    SELECT ${profileId}::uuid AS id
    UNION
    SELECT identity.profile_id FROM identity
    WHERE identity.account_id = ${accountId}::uuid AND lower(identity.value) LIKE lower(${literal(prefix)}::text) || '%'
    UNION
    SELECT merge.survivor_id FROM up CROSS JOIN LATERAL (
      SELECT survivor_id FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.loser_id = up.id OFFSET 0
    ) AS merge
  ) SELECT up.id FROM up WHERE up.id IS NOT NULL`

/** The text with what LIKE would read as a wildcard escaped. */
const literal = (text: string) => text.replace(/[\\%_]/g, '\\$&')
