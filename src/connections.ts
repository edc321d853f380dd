// Connections over Prisma: at the root one statement a page; nested, one statement for all parents of the request.

import { queryFromInfo } from '@pothos/plugin-prisma'
import DataLoader from 'dataloader'
import type { GraphQLResolveInfo } from 'graphql'
import type { Context } from './context.ts'
import { groupBy } from './core/group.ts'
import type PrismaTypes from './generated/pothos.ts'
import {
  connectionOf,
  type IdPage,
  idPage,
  type Keyset,
  mergePages,
  type PageArgs,
  type PageQuery,
  pageQuery,
} from './keyset.ts'
import { queryOfRows } from './loaded-rows.ts'
import { placeOf } from './place.ts'
import type { Sql } from './platform/database.ts'
import { whole } from './whole.ts'

type Selection = { select?: object; include?: object }
type Row = Record<string, unknown>

export interface Asked {
  args: PageArgs
  context: Context
  info: GraphQLResolveInfo
}

/** A root connection; `find` adds its own filter to the query that it is given. */
export async function rootConnection<R>(
  keyset: Keyset<R>,
  asked: Asked,
  find: (query: PageQuery & Selection) => Promise<readonly unknown[]>,
) {
  const rows = await find({ ...nodeSelection(keyset, asked), ...pageQuery(keyset, asked.args) })
  // What the query selects is what the node's type asks for, and the keyset's column.
  return connectionOf(keyset, asked.args, rows as readonly R[])
}

export interface NestedList {
  /** The model whose rows hold the list, and the relation's name on it. */
  parent: 'profile' | 'program' | 'audience' | 'relationship' | 'journey'
  relation: string
  /** All rows that are one parent to the reader: a person's members, else the row itself. */
  members: readonly string[]
  where?: Record<string, unknown>
  /** Reads the same by a statement of its own, as far as what is asked for allows it. */
  statement?: ListStatement
}

/** A list in the order of ids, read for many parents by one statement that is prepared: what is read most. */
export interface ListStatement {
  /** Columns of its rows, by the names of the data model. */
  readonly columns: readonly string[]
  /** The column that holds the parent's id. */
  readonly parent: string
  /** Related rows that can be looked up by a column. */
  readonly related?: { readonly [relation: string]: RelatedRow }
  /** What whoever selects a column will ask for by its values: looked up for all rows before they are given out. */
  readonly ahead?: { readonly [column: string]: (context: Context, values: readonly string[]) => Promise<void> }
  find(sql: Sql, accountId: string, page: IdPage & { ids: readonly string[] }): Promise<readonly object[]>
}

export interface RelatedRow {
  readonly columns: readonly string[]
  /** The column that names it. */
  readonly key: string
  load(context: Context, id: string): Promise<object | null>
}

/** A connection of a parent's rows. The lists of all parents of the request are fetched by one statement. */
export async function nestedConnection<R>(keyset: Keyset<R>, asked: Asked, list: NestedList) {
  // Asked for every parent, though the same for all: the plugin notes by it what the rows below this very parent hold,
  // and would fetch those of the others once more, row by row.
  const selection = nodeSelection(keyset, asked)
  // One loader per place in the query: its arguments and selection are the same for all parents.
  const loader = asked.context.memo(placeOf(asked.info), () => parentLoader(keyset, asked, { ...list, selection }))
  const [one] = list.members
  // Most people are one profile.
  if (one !== undefined && list.members.length === 1) {
    return connectionOf(keyset, asked.args, (await loader.load(one)) as R[]) // The rows are of the relation's model.
  }
  const pages = await loader.loadMany([...list.members])
  const failed = pages.find((page) => page instanceof Error)
  if (failed) throw failed
  // The rows are of the relation's model, as the keyset's type says.
  return connectionOf(keyset, asked.args, mergePages(keyset, asked.args, pages as R[][]))
}

type PageLoader = DataLoader<string, readonly Row[]>

function parentLoader<R>(keyset: Keyset<R>, asked: Asked, list: NestedList & { selection: Selection }): PageLoader {
  const { accountId, db } = asked.context
  const { where, ...page } = pageQuery(keyset, asked.args)
  const { statement } = list
  if (statement && tells(statement, list.selection)) {
    return statementLoader(asked.context, statement, { selection: list.selection, page: idPage({ where, ...page }) })
  }
  const query = { ...list.selection, ...page, where: { ...where, ...list.where } }
  // Prisma types each model apart; what is used of them here is the same for all.
  const model = db[list.parent] as unknown as { findMany(query: object): Promise<Row[]> }
  return new DataLoader(async (ids) => {
    const parents = await model.findMany({
      where: { accountId, id: { in: [...ids] } },
      select: { id: true, [list.relation]: query },
    })
    const byParent = new Map(parents.map((parent) => [parent.id, parent[list.relation]]))
    return ids.map((id) => (byParent.get(id) ?? []) as Row[]) // A list relation is an array of rows.
  })
}

/** True where the statement's rows, with rows that it can look up, have all that is selected. */
function tells({ columns, related = {} }: ListStatement, { select }: Selection): boolean {
  const own = Object.entries(select ?? {}).filter(([, asked]) => asked)
  return (
    select !== undefined &&
    own.every(([name, asked]) => {
      const relation = related[name]
      if (!relation) return asked === true && columns.includes(name)
      // Prisma's own form of a related row.
      const inner = Object.entries((asked as Selection).select ?? { '': true })
      return inner.every(([column, wanted]) => !wanted || (wanted === true && relation.columns.includes(column)))
    })
  )
}

function statementLoader(
  context: Context,
  { find, parent, related = {}, ahead = {} }: ListStatement,
  { selection, page }: { selection: Selection; page: IdPage },
): PageLoader {
  const { accountId, lookUps } = context
  const isSelected = ([name]: [string, unknown]) => name in (selection.select ?? {})
  const wanted = Object.entries(related).filter(isSelected)
  const expected = Object.entries(ahead).filter(isSelected)
  return new DataLoader(async (ids) => {
    const rows = (await find(lookUps, accountId, { ids, ...page })) as Row[] // Of the columns that it says.
    for (const row of rows) whole(row)
    await Promise.all([
      ...wanted.map((relation) => attach(context, rows, relation)),
      ...expected.map(([column, look]) => look(context, textsIn(rows, column))),
    ])
    const byParent = groupBy(rows, (row) => row[parent])
    return ids.map((id) => byParent.get(id) ?? [])
  })
}

const textsIn = (rows: readonly Row[], column: string) =>
  rows.map((row) => row[column]).filter((value) => typeof value === 'string')

/** Looks up a related row for each of the rows. */
async function attach(
  context: Context,
  rows: readonly Row[],
  [name, { key, load }]: [string, RelatedRow],
): Promise<void> {
  const found = await Promise.all(
    rows.map((row) => {
      const id = row[key]
      return typeof id === 'string' ? load(context, id) : null
    }),
  )
  for (const [i, row] of rows.entries()) row[name] = found[i] && whole(found[i])
}

function nodeSelection<R>({ column }: Keyset<R>, { context, info }: Asked): Selection {
  return queryOfRows({ context, info, path: ['edges', 'node'], select: { [column]: true } })
}

/** What a connection's nodes are asked for, as `rowById` takes it. */
export const nodeQuery = ({ context, info }: Pick<Asked, 'context' | 'info'>): object =>
  queryFromInfo({ context, info, path: ['edges', 'node'] })

type Model = 'program' | 'campaign' | 'journey' | 'relationship' | 'event' | 'code' | 'order' | 'product'
type RowOf<M extends Model> = PrismaTypes[Capitalize<M>]['Shape']

export interface RowAsked<M extends Model> {
  model: M
  /** What the field's type asks for, as the plugin gives it to a `prismaField`. */
  query: object
}

/** The row of an id, null for an unknown one. All rows of the operation of which the same is asked are fetched by one statement. */
export function rowById<M extends Model>(context: Context, asked: RowAsked<M>, id: string): Promise<RowOf<M> | null> {
  const plain = (_key: string, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value)
  const loader = context.memo(`${asked.model} ${JSON.stringify(asked.query, plain)}`, () => rowLoader(context, asked))
  return loader.load(id) as Promise<RowOf<M> | null> // Of that model.
}

function rowLoader<M extends Model>({ accountId, db }: Context, { model, query }: RowAsked<M>) {
  // Prisma types each model apart; what is used of them here is the same for all.
  const readable = db[model] as unknown as { findMany(query: object): Promise<Row[]> }
  return new DataLoader(async (ids: readonly string[]) => {
    const rows = await readable.findMany({ ...query, where: { accountId, id: { in: [...ids] } } })
    const byId = new Map(rows.map((row) => [row.id, row]))
    return ids.map((id) => byId.get(id) ?? null)
  })
}
