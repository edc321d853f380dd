// The columns of a file: which of them are known, by name or by what the caller said, and what the others may have been meant to be.

import { distance } from 'fastest-levenshtein'

/** Something that a column may tell. */
export interface KnownColumn {
  readonly name: string
  /** Other names that files use for it. */
  readonly aliases?: readonly string[]
  readonly required?: boolean
  /** It names what a row is about; a file has to have one of them. */
  readonly identifies?: boolean
  readonly description?: string
  /** For the example file: one value a row. */
  readonly examples?: readonly string[]
}

/** What becomes of columns that nobody knows: they are fields by their own names, they are left out, or the file is refused. */
export type Strangers = 'TAKE' | 'IGNORE' | 'REFUSE'

export interface Column {
  /** As the file has it. */
  readonly name: string
  /** What it tells; null where it is left out. */
  readonly field: string | null
  /** It is known; else it was taken by its own name, or left out. */
  readonly known: boolean
  /** The known name that a stranger is nearest to, where one is near. */
  readonly nearest: string | null
}

export interface ColumnRules {
  readonly known: readonly KnownColumn[]
  readonly strangers: Strangers
  /** By the file's name of a column what it tells; null: it is left out. */
  readonly mapping: ReadonlyMap<string, string | null>
}

/** What refuses the whole file. */
export interface FileFault {
  readonly code: 'BAD_INPUT' | 'LIMIT_EXCEEDED'
  readonly message: string
}

/** How our own files of outcomes call what they add; such columns are passed over when the file comes again. */
export const outcomeColumns = ['import_outcome', 'import_code', 'import_message', 'import_line'] as const

export const maxColumns = 1_000
const maxNameLength = 200
const shownLength = 60

/** Case, blanks, dots, dashes and underscores make no difference. */
export const foldColumn = (name: string): string =>
  name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s._-]+/gu, '')

const shownName = (name: string) => JSON.stringify(name.length > shownLength ? `${name.slice(0, shownLength)}…` : name)

/** Looks columns up by their names, one at a time: of JSON lines nobody knows them all before the end. */
export class ColumnNames {
  readonly #rules: ColumnRules
  readonly #byName = new Map<string, string>()
  readonly #found = new Map<string, Column>()

  constructor(rules: ColumnRules) {
    this.#rules = rules
    // A name of its own goes before others' aliases.
    for (const { name } of rules.known) this.#byName.set(foldColumn(name), name)
    for (const { name, aliases = [] } of rules.known) {
      for (const alias of aliases) {
        const folded = foldColumn(alias)
        if (!this.#byName.has(folded)) this.#byName.set(folded, name)
      }
    }
  }

  column(given: string): Column {
    const known = this.#found.get(given)
    if (known) return known
    const column = this.#look(given)
    // Lines may each have names of their own.
    if (this.#found.size < maxColumns) this.#found.set(given, column)
    return column
  }

  #look(given: string): Column {
    const name = given.trim()
    const { mapping, strangers } = this.#rules
    const mapped = mapping.get(name)
    if (mapped !== undefined) {
      const field = mapped === null ? null : (this.#byName.get(foldColumn(mapped)) ?? mapped)
      return { name, field, known: true, nearest: null }
    }
    if (outcomeColumns.some((own) => own === name)) return { name, field: null, known: true, nearest: null }
    const field = this.#byName.get(foldColumn(name))
    if (field !== undefined) return { name, field, known: true, nearest: null }
    return { name, field: strangers === 'TAKE' ? name : null, known: false, nearest: this.#nearest(foldColumn(name)) }
  }

  #nearest(folded: string): string | null {
    const reach = folded.length < 5 ? 1 : folded.length < 10 ? 2 : 3
    let best: { name: string; far: number } | null = null
    for (const [key, name] of this.#byName) {
      if (Math.abs(key.length - folded.length) > reach) continue
      const far = distance(key, folded)
      if (far <= reach && far < key.length && (best === null || far < best.far)) best = { name, far }
    }
    return best?.name ?? null
  }
}

/** The columns of a header, in its order, or what is wrong with it. */
export function columnsOf(header: readonly string[], rules: ColumnRules): Column[] | FileFault {
  if (header.length > maxColumns) return { code: 'LIMIT_EXCEEDED', message: `over ${maxColumns} columns` }
  const names = new ColumnNames(rules)
  const columns = header.map((name) => names.column(name))
  return headerFault(header, columns) ?? unmatched(columns, rules) ?? columns
}

function headerFault(header: readonly string[], columns: readonly Column[]): FileFault | null {
  const bad = (message: string): FileFault => ({ code: 'BAD_INPUT', message })
  const seen = new Map<string, number>()
  for (const [index, name] of header.entries()) {
    const at = index + 1
    const trimmed = name.trim()
    if (trimmed === '') return bad(`column ${at} has no name in the header`)
    if (trimmed.length > maxNameLength) return bad(`the name of column ${at} has over ${maxNameLength} characters`)
    const first = seen.get(trimmed)
    if (first !== undefined) return bad(`the header has ${shownName(trimmed)} twice, as columns ${first} and ${at}`)
    seen.set(trimmed, at)
  }
  const tellers = new Map<string, string>()
  for (const { name, field } of columns) {
    if (field === null) continue
    const other = tellers.get(field)
    if (other !== undefined) return bad(`${shownName(other)} and ${shownName(name)} both tell ${field}`)
    tellers.set(field, name)
  }
  return null
}

function unmatched(columns: readonly Column[], { known, strangers, mapping }: ColumnRules): FileFault | null {
  const bad = (message: string): FileFault => ({ code: 'BAD_INPUT', message })
  const unknown = columns.filter((column) => !column.known)
  if (strangers === 'REFUSE' && unknown.length > 0) return bad(`columns that nobody knows: ${listed(unknown)}`)
  const told = new Set(columns.flatMap(({ field }) => field ?? []))
  const missing = known.filter(({ name, required }) => required && !told.has(name)).map(({ name }) => name)
  if (missing.length > 0) {
    const others = unknown.length > 0 ? `; the header has ${listed(unknown)}` : ''
    return bad(`the header lacks ${missing.join(', ')}${others}`)
  }
  const identifying = known.filter(({ identifies }) => identifies).map(({ name }) => name)
  if (identifying.length > 0 && !identifying.some((name) => told.has(name))) {
    const others = unknown.length > 0 ? `; the header has ${listed(unknown)}` : ''
    return bad(`no column names what a row is about: one of ${identifying.join(', ')}${others}`)
  }
  const absent = [...mapping.keys()].filter((name) => !columns.some((column) => column.name === name))
  if (absent.length > 0)
    return bad(`the mapping names columns that are not there: ${absent.slice(0, 10).map(shownName).join(', ')}`)
  return null
}

const maxListed = 20

const listed = (columns: readonly Column[]): string =>
  columns
    .slice(0, maxListed)
    .map(({ name, nearest }) => (nearest === null ? shownName(name) : `${shownName(name)} (${nearest}?)`))
    .join(', ')
