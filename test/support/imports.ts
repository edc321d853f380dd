// Files that are brought in as a user would: an import is made, its file sent to the link that it gives, and waited for.

import { vi } from 'vitest'
import type { Caller } from './server.ts'

export interface ImportSeen {
  id: string
  state: string
  rowCount: number
  doneRows: number
  delimiter: string | null
  format: string | null
  columns: { name: string; field: string | null; isKnown: boolean; nearest: string | null }[]
  planned: Counts
  applied: Counts
  faultCode: string | null
  faultMessage: string | null
  outcomePath: string
}

export interface Counts {
  create: number
  update: number
  skip: number
  reject: number
}

const shown = `id state rowCount doneRows delimiter format columns { name field isKnown nearest } planned { create update skip reject }
  applied { create update skip reject } faultCode faultMessage outcomePath`

const create =
  'mutation ($input: CreateImportInput!) { createImport(input: $input) { uploadPath import { id state } } }'
const read = `query ($id: ID!) { import(id: $id) { ${shown} } }`
const rows = `query ($id: ID!, $action: ImportAction) { importRows(importId: $id, action: $action, first: 100) { edges { node {
  number line action outcome code message cells changes profile { id } } } } }`

export type FileBody = string | Uint8Array | ReadableStream

/** Sends a file by PUT. */
export async function send(
  url: string,
  path: string,
  body: FileBody,
): Promise<{ status: number; body: Record<string, unknown> }> {
  // `duplex` is required by fetch for a streamed body, and not yet in the types.
  const init = { method: 'PUT', body, duplex: 'half' }
  const response = await fetch(`${url}${path}`, init as RequestInit)
  // The server's answer; its shape is what the test is about.
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

export const importOf = async (caller: Caller, id: string): Promise<ImportSeen> =>
  (await caller.query(read, { id })).import

export const rowsOf = async (caller: Caller, id: string, action?: string) =>
  (await caller.query(rows, { id, action })).importRows.edges.map(({ node }: { node: unknown }) => node)

const resting = ['AWAITING_CONFIRMATION', 'DONE', 'DONE_WITH_ERRORS', 'FAILED', 'CANCELLED']

/** The import, once nothing of it is under way. */
export async function settled(caller: Caller, id: string): Promise<ImportSeen> {
  const look = async () => {
    const seen = await importOf(caller, id)
    return resting.includes(seen.state) && seen
  }
  return vi.waitUntil(look, { timeout: 50_000, interval: 20 })
}

export const createImport = async (caller: Caller, input: object): Promise<{ id: string; uploadPath: string }> => {
  const made = (await caller.query(create, { input })).createImport
  return { id: made.import.id, uploadPath: made.uploadPath }
}

/** Makes an import, sends its file and waits until nothing of it is under way. */
export async function bringIn(at: { caller: Caller; url: string }, input: object, body: FileBody) {
  const { id, uploadPath } = await createImport(at.caller, input)
  const answer = await send(at.url, uploadPath, body)
  return { ...(await settled(at.caller, id)), answer }
}

export async function commit(caller: Caller, id: string): Promise<ImportSeen> {
  await caller.query('mutation ($input: CommitImportInput!) { commitImport(input: $input) { import { id } } }', {
    input: { importId: id },
  })
  return settled(caller, id)
}

export const outcomeFile = async (url: string, path: string): Promise<string> => (await fetch(`${url}${path}`)).text()
