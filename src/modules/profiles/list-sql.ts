// One page of people's ids, and how many people there are. A filter is asked of one person after the other in the order of ids; where
// few are meant that would read everybody, so it stops after some, and what is left is gathered as a set.

import type { Context } from '../../context.ts'
import type { Rule } from '../../core/rules/rule.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import { directions } from '../../keyset.ts'
import { openSet } from './filter-sets.ts'
import { compileFilter } from './filter-sql.ts'

/** What the caller typed: the beginning of an identifier or, where it is one, a profile's id. */
export interface Search {
  prefix: string
  profileId: string | null
}

/** Whom a list is of: everybody, or whom the filter and the search leave. */
export interface Asked {
  accountId: string
  now: Date
  filter: Rule | null
  search: Search | null
}

export interface ProfilePage extends Asked {
  /** Exclusive; ids order by time of creation. */
  after?: string
  before?: string
  order: 'asc' | 'desc'
  limit: number
}

/** How many people are asked one by one. Gathering a set reads as much as some hundreds of them. */
const oneByOne = 2_000

/** The ids of the page's people in its order; merged profiles are not listed themselves. */
export async function findPage(context: Context, page: ProfilePage): Promise<string[]> {
  const { sql } = context
  const { filter, limit } = page
  if (!filter) return idsIn(await sql.$queryRaw`${peopleSql(page)} LIMIT ${limit}::int`)
  const first = idsIn(
    await sql.$queryRaw`
      SELECT profile.id FROM (${peopleSql(page)} LIMIT ${oneByOne}::int) AS profile WHERE ${compileFilter(filter, page)}
      ORDER BY profile.id ${directions[page.order]} LIMIT ${limit}::int`,
  )
  if (first.length === limit) return first
  const [end] = idsIn(await sql.$queryRaw`${peopleSql(page)} OFFSET ${oneByOne - 1}::int LIMIT 1`)
  if (end === undefined) return first
  const rest = { ...page, ...(page.order === 'asc' ? { after: end } : { before: end }) }
  const found = await context.transaction(
    async (tx) => tx.$queryRaw<Row[]>`
      SELECT profile.id FROM (${await openSet(tx, filter, page)}) AS profile WHERE ${boundsSql(rest)}
      ORDER BY profile.id ${directions[page.order]} LIMIT ${limit - first.length}::int`,
  )
  return [...first, ...idsIn(found)]
}

/** How many people there are on all pages together. */
export function countPeople(context: Context, asked: Asked): Promise<number> {
  const { accountId, search, filter } = asked
  return context.transaction(async (tx) => {
    const people = filter ? await openSet(tx, filter, asked) : peopleSql({ ...asked, order: 'asc' })
    const [row] = await tx.$queryRaw<{ count: number }[]>`
      SELECT count(*)::int AS count FROM (${people}) AS profile
      WHERE ${filter && search ? Prisma.sql`profile.id IN (${foundSql(accountId, search)})` : Prisma.sql`TRUE`}`
    return row?.count ?? 0
  })
}

/** Of each of the rules, how many people it holds for; all as of one moment. */
export function countEach(context: Context, rules: readonly Rule[]): Promise<number[]> {
  const scope = { accountId: context.accountId, now: context.now }
  return context.transaction(async (tx) => {
    const counts: number[] = []
    for (const rule of rules) {
      const set = await openSet(tx, rule, scope)
      const [row] = await tx.$queryRaw<{ count: number }[]>`SELECT count(*)::int AS count FROM (${set}) AS profile`
      counts.push(row?.count ?? 0)
    }
    return counts
  })
}

interface Row {
  id: string
}

const idsIn = (rows: Row[]) => rows.map(({ id }) => id)

/** People in the page's order, whatever the filter says of them. */
const peopleSql = (page: Omit<ProfilePage, 'limit'>) => Prisma.sql`
  SELECT profile.* FROM profile
  WHERE profile.account_id = ${page.accountId}::uuid AND profile.erased_at IS NULL AND ${boundsSql(page)}
    AND NOT EXISTS (SELECT FROM merge WHERE merge.account_id = ${page.accountId}::uuid AND merge.loser_id = profile.id)
  ORDER BY profile.id ${directions[page.order]}`

function boundsSql({ accountId, after, before, search }: Omit<ProfilePage, 'limit'>): Prisma.Sql {
  const conditions = [
    Prisma.sql`TRUE`,
    ...(after === undefined ? [] : [Prisma.sql`profile.id > ${after}::uuid`]),
    ...(before === undefined ? [] : [Prisma.sql`profile.id < ${before}::uuid`]),
    ...(search ? [Prisma.sql`profile.id IN (${foundSql(accountId, search)})`] : []),
  ]
  return Prisma.join(conditions, ' AND ')
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
