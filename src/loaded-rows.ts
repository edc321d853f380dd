// Answers from rows that are in memory: where a row has all that is selected of it, Pothos is told that the row was loaded, and
// asks the database for nothing. Planning a query for every answer would cost more than deciding its event.

import { queryFromInfo } from '@pothos/plugin-prisma'
import { setRowMappings } from '@pothos/selection-mapper'
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

/** True where nothing that is selected hangs on variables. */
function isFixed(selections: SelectionSetNode | undefined, { fragments }: GraphQLResolveInfo): boolean {
  const isOwn = (set: SelectionSetNode | undefined): boolean =>
    !set ||
    set.selections.every((one) => {
      if (one.directives?.length) return false
      if (one.kind === Kind.FRAGMENT_SPREAD) return isOwn(fragments[one.name.value]?.selectionSet)
      return (one.kind !== Kind.FIELD || !one.arguments?.length) && isOwn(one.selectionSet)
    })
  return isOwn(selections)
}
