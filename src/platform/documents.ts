// Documents parsed and validated once, shared by every transport: the same text gives the same tree and the same verdict.
// What is kept is bounded, the longest unused goes first; a client with ever new texts costs itself time, not the server memory.

import { type DocumentNode, GraphQLError, type GraphQLSchema, validate } from 'graphql'
import { overLimits, parseWithinLimits, withinStack } from './document-limits.ts'
import { asParseError, asValidationError } from './mask.ts'

/** A tree takes about 100 bytes a character of its text, so this is about 40 MB at most. */
export const keptDocuments = { count: 1_000, characters: 400_000 } as const

export interface Documents {
  /** The tree of `text`. @throws GRAPHQL_PARSE_FAILED */
  parse(text: string): DocumentNode
  /** What is wrong with a document by its size or by the schema; empty for one that may run. Each error has its code. */
  validate(document: DocumentNode): readonly GraphQLError[]
}

export function createDocuments(
  schema: GraphQLSchema,
  bounds: { count: number; characters: number } = keptDocuments,
): Documents {
  const trees = new Map<string, DocumentNode>()
  const verdicts = new WeakMap<DocumentNode, readonly GraphQLError[]>()
  let characters = 0

  const keep = (text: string, tree: DocumentNode) => {
    trees.set(text, tree)
    characters += text.length
    for (const eldest of trees.keys()) {
      if (trees.size <= bounds.count && characters <= bounds.characters) return
      trees.delete(eldest)
      characters -= eldest.length
    }
  }

  return {
    parse(text) {
      const known = trees.get(text)
      if (known) {
        // A Map keeps the order of insertion: what was just used goes to the end.
        trees.delete(text)
        trees.set(text, known)
        return known
      }
      const tree = parsed(text)
      keep(text, tree)
      return tree
    },
    validate(document) {
      const known = verdicts.get(document)
      if (known) return known
      const verdict = judge(schema, document).map(asValidationError)
      verdicts.set(document, verdict)
      return verdict
    },
  }
}

function parsed(text: string): DocumentNode {
  try {
    return parseWithinLimits(text)
  } catch (error) {
    throw asParseError(error)
  }
}

function judge(schema: GraphQLSchema, document: DocumentNode): readonly Error[] {
  try {
    return withinStack('GRAPHQL_VALIDATION_FAILED', () => {
      const over = overLimits(document)
      return over.length > 0 ? over : validate(schema, document)
    })
  } catch (error) {
    if (error instanceof GraphQLError) return [error]
    throw error
  }
}
