// Operations that are named by a hash instead of sent as text. A client sends hash and text once, then the hash alone (the
// "automatic persisted queries" of Apollo Client and urql); or the operator trusts a list of operations, and perhaps only that.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { ApiError } from '../errors.ts'
import type { Documents } from './documents.ts'
import { badRequest, isObject, type OperationParams } from './params.ts'

export interface PersistedOptions {
  /** Text by hash, as the operator trusts them; the hash is the client's own name for the text and not checked. */
  trusted?: ReadonlyMap<string, string>
  /** Refuse every document that is not trusted. */
  trustedOnly?: boolean
}

export interface PersistedOperations {
  /** The document's text. @throws NOT_FOUND `PersistedQueryNotFound`, FORBIDDEN for one that is not trusted, BAD_REQUEST. */
  textOf(params: OperationParams): string
}

/** Of the texts that clients registered, those used last. */
export const keptTexts = { count: 1_000, characters: 2_000_000 } as const

/** Texts are known by their own hash, so that accounts can share them: whoever names a hash has seen the text. */
export function createPersisted(
  documents: Documents,
  { trusted = new Map(), trustedOnly = false }: PersistedOptions = {},
): PersistedOperations {
  const trustedTexts = new Set(trusted.values())
  const registered = new Map<string, string>()
  let characters = 0

  const find = (hash: string): string | undefined => {
    const text = trusted.get(hash) ?? registered.get(hash)
    if (text !== undefined && registered.delete(hash)) registered.set(hash, text)
    return text
  }

  const register = (hash: string, text: string) => {
    if (registered.has(hash) || documents.validate(documents.parse(text)).length > 0) return
    registered.set(hash, text)
    characters += text.length
    for (const [eldest, gone] of registered) {
      if (registered.size <= keptTexts.count && characters <= keptTexts.characters) return
      registered.delete(eldest)
      characters -= gone.length
    }
  }

  return {
    textOf({ query, extensions }) {
      const hash = extensions?.persistedQuery == null ? undefined : hashIn(extensions.persistedQuery)
      const known = hash === undefined ? undefined : find(hash)
      if (query == null) {
        if (known !== undefined) return known
        throw trustedOnly ? notTrusted() : notFound()
      }
      if (trustedOnly && !trustedTexts.has(query)) throw notTrusted()
      if (hash !== undefined && known !== query && !trustedOnly) {
        if (createHash('sha256').update(query).digest('hex') !== hash) {
          throw badRequest('The sha256Hash of "persistedQuery" is not that of the text "query".')
        }
        register(hash, query)
      }
      return query
    },
  }
}

function hashIn(given: unknown): string {
  const { version, sha256Hash } = isObject(given) ? given : {}
  if (version !== 1 || typeof sha256Hash !== 'string') {
    throw badRequest('"persistedQuery" must be { "version": 1, "sha256Hash": <text> }.')
  }
  return sha256Hash
}

// Clients look for these very words and send the text with the hash then. A 4xx only where the media type says it is GraphQL's.
const notFound = () => new ApiError('NOT_FOUND', 'PersistedQueryNotFound', { http: { spec: true, status: 400 } })

const notTrusted = () =>
  new ApiError('FORBIDDEN', 'This server runs only the operations that its operator listed.', {
    http: { spec: true, status: 403 },
  })

/** The hashes of trusted texts that cannot run: no documents, or none for this schema. */
export function unfit(documents: Documents, trusted: ReadonlyMap<string, string> = new Map()): string[] {
  const isFit = (text: string) => {
    try {
      return documents.validate(documents.parse(text)).length === 0
    } catch {
      return false
    }
  }
  return [...trusted].filter(([, text]) => !isFit(text)).map(([hash]) => hash)
}

/** The operations in a file: an object of texts by hash, as GraphQL Code Generator writes persisted-documents.json. @throws Error */
export function readTrusted(file: string): ReadonlyMap<string, string> {
  const read: unknown = JSON.parse(readFileSync(file, 'utf8'))
  const texts = new Map<string, string>()
  for (const [hash, text] of Object.entries(isObject(read) ? read : {})) {
    if (typeof text !== 'string') throw new Error(`${hash} is no document`)
    texts.set(hash, text)
  }
  if (texts.size === 0) throw new Error('no documents by hash')
  return texts
}
