// Reports: how good the values of fields are, and whether there are enough orders to predict from.

import type { Context } from '../../context.ts'
import { groupBy } from '../../core/group.ts'
import { type FieldQuality, fieldQuality, type Spelling } from '../../core/normalise/field-quality.ts'
import { type FieldRules, readField, readValue } from '../../core/normalise/fields.ts'
import type { ValueKind } from '../../core/normalise/kinds.ts'
import { orderEvents } from '../../core/orders.ts'
import { ApiError } from '../../errors.ts'
import { countBuyers, countPeople, findSpellings, type SpellingRow } from './report-sql.ts'
import { fieldInput } from './service.ts'

const maxFields = 20
/** That one statement looks at: a million people times as many are what it manages in its time. */
const fieldsAtOnce = 4
/** Spellings of a field that are looked at one by one. */
const maxSpellings = 2_000

/** What people are recognised by and that has a normal form, by the names that rules know it by. */
const identities: ReadonlyMap<string, { kind: string; as: ValueKind }> = new Map([
  ['email', { kind: 'EMAIL', as: 'EMAIL' }],
  ['phone', { kind: 'PHONE', as: 'PHONE' }],
])

export interface FieldReport extends FieldQuality {
  field: string
  kind: ValueKind | null
  filled: number
  distinct: number
  newestAt: Date | null
  medianAgeDays: number | null
}

export interface QualityReport {
  people: number
  score: number | null
  fields: FieldReport[]
}

/** Of the fields, else of all that are normalised, e-mail and phone. LIMIT_EXCEEDED for over 20. */
export async function dataQuality(context: Context, asked?: readonly string[] | null): Promise<QualityReport> {
  const { accountId, aged, services, sql } = context
  const { fieldRules: rules } = await services.ruleSets.inForce(sql, accountId)
  const given = asked?.map((name, index) => fieldInput(name, `fields[${index}]`))
  const names = [...new Set(given ?? [...[...rules.fields].sort().slice(0, maxFields - 2), ...identities.keys()])]
  if (names.length > maxFields) throw new ApiError('LIMIT_EXCEEDED', `over ${maxFields} fields`, { field: 'fields' })
  const people = await countPeople(aged.sql, accountId)
  const rows: SpellingRow[] = []
  // One after the other: each reads everybody, and shares the database with others meanwhile.
  for (let start = 0; start < names.length; start += fieldsAtOnce)
    rows.push(...(await spellingsOf(aged, names.slice(start, start + fieldsAtOnce), rules)))
  const byField = groupBy(rows, ({ field }) => field)
  const fields = names.map((field) => reportOf(field, byField.get(field) ?? [], { people, rules }))
  const total = fields.reduce((sum, { score }) => sum + score, 0)
  return { people, score: fields.length ? Math.round((10 * total) / fields.length) / 10 : null, fields }
}

function spellingsOf({ sql, accountId, now }: Context, names: readonly string[], rules: FieldRules) {
  const fields = names.filter((field) => !identities.has(field))
  return findSpellings(sql, accountId, {
    fields: fields.map((field) => ({ field, countryField: rules.normalisers.get(field)?.countryField ?? null })),
    identities: names.flatMap((field) => {
      const kind = identities.get(field)?.kind
      return kind === undefined ? [] : [{ field, kind }]
    }),
    limit: maxSpellings,
    now,
  })
}

function reportOf(
  field: string,
  rows: readonly SpellingRow[],
  { people, rules }: { people: number; rules: FieldRules },
): FieldReport {
  const { filled = 0, values = 0, distinct = 0, newestAt = null, medianAgeDays = null } = rows[0] ?? {}
  const kind = identities.get(field)?.as ?? rules.normalisers.get(field)?.kind ?? null
  const quality = fieldQuality({ people, filled, values, distinct }, rows, readerOf(rules, field))
  return { field, kind, filled, distinct, newestAt, medianAgeDays, ...quality }
}

/** How values of a field are read; null for a field without a normaliser. */
function readerOf(rules: FieldRules, field: string) {
  const identity = identities.get(field)
  if (identity) return ({ text }: Spelling) => readValue(rules, text, { kind: identity.as })
  const normaliser = rules.normalisers.get(field)
  if (!normaliser) return null
  return ({ text, country }: Spelling) => {
    const beside = normaliser.countryField && country !== null ? { [normaliser.countryField]: country } : {}
    const found = readField(rules, field, { ...beside, [field]: text })
    if (!found) throw new Error('a field with a normaliser can be read')
    return found
  }
}

export const readinessCriteria = ['CUSTOMERS', 'REPEAT_BUYERS', 'WEEKS_OBSERVED'] as const

export interface Readiness {
  criterion: (typeof readinessCriteria)[number]
  value: number
  needed: number
  ok: boolean
}

const weekMs = 7 * 86_400_000

/**
 * What models of repeated buying need: they are fitted on how often and how lately each customer bought, and checked on weeks
 * held back. The data set that they are known to work on (CDNOW, 2,357 customers of whom 946 bought again in 39 weeks) is our
 * measure: under half of those people, or fewer weeks, parameters move too much to tell customers apart.
 */
const needed = { CUSTOMERS: 1_000, REPEAT_BUYERS: 400, WEEKS_OBSERVED: 39 } as const

export async function predictionReadiness({ aged: context }: Context): Promise<Readiness[]> {
  const counts = await countBuyers(context.sql, context.accountId, { eventNames: orderEvents })
  const { customers, repeatBuyers, firstAt, newestAt } = counts
  const observedMs = firstAt && newestAt ? newestAt.getTime() - firstAt.getTime() : 0
  const values = { CUSTOMERS: customers, REPEAT_BUYERS: repeatBuyers, WEEKS_OBSERVED: Math.floor(observedMs / weekMs) }
  return readinessCriteria.map((criterion) => ({
    criterion,
    value: values[criterion],
    needed: needed[criterion],
    ok: values[criterion] >= needed[criterion],
  }))
}
