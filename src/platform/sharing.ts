// Which subscriptions are the same: same document, operation, variables and rights. Where one begins (the argument `after` of
// its root field) is no part of it: who resumes joins those who are there already.

import { createHash } from 'node:crypto'
import { type DocumentNode, getOperationAST, Kind, type OperationDefinitionNode, print, visit } from 'graphql'

export interface Shared {
  document: DocumentNode
  operationName?: string | null
  variableValues?: { readonly [name: string]: unknown } | null
}

interface Outline {
  text: string
  /** Names of the variables that the messages can depend on. */
  variables: readonly string[]
}

const outlines = new WeakMap<DocumentNode, Map<string, Outline>>()

/** Equal for operations whose messages are equal, where the callers' rights are. */
export function sharingKey({ document, operationName, variableValues }: Shared, rights: string): string {
  const { text, variables } = outlineOf(document, operationName ?? '')
  // A variable that is not given is not the same as null: it leaves room for a default.
  const given = variables.filter((name) => Object.hasOwn(variableValues ?? {}, name))
  const values = given.map((name) => [name, inOrder(variableValues?.[name])])
  return createHash('sha256')
    .update(JSON.stringify([text, rights, values]))
    .digest('base64')
}

function outlineOf(document: DocumentNode, operationName: string): Outline {
  const known = outlines.get(document)?.get(operationName)
  if (known) return known
  const outline = withoutBeginning(document, operationName)
  const all = outlines.get(document) ?? new Map<string, Outline>()
  outlines.set(document, all.set(operationName, outline))
  return outline
}

function withoutBeginning(document: DocumentNode, operationName: string): Outline {
  const operation = getOperationAST(document, operationName || undefined)
  if (!operation) return { text: print(document), variables: [] }
  const trimmed = withoutAfter(operation)
  const rest = document.definitions.map((definition) => (definition === operation ? trimmed : definition))
  const used = new Set<string>()
  visit({ kind: Kind.DOCUMENT, definitions: rest.map(withoutVariables) } satisfies DocumentNode, {
    Variable: ({ name }) => {
      used.add(name.value)
    },
  })
  // A variable that only `after` used is defined no more: two documents that differ in nothing else are the same.
  const definitions = (operation.variableDefinitions ?? []).filter(({ variable }) => used.has(variable.name.value))
  const text = rest.map((definition) =>
    print(definition === trimmed ? { ...trimmed, variableDefinitions: definitions } : definition),
  )
  return { text: [operation.name?.value ?? '', ...text].join('\n'), variables: [...used].sort() }
}

const withoutAfter = (operation: OperationDefinitionNode): OperationDefinitionNode => ({
  ...operation,
  selectionSet: {
    ...operation.selectionSet,
    selections: operation.selectionSet.selections.map((selection) =>
      selection.kind === Kind.FIELD
        ? { ...selection, arguments: selection.arguments?.filter(({ name }) => name.value !== 'after') }
        : selection,
    ),
  },
})

const withoutVariables = (definition: DocumentNode['definitions'][number]) =>
  definition.kind === Kind.OPERATION_DEFINITION ? { ...definition, variableDefinitions: [] } : definition

/** The value with the keys of its objects in order, so that equal values are written the same. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, inOrder(inner)]),
  )
}
