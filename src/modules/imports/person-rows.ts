// Rows of people, checked: identifiers, and the values of fields by the account's definitions and normalisers. What a row says is
// judged here by itself; what it means for somebody, elsewhere.

import { compileFields, type FieldsRules } from '../../core/fields/check.ts'
import type { FieldFault, FieldOwner } from '../../core/fields/definition.ts'
import { heldWrites, keyed } from '../../core/fields/held.ts'
import { maxFields } from '../../core/fields/limits.ts'
import { immutableFields } from '../../core/fields/operations.ts'
import type { PersonRef } from '../../core/identity.ts'
import type { KnownColumn, Strangers } from '../../core/imports/columns.ts'
import { type RowPlan, rejected } from '../../core/imports/outcome.ts'
import { ApiError } from '../../errors.ts'
import { checkTexts, type JsonObject, JsonObjectScalar } from '../../scalars.ts'
import { normalisedChange } from '../profiles/raw-values.ts'
import { checkRef } from '../profiles/resolve.ts'
import type { AccountRules } from '../programs/rule-sets.ts'
import type { FileRow, Piece } from './job.ts'
import type { PersonRow } from './people.ts'

/** By which a row names its person, with the names that files have for them. */
const named: readonly KnownColumn[] = [
  { name: 'id', aliases: ['profileId'], description: 'The id that the API gave.' },
  {
    name: 'sourceId',
    aliases: ['customerId', 'externalId', 'userId', 'crmId', 'customer', 'customer no', 'customer number'],
    description: "The person's id in the brand's own system.",
    examples: ['c-1001', 'c-1002'],
  },
  {
    name: 'email',
    aliases: ['e-mail', 'mail', 'emailAddress', 'e-mail address', 'mail address'],
    examples: ['ada@example.com', 'grace@example.com'],
  },
  {
    name: 'phone',
    aliases: ['phoneNumber', 'mobile', 'telephone', 'tel', 'mobilePhone'],
    description: 'In international form.',
    examples: ['+49 30 901820', '+1 212 555 0143'],
  },
  { name: 'partnerUserId', description: "The person's id in a partner's system." },
  { name: 'deviceId', description: 'A device or browser.' },
]

export const identifierColumns: readonly KnownColumn[] = named.map((column) => ({ ...column, identifies: true }))

const identifierNames = new Set(identifierColumns.map(({ name }) => name))
const maxCell = 32_768

/** The identifiers and the account's fields. */
export function personColumns(rules: AccountRules): KnownColumn[] {
  return [...identifierColumns, ...ownColumns(rules, 'PROFILE').filter(({ name }) => !identifierNames.has(name))]
}

/** The fields that the account defines of an owner. */
export function ownColumns({ fields }: AccountRules, owner: FieldOwner): KnownColumn[] {
  const defined = new Set(fields?.of(owner)?.byName.values() ?? [])
  return [...defined].map(({ key, definition: { name, apiName, type } }) => ({
    ...{ name: key, aliases: [name, apiName], description: type },
    examples: examples[type] ?? [],
  }))
}

const examples: Readonly<Record<string, readonly string[]>> = {
  STRING: ['Ada', 'Grace'],
  NUMBER: ['12.5', '7'],
  INTEGER: ['12', '7'],
  BOOLEAN: ['true', 'false'],
  DATE: ['1990-12-10', '1986-12-09'],
  DATETIME: ['2026-03-10T12:00:00Z', '2026-03-11T08:30:00Z'],
  URL: ['https://example.com/ada', 'https://example.com/grace'],
  EMAIL: ['ada@example.com', 'grace@example.com'],
  PHONE: ['+4930901820', '+12125550143'],
  COUNTRY: ['DE', 'US'],
  CURRENCY: ['EUR', 'USD'],
  MONEY: ['{"amountMinor":1250,"currency":"EUR"}', '{"amountMinor":700,"currency":"USD"}'],
  GEO_POINT: ['{"lat":52.5,"lon":13.4}', '{"lat":40.7,"lon":-74}'],
  OBJECT: ['{}', '{}'],
  LIST: ['["a","b"]', '[]'],
  REFERENCE: ['ref-1', 'ref-2'],
}

export const personStrangers = (rules: AccountRules): Strangers => strangersOf(rules, 'PROFILE')

/** Columns that are no known field are fields by their own names, unless the account's policy for the owner is another. */
export function strangersOf({ fields }: AccountRules, owner: FieldOwner): Strangers {
  const policy = fields?.of(owner)?.unknownKeys ?? 'ACCEPT'
  return policy === 'ACCEPT' ? 'TAKE' : policy === 'DROP' ? 'IGNORE' : 'REFUSE'
}

/** What a row says of a person's fields: what is blank is left as it is, or removed. */
export interface Said {
  readonly set: JsonObject
  readonly unset: readonly string[]
}

/** The row, checked, or why it is refused. */
export function personRow(piece: Pick<Piece, 'rules' | 'context' | 'job'>, row: FileRow): PersonRow | RowPlan {
  try {
    return checkedRow(piece, row.number, { ref: refIn(row), said: saidIn(piece, row) })
  } catch (error) {
    if (error instanceof ApiError) return rejected(row.number, rowCode(error), faultText(error))
    throw error
  }
}

/** The code of an error that a row may have. */
export const rowCode = ({ code }: ApiError) =>
  code === 'NOT_FOUND' ||
  code === 'CONFLICT' ||
  code === 'IMMUTABLE_FIELD' ||
  code === 'LIMIT_EXCEEDED' ||
  code === 'FORBIDDEN'
    ? code
    : 'BAD_INPUT'

export const faultText = ({ field, message }: ApiError): string =>
  (field ? `${field}: ${message}` : message).slice(0, 500)

/** The reference of a row's identifiers; blank ones are absent. */
export function refIn({ values }: FileRow): PersonRef {
  const text = (name: string): string | null => {
    const value = values.get(name)
    if (value === undefined || value === null) return null
    if (typeof value !== 'string' && typeof value !== 'number')
      throw new ApiError('BAD_INPUT', 'not a text', { field: name })
    return String(value).trim() || null
  }
  return {
    ...{ id: text('id'), sourceId: text('sourceId'), email: text('email'), phone: text('phone') },
    ...{ partnerUserId: text('partnerUserId'), deviceId: text('deviceId') },
  }
}

const saidIn = (piece: Pick<Piece, 'rules' | 'job'>, row: FileRow): Said =>
  saidBeside(piece, row, { owner: 'PROFILE', others: identifierNames })

/** What a row says of fields: of all columns but the others. */
export function saidBeside(
  { rules, job }: Pick<Piece, 'rules' | 'job'>,
  { values }: FileRow,
  { owner, others }: { owner: FieldOwner; others: ReadonlySet<string> },
): Said {
  const set: [string, unknown][] = []
  const unset: string[] = []
  for (const [name, value] of values) {
    if (others.has(name)) continue
    if (value === '' || (typeof value === 'string' && value.trim() === '')) {
      if (job.blankCells === 'CLEAR') unset.push(name)
    } else if (value === null) unset.push(name)
    else set.push([name, cellOf(rules.fields?.of(owner), name, value)])
  }
  return { set: Object.fromEntries(set) as JsonObject, unset } // JSON, as it was read.
}

const structured = new Set(['OBJECT', 'LIST', 'MONEY', 'GEO_POINT'])

/** A cell as its field takes it: of objects and lists the cell is JSON. */
export const cellValue = ({ fields }: AccountRules, name: string, value: unknown): unknown =>
  cellOf(fields?.of('PROFILE'), name, value)

/** The same, held to the rules of any owner. */
function cellOf(rules: FieldsRules | undefined, name: string, value: unknown): unknown {
  if (typeof value !== 'string') return value
  if (value.length > maxCell) throw new ApiError('LIMIT_EXCEEDED', `over ${maxCell} characters`, { field: name })
  const type = rules?.byName.get(name)?.definition.type
  if (type === undefined || !structured.has(type)) return value
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}

const noRules: FieldsRules = compileFields(
  [],
  [{ owner: 'PROFILE', eventName: '', unknownKeys: 'ACCEPT', wrongType: 'ACCEPT' }],
).of('PROFILE') ?? {
  ...{ byName: new Map(), unknownKeys: 'ACCEPT', wrongType: 'ACCEPT' },
}

/** What a row says, held to identifiers, definitions and limits. ApiError for a row that is refused. */
export function checkedRow(
  { rules, context }: Pick<Piece, 'rules' | 'context'>,
  number: number,
  { ref, said }: { ref: PersonRef; said: Said },
): PersonRow {
  checkTexts(ref, 'row')
  const checked = checkRef(ref, 'row')
  if (checked.id === null && checked.identifiers.length === 0)
    throw new ApiError('BAD_INPUT', `no identifier: one of ${[...identifierNames].join(', ')} names the person`)
  const given = JsonObjectScalar.parseValue(said.set)
  const names = [...Object.keys(given), ...said.unset]
  if (names.length > maxFields) throw new ApiError('LIMIT_EXCEEDED', `over ${maxFields} fields`)
  const immutable = names.find((name) => immutableFields.has(name))
  if (immutable !== undefined) throw new ApiError('IMMUTABLE_FIELD', `\`${immutable}\` of a person never changes`)
  const { set } = normalisedChange({ set: given }, rules.fieldRules)
  const notes = { warnings: [] as FieldFault[], faults: [] as FieldFault[] }
  const fields = rules.fields?.of('PROFILE') ?? noRules
  const asked = keyed({ ...nothing, set, unset: said.unset }, fields, { path: 'row', notes })
  const at = context.now.getTime()
  const stated = [
    ...Object.entries(asked.set).map(([name, value]) => ({ name, value, at })),
    ...asked.unset.map((name) => ({ name, value: undefined, at })),
  ]
  const writes = heldWrites(stated, fields, { placeOf: (name) => name, notes })
  const [fault] = notes.faults
  if (fault)
    throw new ApiError(
      'BAD_INPUT',
      notes.faults
        .map((one) => `${plainPlace(one.field)}: ${one.message}`)
        .join('; ')
        .slice(0, 500),
    )
  const left = notes.warnings.map(({ field, message }) => `${plainPlace(field)}: ${message}`)
  return { number, ref: { ...checked, dropped: checked.dropped ?? [] }, writes, given, set, notes: left }
}

const plainPlace = (field: string) => field.replace(/^row\.(set\.|unset)?/, '')
const nothing = { setUntil: [], setOnce: {}, increment: {}, append: {}, remove: {} }
