// What an account says of its values: how its fields are normalised, and what its own spellings stand for. Each change counts
// as one of the account's rules, so that every server goes by it from its next batch on.

import type { Context } from '../../context.ts'
import { identifierNames } from '../../core/fields/operations.ts'
import { type MappingScope, readValue } from '../../core/normalise/fields.ts'
import { foldValue } from '../../core/normalise/fold.ts'
import { normaliseAs, type ValueKind } from '../../core/normalise/kinds.ts'
import { maxValueLength, tidy, type ValueSetting } from '../../core/normalise/normalised.ts'
import { ApiError, badInput, conflict, notFound } from '../../errors.ts'
import { idInput, newId } from '../../ids.ts'
import type { Transaction } from '../../platform/database.ts'
import { checkedText } from '../../text.ts'
import { bumpRules } from '../programs/sql.ts'

const maxNormalisers = 200
/** They are kept in memory with the account's rules. */
const maxMappings = 10_000

export interface SetFieldNormaliserInput {
  field: string
  kind: ValueKind
  country?: string | null
  countryField?: string | null
  dayFirst?: boolean | null
}

/** Says how a field is normalised from now on, in place of what was said before; returns its name. */
export async function setFieldNormaliser(context: Context, input: SetFieldNormaliserInput): Promise<string> {
  const { accountId, services, now } = context
  const field = fieldInput(input.field, 'input.field')
  // Traits of other products come by these two, and are fields beside the identifiers that they are read as.
  if (identifierNames.has(field) && field !== 'email' && field !== 'phone')
    throw badInput('this is an identifier, which has a form of its own', 'input.field')
  const setting = checkedSetting(input)
  await services.database.transaction(async (tx) => {
    await bumpRules(tx, accountId)
    const key = { accountId_field: { accountId, field } }
    await tx.fieldNormaliser.upsert({
      where: key,
      create: { accountId, field, ...setting, createdAt: now },
      update: setting,
    })
    if ((await tx.fieldNormaliser.count({ where: { accountId } })) > maxNormalisers)
      throw new ApiError('LIMIT_EXCEEDED', `over ${maxNormalisers} fields`, { field: 'input.field' })
  })
  return field
}

function checkedSetting({ kind, dayFirst, ...input }: SetFieldNormaliserInput) {
  const takesCountry = kind === 'REGION' || kind === 'PHONE'
  if (!takesCountry && input.country) throw badInput(`a ${kind} has no country`, 'input.country')
  if (!takesCountry && input.countryField) throw badInput(`a ${kind} has no country`, 'input.countryField')
  if (kind !== 'DATE' && dayFirst != null) throw badInput(`a ${kind} has no days`, 'input.dayFirst')
  return {
    kind,
    country: checkedCountry(input.country, 'input.country'),
    countryField: input.countryField ? fieldInput(input.countryField, 'input.countryField') : null,
    dayFirst: dayFirst ?? null,
  }
}

/** The country's code; null where none is given. BAD_INPUT for what is no country. */
export function checkedCountry(country: string | null | undefined, field: string): string | null {
  if (!country) return null
  const { value } = normaliseAs('COUNTRY', country)
  if (value === null) throw badInput(`not a country: ${country.slice(0, 80)}`, field)
  return value
}

/** A field's name as it stands in a person's fields. */
export const fieldInput = (name: string, field: string): string => checkedText(name, field)

/** Values of the field are stored as they come, from now on; what is stored stays. NOT_FOUND where it was not normalised. */
export async function removeFieldNormaliser(context: Context, input: { field: string }): Promise<string> {
  const { accountId, services } = context
  const field = input.field.trim()
  await services.database.transaction(async (tx) => {
    await bumpRules(tx, accountId)
    const { count } = await tx.fieldNormaliser.deleteMany({ where: { accountId, field } })
    if (count === 0) throw notFound('the field has no normaliser', 'input.field')
  })
  return field
}

export interface SetValueMappingInput {
  field?: string | null
  kind?: ValueKind | null
  raw: string
  value: string
}

/** Says what a spelling stands for, in place of what was said before; returns the row's id. CONFLICT for a chain of mappings. */
export async function setValueMapping(context: Context, input: SetValueMappingInput): Promise<string> {
  const { accountId, services, now } = context
  const scope = checkedScope(input)
  const raw = foldValue(checkedText(input.raw, 'input.raw', maxValueLength))
  const id = newId()
  return services.database.transaction(async (tx) => {
    await bumpRules(tx, accountId)
    const value = await checkedValue(tx, accountId, input)
    const others = await tx.valueMapping.findMany({ where: { accountId, scope, NOT: { raw } } })
    const isUsed = others.some((other) => other.value !== value && foldValue(other.value) === raw)
    if (isUsed) throw conflict('another mapping gives that value', 'input.raw')
    const isRaw = others.some((other) => other.value !== value && other.raw === foldValue(value))
    if (isRaw) throw conflict('another mapping takes that value', 'input.value')
    const row = await tx.valueMapping.upsert({
      where: { accountId_scope_raw: { accountId, scope, raw } },
      create: { accountId, id, scope, raw, value, createdAt: now },
      update: { value },
    })
    if ((await tx.valueMapping.count({ where: { accountId } })) > maxMappings)
      throw new ApiError('LIMIT_EXCEEDED', `over ${maxMappings.toLocaleString('en')} mappings`, { field: 'input.raw' })
    return row.id
  })
}

function checkedScope({ field, kind }: { field?: string | null; kind?: ValueKind | null }): MappingScope {
  if (field != null && kind != null) throw badInput('name a field or a kind, not both', 'input.kind')
  if (field != null) return `field:${fieldInput(field, 'input.field')}`
  if (kind == null) throw badInput('name a field or a kind', 'input.field')
  return `kind:${kind}`
}

/** What the mapping gives, in the form of the kind or of the field's normaliser. BAD_INPUT for what has none. */
async function checkedValue(tx: Transaction, accountId: string, input: SetValueMappingInput): Promise<string> {
  const text = checkedText(input.value, 'input.value', maxValueLength)
  const normaliser = input.field
    ? await tx.fieldNormaliser.findUnique({
        where: { accountId_field: { accountId, field: fieldInput(input.field, 'input.field') } },
      })
    : null
  const kind = input.kind ?? normaliser?.kind
  if (!kind) return tidy(text)
  const { value, problem } = normaliseAs(kind, text, normaliser ?? {})
  if (value === null) throw badInput(`not a ${kind}: ${problem}`, 'input.value')
  return value
}

/** NOT_FOUND where there is none of that id. What it changed stays as it is. */
export async function removeValueMapping(context: Context, input: { id: string | number }): Promise<string> {
  const { accountId, services } = context
  const id = idInput('ValueMapping', input.id, 'input.id')
  await services.database.transaction(async (tx) => {
    await bumpRules(tx, accountId)
    const { count } = await tx.valueMapping.deleteMany({ where: { accountId, id } })
    if (count === 0) throw notFound('no such mapping', 'input.id')
  })
  return id
}

export interface NormaliseValueInput extends ValueSetting {
  kind: ValueKind
  value?: unknown
  field?: string | null
}

/** A value as the account would have it: by its own table first. Nothing is stored. */
export async function normaliseValue(context: Context, { value, ...input }: NormaliseValueInput) {
  const { accountId, services, sql } = context
  const country = checkedCountry(input.country, 'country')
  const { fieldRules: rules } = await services.ruleSets.inForce(sql, accountId)
  return readValue(rules, value, { ...input, country })
}
