// Answers from rows that are in memory: where a row has all that is selected of it, Pothos is told that the row was loaded, and
// asks the database for nothing. Planning a query for every answer would cost more than deciding its event, and for every list
// more than reading it, so plans are kept with their documents.

import { queryFromInfo } from '@pothos/plugin-prisma'
import { getLoaderMapping, setRowMappings } from '@pothos/selection-mapper'
import { type FieldNode, type GraphQLResolveInfo, Kind, type SelectionSetNode } from 'graphql'
import type { Context } from './context.ts'

/** Columns and related rows by the names of the data model; what is not known is absent. */
type Row = { readonly [column: string]: unknown }

/** The row, marked as loaded where it covers what is selected; else Pothos takes no more than its key from it. */
export function answerFrom(row: Row, context: Context, info: GraphQLResolveInfo): Row {
  if (covers(row, selectionOf(context, info))) setRowMappings(context, info, all.nested)
  return row
}

interface Loaded {
  nested: Record<string, Loaded>
}

/** What Pothos keeps of a loaded row is which of its fields were: here all of them. */
const all: Loaded = { nested: new Proxy({}, { get: () => all }) }

const relations = new Set(['event', 'campaign', 'program', 'journey', 'relationship', 'profile'])

type Selection = { readonly [column: string]: unknown } | undefined

/** Whether a row has all that a query of Prisma selects of it. */
export function covers(row: Row, selection: Selection): boolean {
  if (!selection) return false
  for (const column in selection) {
    const asked = selection[column]
    if (!asked) continue
    const value = row[column]
    if (value === undefined) return false
    if (value === null) continue
    // Prisma's own form: `true` for a column, `{ select }` for a related row.
    if (relations.has(column) ? !covers(value as Row, (asked as { select?: Selection }).select) : asked !== true)
      return false
  }
  return true
}

// Documents are parsed once and kept, so their nodes are the same for every request that sends them.
const known = new WeakMap<FieldNode, Selection>()

function selectionOf(context: Context, info: GraphQLResolveInfo): Selection {
  const [node] = info.fieldNodes
  if (node && known.has(node)) return known.get(node)
  const selection = plan(context, info)
  if (node && info.fieldNodes.length === 1 && isFixed(node.selectionSet, info)) known.set(node, selection)
  return selection
}

/** Of a context that is thrown away: planning tells the one it is given that the row will be loaded. */
const plan = (context: Context, info: GraphQLResolveInfo): Selection =>
  // It is no more than typed by what it is given to begin with: nothing.
  (queryFromInfo({ context: Object.create(context) as object, info }) as { select?: Selection }).select

interface Planned {
  selection: Query
  /** What Pothos noted of the rows below, by type and place. */
  mappings: Record<string, Loaded>
}

type Query = { select?: object; include?: object }

const planned = new WeakMap<FieldNode, Planned>()

export interface PlaceOfRows {
  context: Context
  info: GraphQLResolveInfo
  /** From the field to its rows. */
  path: string[]
  select: Readonly<Record<string, true>>
}

/**
 * What the rows below a list are asked for, as a query of Prisma; Pothos is told that the rows of this very list will hold it.
 * It is the same for all lists of one place in a document, so it is planned once a document.
 */
export function queryOfRows({ context, info, path, select }: PlaceOfRows): Query {
  const [node] = info.fieldNodes
  const isKnowable = node && info.fieldNodes.length === 1
  let plan = isKnowable && planned.get(node)
  if (!plan) {
    if (!isKnowable || !isFixed(node.selectionSet, info, { withArguments: true }))
      return queryFromInfo({ context, info, path, select })
    // No selection of a type depends on the context, and this one outlives those of requests.
    const lasting = {}
    plan = { selection: queryFromInfo({ context: lasting, info, path, select }), mappings: mappingsIn(lasting, info) }
    planned.set(node, plan)
  }
  setRowMappings(context, info, plan.mappings)
  return plan.selection
}

/** What was noted in a context below a field, by `Type@path.from.there`. */
function mappingsIn(context: object, { path }: GraphQLResolveInfo): Record<string, Loaded> {
  const found = new Map<string, Loaded | undefined>()
  const look = (key: string) => {
    const [type = '', place = ''] = key.split('@')
    const way = place
      .split('.')
      .reduce<GraphQLResolveInfo['path']>((prev, step) => ({ prev, key: step, typename: undefined }), path)
    return getLoaderMapping(context, way, type, null) ?? undefined
  }
  return new Proxy<Record<string, Loaded>>(
    {},
    {
      get(_target, key) {
        if (typeof key !== 'string') return undefined
        if (!found.has(key)) found.set(key, look(key))
        return found.get(key)
      },
    },
  )
}

/** True where nothing that is selected hangs on variables; arguments may where no selection looks at them. */
function isFixed(
  selections: SelectionSetNode | undefined,
  { fragments }: GraphQLResolveInfo,
  { withArguments } = { withArguments: false },
): boolean {
  const isOwn = (set: SelectionSetNode | undefined): boolean =>
    !set ||
    set.selections.every((one) => {
      if (one.directives?.length) return false
      if (one.kind === Kind.FRAGMENT_SPREAD) return isOwn(fragments[one.name.value]?.selectionSet)
      return (withArguments || one.kind !== Kind.FIELD || !one.arguments?.length) && isOwn(one.selectionSet)
    })
  return isOwn(selections)
}
