// `tributary import`: makes an import, sends its file, shows the plan, asks, and follows it to its end.

import { createReadStream, createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { setTimeout as pause } from 'node:timers/promises'
import type { ImportOptions } from './options.ts'
import { type Progress, progressOf } from './progress.ts'

interface Counts {
  create: number
  update: number
  skip: number
  reject: number
}

interface Seen {
  id: string
  state: string
  rowCount: number
  doneRows: number
  delimiter: string | null
  columns: { name: string; field: string | null; isKnown: boolean; nearest: string | null }[]
  planned: Counts
  applied: Counts
  faultMessage: string | null
}

const shown = `id state rowCount doneRows delimiter columns { name field isKnown nearest }
  planned { create update skip reject } applied { create update skip reject } faultMessage`
const create = 'mutation ($input: CreateImportInput!) { createImport(input: $input) { uploadPath import { id } } }'
const read = `query ($id: ID!) { import(id: $id) { ${shown} } }`
const refusedRows = `query ($id: ID!) { importRows(importId: $id, action: REJECT, first: 10) { edges { node { line code message } } } }`
const commit = 'mutation ($input: CommitImportInput!) { commitImport(input: $input) { import { id } } }'
const outcome = 'query ($id: ID!) { import(id: $id) { outcomePath } }'

const lookMs = 300
const out = process.stdout

/** Returns the exit code: 0 where all rows came in, or the plan has no faults; 1 else. @throws with a line for the person at the terminal. */
export async function runImport(options: ImportOptions): Promise<number> {
  const { size } = await stat(options.file).catch(() => {
    throw new Error(`${options.file}: no such file, or it cannot be read`)
  })
  const input = { ...options.input, fileName: path.basename(options.file) }
  const { createImport } = await ask<{ createImport: { uploadPath: string; import: { id: string } } }>(
    options,
    create,
    { input },
  )
  const sent = await upload(options, { uploadPath: createImport.uploadPath, size })
  if (sent.isEarlier) out.write('The same file with the same options came within a day: going on with that import.\n')
  let seen = await follow(options, sent.id)
  tellColumns(seen)
  if (seen.state === 'AWAITING_CONFIRMATION') {
    tellCounts('Plan', seen.planned)
    await tellRefused(options, seen)
    if (options.isPlanOnly) return finish(options, seen, seen.planned)
    if (!options.isConfirmed && !(await isWanted())) {
      out.write('Nothing was changed. The plan waits: run the same command again to do it.\n')
      return finish(options, seen, seen.planned)
    }
    await ask(options, commit, { input: { importId: seen.id } })
    seen = await follow(options, seen.id)
  }
  if (seen.state === 'FAILED' || seen.state === 'CANCELLED')
    throw new Error(seen.faultMessage ?? 'the import was cancelled')
  tellCounts('Done', seen.applied)
  await tellRefused(options, seen)
  return finish(options, seen, seen.applied)
}

interface Answer<T> {
  data?: T | null
  errors?: { message: string; extensions?: { field?: string } }[]
}

async function ask<T>({ url, key }: ImportOptions, query: string, variables: object): Promise<T> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ query, variables }),
  }).catch(() => {
    throw new Error(`${url}: nothing answers there`)
  })
  const { data, errors = [] } = (await response.json()) as Answer<T> // What a GraphQL server answers.
  const [error] = errors
  if (error || !data) throw new Error(error?.message ?? `the server answered with status ${response.status}`)
  return data
}

async function upload(
  { url, file }: ImportOptions,
  { uploadPath, size }: { uploadPath: string; size: number },
): Promise<{ id: string; isEarlier: boolean }> {
  const progress = progressOf(out, 'Sending', { format: (bytes) => `${(bytes / 1_000_000).toFixed(1)} MB` })
  let sent = 0
  async function* counted() {
    for await (const chunk of createReadStream(file)) {
      sent += chunk.length
      progress.at(sent, size)
      yield chunk
    }
  }
  // `duplex` is required by fetch for a streamed body, and not yet in the types.
  const init = { method: 'PUT', body: Readable.toWeb(Readable.from(counted())), duplex: 'half' }
  const response = await fetch(`${url}${uploadPath}`, init as unknown as RequestInit).finally(() => progress.end())
  const body = (await response.json()) as { import?: string; isEarlier?: boolean; error?: { message: string } } // As the path answers.
  if (!body.import) throw new Error(body.error?.message ?? `the server answered with status ${response.status}`)
  return { id: body.import, isEarlier: body.isEarlier ?? false }
}

const busy = ['QUEUED', 'VALIDATING', 'RUNNING']

/** The import, once nothing of it is under way. */
async function follow(options: ImportOptions, id: string): Promise<Seen> {
  const rows = (amount: number) => `${amount.toLocaleString('en')} rows`
  let progress: { state: string; bar: Progress } | null = null
  for (;;) {
    const { import: seen }: { import: Seen } = await ask(options, read, { id })
    if (progress !== null && progress.state !== seen.state) {
      progress.bar.at(seen.rowCount, seen.rowCount)
      progress.bar.end()
      progress = null
    }
    if (!busy.includes(seen.state)) return seen
    if (seen.state !== 'QUEUED') {
      const label: string = seen.state === 'VALIDATING' ? 'Planning' : 'Bringing in'
      progress ??= { state: seen.state, bar: progressOf(out, label, { format: rows }) }
      progress.bar.at(seen.doneRows, seen.rowCount)
    }
    await pause(lookMs)
  }
}

function tellColumns({ columns, delimiter }: Seen): void {
  if (delimiter !== null && delimiter !== ',')
    out.write(`Cells are parted by ${delimiter === '\t' ? 'tabs' : delimiter}\n`)
  for (const { name, field, isKnown, nearest } of columns) {
    if (isKnown) continue
    const meant = nearest === null ? '' : `; was ${nearest} meant? (--map ${JSON.stringify(`${name}=${nearest}`)})`
    out.write(
      `Nobody knows the column ${JSON.stringify(name)}: it is ${field === null ? 'left out' : 'a field by its own name'}${meant}\n`,
    )
  }
}

const tellCounts = (label: string, { create: made, update, skip, reject }: Counts) =>
  out.write(`${label}: ${made} created, ${update} updated, ${skip} skipped, ${reject} refused\n`)

async function tellRefused(options: ImportOptions, { id }: Seen): Promise<void> {
  type Rows = { importRows: { edges: { node: { line: number; code: string; message: string | null } }[] } }
  // A key that may write need not be one that may read.
  const found = await ask<Rows>(options, refusedRows, { id }).catch(() => null)
  for (const { node } of found?.importRows.edges ?? [])
    out.write(`  line ${node.line}: ${node.code} ${node.message ?? ''}\n`)
}

async function isWanted(): Promise<boolean> {
  if (!process.stdin.isTTY) return false
  const asking = createInterface({ input: process.stdin, output: out })
  const answer = await asking.question('Do it? [y/N] ').finally(() => asking.close())
  return /^y(es)?$/i.test(answer.trim())
}

async function finish(options: ImportOptions, { id }: Seen, counts: Counts): Promise<number> {
  if (options.outcome !== undefined) {
    const { import: seen } = await ask<{ import: { outcomePath: string } }>(options, outcome, { id })
    const response = await fetch(`${options.url}${seen.outcomePath}`)
    if (!response.ok || !response.body)
      throw new Error(`what became of the rows could not be fetched: status ${response.status}`)
    // The same stream, as Node's own types have it.
    await pipeline(Readable.fromWeb(response.body as ReadableStream), createWriteStream(options.outcome))
    out.write(`What became of each row is in ${options.outcome}\n`)
  }
  return counts.reject > 0 ? 1 : 0
}
