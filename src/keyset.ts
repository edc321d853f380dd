// Pages: every connection is a keyset page in the order of creation (ids are UUIDv7) or of the feed. A cursor names its list,
// its account and the last row's key; any other is refused. Prisma's own `cursor:` is never used: with composite ids it has no LIMIT.

import { validate as isUuid } from 'uuid'
import { ApiError, badInput } from './errors.ts'
import { Prisma } from './generated/prisma/client.ts'

/** The most rows of a page, and how many come where none are asked for. */
export const maxPage = 100
export const defaultPage = 20

export interface PageArgs {
  first?: number | null
  after?: string | null
  last?: number | null
  before?: string | null
}

/** How one list is ordered, and how its cursors are written. */
export interface Keyset<Row> {
  /** Names the list in its cursors. */
  readonly tag: string
  readonly accountId: string
  readonly column: 'id' | 'position' | 'profileId' | 'name' | 'audienceId' | 'number'
  /** The key of a row, as text. */
  keyOf(row: Row): string
  /** The column's value for a key; undefined for what cannot be one. */
  valueOf(key: string): string | bigint | number | undefined
}

/** The part of a Prisma query that fetches a page and the row after it. */
export interface PageQuery {
  where: Record<string, unknown>
  orderBy: Record<string, 'asc' | 'desc'>
  take: number
}

/** Lists in the order of creation. */
export function byId(tag: string, accountId: string): Keyset<{ accountId: string; id: string }> {
  return { tag, accountId, column: 'id', keyOf: ({ id }) => id, valueOf: uuidOf }
}

/** Lists of rows that are known by their profile. */
export function byProfileId<Row extends { profileId: string }>(tag: string, accountId: string): Keyset<Row> {
  return { tag, accountId, column: 'profileId', keyOf: ({ profileId }) => profileId, valueOf: uuidOf }
}

/** Lists in the order of their names, as the database orders text. */
export function byName(tag: string, accountId: string): Keyset<{ accountId: string; name: string }> {
  return { tag, accountId, column: 'name', keyOf: ({ name }) => name, valueOf: (key) => key }
}

/** Lists of rows that are numbered within something; the tag names that too. */
export function byNumber<Row extends { number: number }>(tag: string, accountId: string): Keyset<Row> {
  const numberIn = (key: string) => (/^\d{1,9}$/.test(key) ? Number(key) : undefined)
  return { tag, accountId, column: 'number', keyOf: ({ number }) => String(number), valueOf: numberIn }
}

const uuidOf = (key: string) => (isUuid(key) ? key : undefined)

/** `where`, `orderBy` and `take` for a page. BAD_INPUT for a cursor of another list or account, or for `first` with `last`. */
export function pageQuery<Row>(keyset: Keyset<Row>, args: PageArgs): PageQuery {
  if (args.first != null && args.last != null) throw badInput('ask for `first` or for `last`, not for both', 'first')
  const bounds = {
    ...(args.after == null ? {} : { gt: decodeCursor(keyset, args.after, 'after') }),
    ...(args.before == null ? {} : { lt: decodeCursor(keyset, args.before, 'before') }),
  }
  return {
    where: { accountId: keyset.accountId, ...(Object.keys(bounds).length ? { [keyset.column]: bounds } : {}) },
    orderBy: { [keyset.column]: args.last == null ? 'asc' : 'desc' },
    take: pageSize(args) + 1,
  }
}

/** The same for statements of our own, over lists in the order of ids: both bounds are exclusive, and without any all ids lie between. */
export interface IdPage {
  after: string
  before: string
  order: 'asc' | 'desc'
  limit: number
}

/** The same as statements say it. */
export const directions = { asc: Prisma.sql`ASC`, desc: Prisma.sql`DESC` }

/** The bounds of a page by ids. */
export function idPage({ where, orderBy, take }: PageQuery): IdPage {
  // A keyset by id compares ids.
  const { gt, lt } = (where.id ?? {}) as { gt?: string; lt?: string }
  return { after: gt ?? firstId, before: lt ?? lastId, order: orderBy.id ?? 'asc', limit: take }
}

const firstId = '00000000-0000-0000-0000-000000000000'
const lastId = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

/** The connection of the rows that `pageQuery` fetched. */
export function connectionOf<Row>(keyset: Keyset<Row>, args: PageArgs, rows: readonly Row[]) {
  const size = pageSize(args)
  const more = rows.length > size
  const page = args.last == null ? rows.slice(0, size) : rows.slice(0, size).reverse()
  const edges = page.map((node) => new Edge(keyset, node))
  return {
    edges,
    pageInfo: {
      get startCursor() {
        return edges[0]?.cursor ?? null
      },
      get endCursor() {
        return edges.at(-1)?.cursor ?? null
      },
      hasNextPage: args.last == null ? more : args.before != null,
      hasPreviousPage: args.last == null ? args.after != null : more,
    },
  }
}

/** A row of a page. Its cursor is written where it is asked for. */
class Edge<Row> {
  readonly node: Row
  readonly #keyset: Keyset<Row>

  constructor(keyset: Keyset<Row>, node: Row) {
    this.#keyset = keyset
    this.node = node
  }

  get cursor(): string {
    return encodeCursor(this.#keyset, this.#keyset.keyOf(this.node))
  }
}

/** Rows of several parents' pages, cut to one page of them all together. */
export function mergePages<Row>(keyset: Keyset<Row>, args: PageArgs, pages: readonly (readonly Row[])[]): Row[] {
  const sign = args.last == null ? 1 : -1
  const key = (row: Row) => keyset.valueOf(keyset.keyOf(row)) ?? ''
  const order = (a: Row, b: Row) => (key(a) < key(b) ? -sign : sign)
  return pages
    .flat()
    .sort(order)
    .slice(0, pageSize(args) + 1)
}

function pageSize({ first, last }: PageArgs): number {
  const asked = first ?? last ?? defaultPage
  if (asked < 0) throw badInput('a page has no fewer than 0 rows', first == null ? 'last' : 'first')
  return Math.min(asked, maxPage)
}

type CursorOf = { tag: string; accountId: string }

export function encodeCursor({ tag, accountId }: CursorOf, key: string): string {
  return Buffer.from(`${tag}:${accountId.slice(-12)}:${key}`).toString('base64url')
}

/** The key in a cursor of that list and account, or undefined. */
export function keyInCursor({ tag, accountId }: CursorOf, cursor: string): string | undefined {
  const text = Buffer.from(cursor, 'base64url').toString()
  const prefix = `${tag}:${accountId.slice(-12)}:`
  return text.startsWith(prefix) ? text.slice(prefix.length) : undefined
}

function decodeCursor<Row>(keyset: Keyset<Row>, cursor: string, field: string): string | bigint | number {
  const key = keyInCursor(keyset, cursor)
  const value = key === undefined ? undefined : keyset.valueOf(key)
  if (value === undefined) throw new ApiError('BAD_INPUT', 'not a cursor of this list', { field })
  return value
}
