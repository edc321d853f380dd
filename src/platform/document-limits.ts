// How large a GraphQL document may be. Limits are checked before validation and alone, so that a document over one of them
// costs no more than reading it; each refusal names its limit. The introspection queries of graphql-js pass.

import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  type ParseOptions,
  parse,
  type SelectionNode,
  type Source,
  visit,
} from 'graphql'
import { ApiError } from '../errors.ts'

export const documentLimits = {
  characters: 100_000,
  tokens: 10_000,
  /** Fields inside fields; fragments add none. */
  depth: 16,
  /** In one operation, those of its fragments counted at each use. */
  aliases: 30,
  directives: 50,
  /** Lists and objects inside each other, in a literal and in a variable. */
  valueNesting: 64,
} as const

/** `parse` with limits. @throws GRAPHQL_PARSE_FAILED, syntax errors as graphql-js words them. */
export function parseWithinLimits(source: string | Source, options?: ParseOptions): DocumentNode {
  const characters = (typeof source === 'string' ? source : source.body).length
  if (characters > documentLimits.characters) {
    const message = `The document has ${characters} characters, at most ${documentLimits.characters} are allowed.`
    throw new ApiError('GRAPHQL_PARSE_FAILED', message)
  }
  return withinStack('GRAPHQL_PARSE_FAILED', () => parse(source, { ...options, maxTokens: documentLimits.tokens }))
}

/** What `call` returns; a document that is nested beyond the engine's stack gets `code` instead of a crash. */
export function withinStack<Result>(
  code: 'GRAPHQL_PARSE_FAILED' | 'GRAPHQL_VALIDATION_FAILED',
  call: () => Result,
): Result {
  try {
    return call()
  } catch (error) {
    if (error instanceof RangeError) throw new ApiError(code, 'The document is nested too deeply.')
    throw error
  }
}

/** One error per limit that an operation of the document is over; empty for a document that may be validated. */
export function overLimits(document: DocumentNode): readonly GraphQLError[] {
  const fragments = new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition] as const] : [],
    ),
  )
  const measure = createMeasure(fragments)
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
  const found = operations.flatMap((operation) => overSize(operation, measure(operation)))
  return [...found, ...overNesting(document)]
}

interface Size {
  depth: number
  aliases: number
  directives: number
}

type Measured = SelectionNode | OperationDefinitionNode | FragmentDefinitionNode

// Each fragment is measured once, so that fragments that use each other many times over stay cheap. A cycle counts as
// nothing here: validation refuses it.
function createMeasure(fragments: ReadonlyMap<string, FragmentDefinitionNode>): (node: Measured) => Size {
  const known = new Map<string, Size>()

  const ofFragment = (name: string): Size => {
    const size = known.get(name)
    if (size) return size
    known.set(name, { depth: 0, aliases: 0, directives: 0 })
    const fragment = fragments.get(name)
    const measured = fragment ? measure(fragment) : { depth: 0, aliases: 0, directives: 0 }
    known.set(name, measured)
    return measured
  }

  const measure = (node: Measured): Size => {
    const inside = node.kind === Kind.FRAGMENT_SPREAD ? [ofFragment(node.name.value)] : selectionsOf(node).map(measure)
    const field = node.kind === Kind.FIELD
    return {
      depth: (field ? 1 : 0) + inside.reduce((deepest, size) => Math.max(deepest, size.depth), 0),
      aliases: (field && node.alias ? 1 : 0) + inside.reduce((sum, size) => sum + size.aliases, 0),
      directives: (node.directives?.length ?? 0) + inside.reduce((sum, size) => sum + size.directives, 0),
    }
  }
  return measure
}

function selectionsOf(node: Exclude<Measured, { kind: Kind.FRAGMENT_SPREAD }>): readonly SelectionNode[] {
  return node.selectionSet?.selections ?? []
}

function overSize(operation: OperationDefinitionNode, size: Size): GraphQLError[] {
  const names = ['depth', 'aliases', 'directives'] as const
  return names
    .filter((name) => size[name] > documentLimits[name])
    .map((name) => refusal(`${words[name]} ${size[name]}, at most ${documentLimits[name]} are allowed.`, operation))
}

const words = {
  depth: 'The operation is too deep. Levels of fields:',
  aliases: 'The operation has too many aliases:',
  directives: 'The operation has too many directives:',
}

function overNesting(document: DocumentNode): GraphQLError[] {
  let nesting = 0
  let deepest = 0
  const level = {
    enter: () => {
      nesting += 1
      deepest = Math.max(deepest, nesting)
    },
    leave: () => {
      nesting -= 1
    },
  }
  visit(document, { [Kind.LIST]: level, [Kind.OBJECT]: level })
  if (deepest <= documentLimits.valueNesting) return []
  return [refusal(`A value is nested ${deepest} levels deep, at most ${documentLimits.valueNesting} are allowed.`)]
}

function refusal(message: string, node?: OperationDefinitionNode): GraphQLError {
  return new GraphQLError(message, { nodes: node, extensions: { code: 'GRAPHQL_VALIDATION_FAILED', retryable: false } })
}

/** @throws BAD_INPUT for variables nested so deeply that reading them would exhaust the stack. */
export function assertShallow(variables: unknown): void {
  if (isDeeper(variables, documentLimits.valueNesting)) {
    throw new ApiError(
      'BAD_INPUT',
      `Variables are nested too deeply, at most ${documentLimits.valueNesting} levels are allowed.`,
      {
        field: 'variables',
        http: { status: 400 },
      },
    )
  }
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  for (const inner of Object.values(value)) if (isDeeper(inner, levels - 1)) return true
  return false
}
