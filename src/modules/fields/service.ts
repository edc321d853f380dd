// Defining fields, changing what their values must be, and deleting them. Definitions travel with the rules in force, so each
// change counts as a change of these.

import type { Context } from '../../context.ts'
import { checkFields, compileFields } from '../../core/fields/check.ts'
import {
  apiNameOf,
  type FieldDefinition,
  type FieldOwner,
  type FieldType,
  type FieldVerdict,
  keyOf,
  stepsTo,
} from '../../core/fields/definition.ts'
import { immutableFields } from '../../core/fields/operations.ts'
import { compilePattern } from '../../core/fields/pattern.ts'
import { isTypedType } from '../../core/fields/typed.ts'
import { identityKindOf } from '../../core/rules/path.ts'
import { ApiError, badInput, conflict, notFound } from '../../errors.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import { idInput, newId } from '../../ids.ts'
import type { Transaction } from '../../platform/database.ts'
import type { Json } from '../../scalars.ts'
import { checkedOptional, checkedText } from '../../text.ts'
import { wantValues } from '../field-values/sql.ts'
import { checkedEventName } from '../programs/definitions.ts'
import { findFields } from '../programs/field-definitions.ts'
import { bumpRules } from '../programs/sql.ts'
import { usesOf } from './usage.ts'

const maxDefinitions = 1_000
const maxName = 200
const maxDescription = 1_000
const maxValues = 500
const maxDepth = 3

/** What values of a field must be. */
export interface FieldAsks {
  required?: boolean | null
  default?: Json | null
  min?: number | null
  max?: number | null
  pattern?: string | null
  values?: readonly string[] | null
  pii?: boolean | null
  description?: string | null
}

export interface DefineFieldInput {
  owner: FieldOwner
  eventName?: string | null
  partOf?: string | number | null
  name: string
  type: FieldType
  itemType?: FieldType | null
  rules?: FieldAsks | null
}

/** Defines a field, or one that was deleted anew; returns its id. CONFLICT for a name that is taken. */
export async function defineField(context: Context, input: DefineFieldInput): Promise<string> {
  const { accountId, services, now } = context
  const eventName = eventOf(input, 'input.eventName')
  const name = checkedText(input.name, 'input.name', maxName)
  const partOf = input.partOf == null ? null : idInput('FieldDefinition', input.partOf, 'input.partOf')
  if (partOf === null && input.owner === 'PROFILE') assertFree(name)
  assertTypes(input)
  assertBounds(input, input.rules ?? {})
  const id = await services.database.transaction(async (tx) => {
    await bumpRules(tx, accountId)
    const { definitions } = await findFields(tx, accountId)
    if (definitions.length >= maxDefinitions)
      throw new ApiError('LIMIT_EXCEEDED', `over ${maxDefinitions} fields are defined`, { field: 'input.name' })
    const place = partOf === null ? '' : parentOf(definitions, partOf, { ...input, eventName }).id
    const beside = await tx.fieldDefinition.findMany({ where: { accountId, owner: input.owner, eventName, place } })
    const known = beside.find((one) => one.name === name)
    if (known?.deletedAt === null) throw conflict('another field has that name', 'input.name')
    const taken = new Set(beside.flatMap((one) => (one === known ? [] : [one.name, one.apiName])))
    if (taken.has(name)) throw conflict('another field has that name in the API', 'input.name')
    const definition = checkedDefinition({
      ...{ id: known?.id ?? newId(), owner: input.owner, eventName, place, name, type: input.type },
      itemType: input.itemType ?? null,
      apiName: apiNameOf(name, (one) => taken.has(one) || immutableFields.has(one)),
      ...asksOf({}, input.rules ?? {}),
    })
    const row = { ...columnsOf(definition), accountId, createdAt: now, deletedAt: null }
    await tx.fieldDefinition.upsert({
      where: { accountId_id: { accountId, id: definition.id } },
      create: row,
      update: row,
    })
    await keepTyped(tx, accountId, definition)
    return definition.id
  })
  if (input.owner === 'PROFILE') services.fieldFilling.wake()
  return id
}

/** Of a field of people at the top: whether its values are kept typed, as its type says. */
export async function keepTyped(
  tx: Transaction,
  accountId: string,
  definition: Pick<FieldDefinition, 'owner' | 'place' | 'name' | 'apiName' | 'type'>,
): Promise<void> {
  const { owner, place, type } = definition
  if (owner !== 'PROFILE' || place !== '') return
  await wantValues(tx, accountId, { field: keyOf(definition), isWanted: isTypedType(type) })
}

export interface UpdateFieldInput {
  fieldId: string | number
  rules: FieldAsks
}

/** Changes what values must be from now on; what is absent stays, null takes it away. Values that are there stay as they are. */
export async function updateField(context: Context, input: UpdateFieldInput): Promise<string> {
  const { accountId, services } = context
  const id = idInput('FieldDefinition', input.fieldId, 'input.fieldId')
  await services.database.transaction(async (tx) => {
    await bumpRules(tx, accountId)
    const row = await findDefinition(tx, accountId, { id, field: 'input.fieldId' })
    assertBounds(row, input.rules)
    const definition = checkedDefinition({ ...row, ...asksOf(row, input.rules) })
    await tx.fieldDefinition.update({ where: { accountId_id: { accountId, id } }, data: columnsOf(definition) })
  })
  return id
}

/** Deletes a definition with those of its parts; values stay. CONFLICT, telling the first use, for one that rules name. */
export async function deleteField(context: Context, input: { fieldId: string | number }): Promise<string> {
  const { accountId, services, now } = context
  const id = idInput('FieldDefinition', input.fieldId, 'input.fieldId')
  await services.database.transaction(async (tx) => {
    await bumpRules(tx, accountId)
    const { owner, place, ...deleted } = await findDefinition(tx, accountId, { id, field: 'input.fieldId' })
    const { definitions } = await findFields(tx, accountId)
    const {
      rules: [use],
      audiences: [audience],
    } = await usesOf(tx, accountId, { definitions, id })
    if (use) throw conflict(`the campaign ${use.campaign} asks for it in its journey ${use.journey}`, 'input.fieldId')
    if (audience) throw conflict(`the audience ${audience.name} asks for it`, 'input.fieldId')
    await tx.fieldDefinition.updateMany({
      where: { accountId, id: { in: [id, ...partsWithin(definitions, id)] } },
      data: { deletedAt: now },
    })
    if (owner === 'PROFILE' && place === '') await wantValues(tx, accountId, { field: keyOf(deleted), isWanted: false })
  })
  services.fieldFilling.wake()
  return id
}

export interface SetFieldPolicyInput {
  owner: FieldOwner
  eventName?: string | null
  unknownKeys?: FieldVerdict | null
  wrongType?: FieldVerdict | null
}

/** Says what is done with what the definitions of an owner do not allow. */
export async function setFieldPolicy(context: Context, input: SetFieldPolicyInput) {
  const { accountId, services } = context
  const { owner, unknownKeys, wrongType } = input
  const eventName = eventOf(input, 'input.eventName')
  const said = { ...(unknownKeys ? { unknownKeys } : {}), ...(wrongType ? { wrongType } : {}) }
  return services.database.transaction(async (tx) => {
    await bumpRules(tx, accountId)
    const key = { accountId, owner, eventName }
    return tx.fieldPolicy.upsert({
      where: { accountId_owner_eventName: key },
      create: { ...key, ...said },
      update: said,
    })
  })
}

function eventOf({ owner, eventName }: { owner: FieldOwner; eventName?: string | null }, field: string): string {
  if (owner === 'EVENT') {
    if (!eventName?.trim()) throw badInput('fields of events are of one event name', field)
    return checkedEventName(eventName, field)
  }
  if (eventName != null) throw badInput('only fields of events have an event name', field)
  return ''
}

function assertFree(name: string): void {
  if (immutableFields.has(name) || identityKindOf(name) !== undefined || name === 'emailDomain')
    throw conflict(`\`${name}\` is an identifier of the person`, 'input.name')
}

export function assertTypes({ type, itemType }: Pick<DefineFieldInput, 'type' | 'itemType'>, at = 'input.'): void {
  if (type === 'LIST' && itemType == null) throw badInput('a list has elements of one type', `${at}itemType`)
  if (type !== 'LIST' && itemType != null) throw badInput('only lists have elements', `${at}itemType`)
  if (itemType === 'LIST') throw badInput('a list of lists', `${at}itemType`)
}

const unbounded: ReadonlySet<FieldType> = new Set([
  ...(['BOOLEAN', 'MONEY', 'GEO_POINT', 'OBJECT', 'DATE', 'DATETIME', 'COUNTRY', 'CURRENCY', 'ENUM'] as const),
])
const noTexts: ReadonlySet<FieldType> = new Set([
  'BOOLEAN',
  'NUMBER',
  'INTEGER',
  'MONEY',
  'GEO_POINT',
  'OBJECT',
  'LIST',
])

/** BAD_INPUT for a bound or a pattern that says nothing of values of the type. */
function assertBounds({ type, itemType }: Pick<DefineFieldInput, 'type' | 'itemType'>, asks: FieldAsks): void {
  for (const bound of ['min', 'max'] as const) {
    if (asks[bound] != null && unbounded.has(type)) throw badInput(`${type} has no ${bound}`, `input.rules.${bound}`)
  }
  const text = itemType ?? type
  if (asks.pattern != null && noTexts.has(text)) throw badInput(`${text} has no pattern`, 'input.rules.pattern')
}

function parentOf(
  definitions: readonly FieldDefinition[],
  id: string,
  { owner, eventName }: { owner: FieldOwner; eventName: string },
): FieldDefinition {
  const parent = definitions.find((one) => one.id === id)
  if (!parent) throw notFound('no such field', 'input.partOf')
  if (parent.owner !== owner || parent.eventName !== eventName)
    throw badInput('a field of another owner', 'input.partOf')
  if (parent.type !== 'OBJECT' && parent.itemType !== 'OBJECT')
    throw badInput('no object has parts there', 'input.partOf')
  if (stepsTo(definitions, id).length >= maxDepth)
    throw new ApiError('LIMIT_EXCEEDED', `over ${maxDepth} levels`, { field: 'input.partOf' })
  return parent
}

const partsWithin = (definitions: readonly FieldDefinition[], id: string): string[] =>
  definitions.flatMap((one) => (one.place === id ? [one.id, ...partsWithin(definitions, one.id)] : []))

type Asks = Pick<FieldDefinition, 'required' | 'default' | 'min' | 'max' | 'pattern' | 'values'> & {
  pii: boolean
  description: string | null
}

/** What is asked now: as it was, but for what is said. */
function asksOf(before: Partial<Asks>, input: FieldAsks): Asks {
  const values = input.values === undefined ? (before.values ?? []) : (input.values ?? [])
  const said = <T>(now: T | null | undefined, then: T | null | undefined): T | null =>
    now === undefined ? (then ?? null) : now
  return {
    required: said(input.required, before.required) ?? false,
    default: said(input.default, before.default as Json),
    min: said(input.min, before.min),
    max: said(input.max, before.max),
    pattern: said(input.pattern, before.pattern),
    values: checkedValues(values, 'input.rules.values'),
    pii: said(input.pii, before.pii) ?? false,
    description:
      input.description === undefined
        ? (before.description ?? null)
        : checkedOptional(input.description, 'input.rules.description', maxDescription),
  }
}

export function checkedValues(values: readonly string[], field: string): string[] {
  if (values.length > maxValues) throw badInput(`over ${maxValues} values`, field)
  return values.map((value, i) => checkedText(value, `${field}[${i}]`, maxName))
}

export type Whole = FieldDefinition & Asks

/** BAD_INPUT for bounds, a pattern or a default that no value could be of. */
export function checkedDefinition(definition: Whole, at = 'input.rules.'): Whole {
  const { min, max, pattern, values, default: usual } = definition
  const isEnum = definition.type === 'ENUM' || definition.itemType === 'ENUM'
  if (isEnum !== values.length > 0)
    throw badInput(isEnum ? 'an enum has values' : 'only enums have values', `${at}values`)
  if (min !== null && max !== null && max < min) throw badInput('below min', `${at}max`)
  if (pattern !== null) {
    try {
      compilePattern(pattern)
    } catch (error) {
      if (error instanceof RangeError) throw badInput(`not a pattern: ${error.message}`, `${at}pattern`)
      throw error
    }
  }
  if (usual === null) return definition
  const rules = compileFields([{ ...definition, place: '' }], []).of(definition.owner, definition.eventName)
  if (!rules) throw new Error('one definition makes rules')
  const { faults, value } = checkFields(rules, { [definition.name]: usual }, { path: '', isWhole: false })
  const [fault] = faults
  if (fault) throw badInput(fault.message, `${at}default`)
  return { ...definition, default: value[keyOf(definition)] }
}

export const columnsOf = ({ values, default: usual, ...rest }: Whole) => ({
  ...rest,
  values: [...values],
  default: usual === null ? Prisma.DbNull : (usual as Prisma.InputJsonValue), // JSON, as the scalar checked.
})

export async function findDefinition(
  tx: Transaction,
  accountId: string,
  { id, field }: { id: string; field: string },
): Promise<Whole> {
  const row = await tx.fieldDefinition.findUnique({ where: { accountId_id: { accountId, id }, deletedAt: null } })
  if (!row) throw notFound('no such field', field)
  return row
}
