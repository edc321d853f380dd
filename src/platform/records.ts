// A file that streams in, as records: unzipped, decoded and parsed as it comes, so that no more of it than some chunks is ever in
// memory. What refuses the whole file is thrown as an error with a code; what is wrong with one record is told with it.

import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { CsvError, type InfoRecord, parse } from 'csv-parse'
import { ApiError, badInput } from '../errors.ts'

export interface RecordLimits {
  /** Of the file as it comes. */
  readonly bytes: number
  /** Of what it unzips to. */
  readonly inflatedBytes: number
  /** Of one record, in characters. */
  readonly recordLength: number
}

export const recordLimits: RecordLimits = {
  bytes: 2_000_000_000,
  inflatedBytes: 8_000_000_000,
  recordLength: 4_000_000,
}

/** One record: the cells of a line, or what stands in a line of JSON. */
export interface FileRecord {
  /** Where it begins, from 1. */
  readonly line: number
  readonly cells: readonly string[] | { readonly [name: string]: unknown }
  /** In characters, with what stands between its cells. */
  readonly size: number
  /** Why it is none. */
  readonly fault?: string
}

export interface FileForm {
  readonly format: 'CSV' | 'JSON_LINES'
  readonly delimiter: string | null
  readonly isGzip: boolean
}

export interface OpenFile {
  readonly form: FileForm
  /** Of a CSV file its first record. */
  readonly header: readonly string[] | null
  /** To be read once. */
  readonly batches: AsyncIterable<readonly FileRecord[]>
  /** Of what came, once everything was read. */
  sum(): { sha256: string; bytes: number }
}

export interface OpenOptions {
  /** Where the caller says it; else it is found. */
  readonly delimiter?: string | null
  /** Finds the delimiter in how the file begins. */
  readonly delimiterOf: (head: string) => string
  readonly limits?: Partial<RecordLimits>
  readonly batchSize: number
  /** Of a header; a row with ten times as many cells refuses the file. */
  readonly maxColumns: number
}

const headLength = 64 * 1024
/** Whatever unzips to more than so many times its size, beyond some megabytes, was made to fill disks. */
const maxRatio = 300
const ratioFromBytes = 20_000_000

/**
 * Opens a file. BAD_INPUT for one that is no UTF-8 text, is empty, has broken quotes, or is a spreadsheet or an archive;
 * PAYLOAD_TOO_LARGE for one over a limit. The same errors may come while its batches are read.
 */
export async function openRecords(source: AsyncIterable<Uint8Array>, options: OpenOptions): Promise<OpenFile> {
  const limits = { ...recordLimits, ...options.limits }
  const digest = createHash('sha256')
  const counted = { bytes: 0 }
  const raw = measured(source, { limits, counted, digest })
  const opened = await begun(raw)
  const form = { isGzip: isGzip(opened.first) }
  const text = decoded(form.isGzip ? inflated(opened.all, { limits, counted }) : opened.all)
  const { head, all } = await headOf(text)
  if (head.trim() === '') throw badInput('the file is empty')
  const sum = () => ({ sha256: digest.digest('hex'), bytes: counted.bytes })
  if (/^\s*\[/.test(head)) throw badInput('a list in JSON; send one object a line (JSON lines), or CSV')
  if (/^\s*\{/.test(head)) {
    const records = jsonLines(all, limits.recordLength)
    const batches = inBatches(records, options.batchSize)
    return { form: { format: 'JSON_LINES', delimiter: null, ...form }, header: null, batches, sum }
  }
  const delimiter = options.delimiter ?? options.delimiterOf(head)
  // Before all of them are parsed: there may be millions.
  const [firstLine = ''] = head.trimStart().split(/[\r\n]/, 1)
  if (!firstLine.includes('"') && firstLine.split(delimiter).length > options.maxColumns)
    throw new ApiError('LIMIT_EXCEEDED', `over ${options.maxColumns} columns`)
  const bounds = { delimiter, recordLength: limits.recordLength, maxCells: options.maxColumns * 10 }
  const records = csvRecords(bounded(all, bounds), bounds)
  const first = await records.next()
  const header = first.done || !Array.isArray(first.value.cells) ? [] : first.value.cells
  return { form: { format: 'CSV', delimiter, ...form }, header, batches: inBatches(records, options.batchSize), sum }
}

interface Counted {
  bytes: number
}

const megabytes = (bytes: number) => `${Math.floor(bytes / 1_000_000)} MB`
const tooLarge = (message: string) => new ApiError('PAYLOAD_TOO_LARGE', message)

async function* measured(
  source: AsyncIterable<Uint8Array>,
  {
    limits,
    counted,
    digest,
  }: { limits: RecordLimits; counted: Counted; digest: { update(chunk: Uint8Array): unknown } },
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    counted.bytes += chunk.length
    if (counted.bytes > limits.bytes) throw tooLarge(`the file is over ${megabytes(limits.bytes)}`)
    digest.update(chunk)
    yield chunk
  }
}

/** How the bytes begin, by which forms are told apart, and all of them again. */
async function begun(
  source: AsyncGenerator<Uint8Array>,
): Promise<{ first: Uint8Array; all: AsyncGenerator<Uint8Array> }> {
  let first: Uint8Array = new Uint8Array()
  while (first.length < 4) {
    const next = await source.next()
    if (next.done) break
    first = Buffer.concat([first, next.value])
  }
  const starts = (...bytes: number[]) => bytes.every((byte, place) => first[place] === byte)
  if (starts(0x50, 0x4b, 0x03, 0x04)) throw badInput('an Excel file or a zip archive; save it as CSV, in UTF-8')
  if (starts(0xd0, 0xcf, 0x11, 0xe0)) throw badInput('an old Excel file; save it as CSV, in UTF-8')
  if (starts(0x25, 0x50, 0x44, 0x46)) throw badInput('a PDF; export its table as CSV, in UTF-8')
  if (starts(0xff, 0xfe) || starts(0xfe, 0xff)) throw badInput('a text in UTF-16; save it as CSV in UTF-8')
  return { first, all: chained(first, source) }
}

async function* chained<T>(first: T, rest: AsyncGenerator<T>): AsyncGenerator<T> {
  yield first
  yield* rest
}

const isGzip = (first: Uint8Array) => first[0] === 0x1f && first[1] === 0x8b

async function* inflated(
  source: AsyncGenerator<Uint8Array>,
  { limits, counted }: { limits: RecordLimits; counted: Counted },
): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip()
  const feeding = pipeline(Readable.from(source), gunzip)
  feeding.catch(() => undefined)
  let bytes = 0
  try {
    // The stream gives buffers, as nobody has set an encoding.
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > limits.inflatedBytes) throw tooLarge(`the file unzips to over ${megabytes(limits.inflatedBytes)}`)
      if (bytes > ratioFromBytes && bytes > counted.bytes * maxRatio)
        throw tooLarge(`the file unzips to over ${maxRatio} times its size, as no table does`)
      yield chunk
    }
    await feeding
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (/^Z_|^ERR_.*ZLIB|^ERR_PADDING/.test(code)) throw badInput('the file is not valid gzip, or it was cut off')
    throw error
  } finally {
    gunzip.destroy()
  }
}

async function* decoded(source: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const utf8 = new TextDecoder('utf-8', { fatal: true })
  let bytes = 0
  const textOf = (chunk?: Uint8Array) => {
    try {
      return utf8.decode(chunk, { stream: chunk !== undefined })
    } catch {
      const at = `between bytes ${bytes} and ${bytes + (chunk?.length ?? 0)}`
      throw badInput(`the file is not UTF-8, ${at}; is it Latin-1 (Windows-1252)? Save it as UTF-8`)
    }
  }
  for await (const chunk of source) {
    const text = textOf(chunk)
    bytes += chunk.length
    if (text.includes('\u0000')) throw badInput('the file is no text: it has zero bytes in it')
    if (text !== '') yield text
  }
  const rest = textOf()
  if (rest !== '') yield rest
}

async function headOf(source: AsyncGenerator<string>): Promise<{ head: string; all: AsyncGenerator<string> }> {
  let head = ''
  while (head.length < headLength) {
    const next = await source.next()
    if (next.done) break
    head += next.value
  }
  return { head: head.slice(0, headLength), all: chained(head, source) }
}

interface Bounds {
  readonly delimiter: string
  readonly recordLength: number
  readonly maxCells: number
}

const quote = '"'.charCodeAt(0)
const lineFeed = '\n'.charCodeAt(0)
const carriageReturn = '\r'.charCodeAt(0)

/** The text as it comes, before it is parsed: a record is held as a whole, and each of its cells takes room, an empty one too. */
async function* bounded(source: AsyncGenerator<string>, bounds: Bounds): AsyncGenerator<string> {
  const { recordLength, maxCells } = bounds
  const delimiter = bounds.delimiter.charCodeAt(0)
  let [line, from, cells, isQuoted] = [1, 0, 1, false]
  for await (const text of source) {
    for (let at = 0; at < text.length; at++) {
      const sign = text.charCodeAt(at)
      if (sign === quote) isQuoted = !isQuoted
      else if (sign === lineFeed || sign === carriageReturn) {
        if (sign === lineFeed) line += 1
        if (isQuoted) continue
        if (at - from > recordLength) throw tooLong(recordLength, line)
        from = at + 1
        cells = 1
      } else if (sign === delimiter && !isQuoted && ++cells > maxCells)
        throw new ApiError('LIMIT_EXCEEDED', `a row of over ${maxCells} cells, on line ${line}`)
    }
    if (text.length - from > recordLength) throw tooLong(recordLength, line)
    from -= text.length
    yield text
  }
}

const tooLong = (recordLength: number, line: number | string) =>
  new ApiError(
    'LIMIT_EXCEEDED',
    `a row of over ${recordLength} characters, up to line ${line}; is a quote left open there?`,
  )

async function* csvRecords(
  source: AsyncGenerator<string>,
  { delimiter, recordLength }: Bounds,
): AsyncGenerator<FileRecord> {
  const parser = parse({
    delimiter,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: recordLength,
  })
  const feeding = pipeline(Readable.from(source), parser)
  feeding.catch(() => undefined)
  let line = 1
  // The parser counts a CRLF inside of quotes twice.
  let doubled = 0
  try {
    // With `info` it gives each record with where it ends.
    for await (const { record, info } of parser as AsyncIterable<{
      record: string[]
      info: InfoRecord & { lines: number }
    }>) {
      yield { line, cells: record, size: record.reduce((sum, cell) => sum + cell.length + 1, 0) }
      if (info.lines - doubled > line) doubled += record.reduce((sum, cell) => sum + cell.split('\r\n').length - 1, 0)
      line = info.lines - doubled + 1
    }
    await feeding
  } catch (error) {
    throw error instanceof CsvError ? csvFault(error, recordLength) : error
  } finally {
    parser.destroy()
  }
}

function csvFault(error: CsvError, recordLength: number): ApiError {
  // Where it is stands in the message alone; what was read before it is lost with the parser.
  const [, line = '?'] = /at line (\d+)/.exec(error.message) ?? []
  if (error.code === 'CSV_MAX_RECORD_SIZE') return tooLong(recordLength, line)
  if (error.code === 'CSV_QUOTE_NOT_CLOSED')
    return badInput(`a quote is opened and never closed: the file ends inside it, on line ${line}`)
  if (error.code === 'INVALID_OPENING_QUOTE' || error.code === 'CSV_INVALID_CLOSING_QUOTE')
    return badInput(`broken quotes on line ${line}: a quote inside a quoted cell is written twice ("")`)
  return badInput(`the file cannot be read from line ${line} on`)
}

async function* jsonLines(source: AsyncGenerator<string>, recordLength: number): AsyncGenerator<FileRecord> {
  let rest = ''
  let line = 0
  const take = (text: string): FileRecord[] => {
    line += 1
    if (text.length > recordLength)
      throw new ApiError('LIMIT_EXCEEDED', `line ${line} has over ${recordLength} characters`)
    return text.trim() === '' ? [] : [jsonRecord(text, line)]
  }
  for await (const chunk of source) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > recordLength)
      throw new ApiError('LIMIT_EXCEEDED', `line ${line + lines.length + 1} has over ${recordLength} characters`)
    for (const text of lines) yield* take(text)
  }
  yield* take(rest)
}

function jsonRecord(text: string, line: number): FileRecord {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return { line, cells: value as Record<string, unknown>, size: text.length } // JSON, and an object.
    return { line, cells: {}, size: 0, fault: 'not an object' }
  } catch {
    return { line, cells: {}, size: 0, fault: 'not valid JSON' }
  }
}

/** Of a batch, in characters: it is in memory as a whole, some times over. */
const maxBatchLength = 4_000_000

async function* inBatches(source: AsyncIterable<FileRecord>, records: number): AsyncGenerator<FileRecord[]> {
  let batch: FileRecord[] = []
  let length = 0
  for await (const one of source) {
    batch.push(one)
    length += one.size
    if (batch.length < records && length < maxBatchLength) continue
    yield batch
    batch = []
    length = 0
  }
  if (batch.length > 0) yield batch
}
