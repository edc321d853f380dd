// A field of people gets another type. First a report of what would become of the values that are there; then the change: new
// values are held to the new type at once, and those that are there are brought into it, chunk by chunk, each in a transaction
// that also keeps how far it came. So whoever goes on, after a crash too, goes on from there.

import type { Context } from '../../context.ts'
import { checkFields, compileFields, type FieldsRules } from '../../core/fields/check.ts'
import { type FieldDefinition, type FieldType, keyOf } from '../../core/fields/definition.ts'
import { isSameJson } from '../../core/fields/same-json.ts'
import { badInput, conflict } from '../../errors.ts'
import { idInput, newId } from '../../ids.ts'
import type { Transaction } from '../../platform/database.ts'
import { findFields } from '../programs/field-definitions.ts'
import { bumpRules } from '../programs/sql.ts'
import {
  assertTypes,
  checkedDefinition,
  checkedValues,
  columnsOf,
  findDefinition,
  keepTyped,
  type Whole,
} from './service.ts'
import { findHolders, type Holder } from './type-change-sql.ts'

const chunkSize = 1_000
const maxSamples = 10

export interface NewType {
  fieldId: string | number
  type: FieldType
  itemType?: FieldType | null
  values?: readonly string[] | null
}

export interface TypeSample {
  readonly profileId: string
  readonly from: unknown
  /** Null where the value cannot be of the type. */
  readonly to: unknown
  readonly message: string | null
}

export interface TypePreview {
  /** Says the field, its type of now and the new one. */
  readonly token: string
  readonly total: number
  readonly unchanged: number
  readonly converted: number
  readonly lost: number
  readonly samples: readonly TypeSample[]
}

/** What the change would do to the values that are there. Nothing is changed. */
export async function previewFieldTypeChange(context: Context, input: NewType): Promise<TypePreview> {
  const { accountId, sql } = context
  const id = idInput('FieldDefinition', input.fieldId, 'fieldId')
  const before = await findDefinition(sql, accountId, { id, field: 'fieldId' })
  const changed = changedDefinition(before, input, '')
  const rules = rulesOf(changed)
  const [counts, samples] = [{ total: 0, unchanged: 0, converted: 0, lost: 0 }, new Map<string, TypeSample[]>()]
  const chunk = { key: keyOf(before), limit: chunkSize }
  for (let after: string | null = null; ; ) {
    const holders: Holder[] = await findHolders(sql, accountId, { ...chunk, after })
    for (const holder of holders) {
      const { kind, sample } = outcomeOf(holder, rules, keyOf(before))
      counts.total++
      counts[kind]++
      const kept = samples.get(kind) ?? []
      if (kind !== 'unchanged' && kept.length < maxSamples) samples.set(kind, [...kept, sample])
    }
    after = holders.at(-1)?.id ?? null
    if (holders.length < chunkSize) break
  }
  const token = tokenOf({ id, from: before, to: changed })
  return { token, ...counts, samples: [...samples.values()].flat() }
}

export interface ChangeFieldTypeInput {
  token: string
  removeLost: boolean
}

/** Begins the change that was previewed; returns its id. CONFLICT where the field was changed since, or is being changed. */
export async function changeFieldType(context: Context, input: ChangeFieldTypeInput): Promise<string> {
  const { accountId, services, now } = context
  const { id: fieldId, from, to } = readToken(input.token)
  const id = newId()
  await services.database.transaction(async (tx) => {
    await bumpRules(tx, accountId)
    const before = await findDefinition(tx, accountId, { id: fieldId, field: 'input.token' })
    if (!isSameJson(typeOf(before), from)) throw conflict('the field was changed since the preview', 'input.token')
    const running = await tx.fieldTypeChange.findFirst({ where: { accountId, fieldId, doneAt: null } })
    if (running) throw conflict('the field is being changed', 'input.token')
    const changed = changedDefinition(before, { fieldId, ...to }, 'input.')
    await tx.fieldDefinition.update({
      where: { accountId_id: { accountId, id: fieldId } },
      data: columnsOf(changed),
    })
    await keepTyped(tx, accountId, changed)
    const types = { fromType: before.type, type: changed.type }
    await tx.fieldTypeChange.create({
      data: { accountId, id, fieldId, ...types, removeLost: input.removeLost, createdAt: now },
    })
  })
  services.typeChanges.wake()
  services.fieldFilling.wake()
  return id
}

function changedDefinition(
  before: Whole,
  { type, itemType = null, values }: Omit<NewType, 'fieldId'> & { fieldId: unknown },
  at: string,
): Whole {
  if (before.owner !== 'PROFILE' || before.place !== '')
    throw badInput('only fields of people, and no parts of others, get another type', `${at || ''}fieldId`)
  assertTypes({ type, itemType }, at)
  const isEnum = type === 'ENUM' || itemType === 'ENUM'
  const kept = isEnum ? (values ?? before.values) : (values ?? [])
  return checkedDefinition({ ...before, type, itemType, values: checkedValues(kept, `${at}values`) }, at)
}

/** What the rules of the new type make of a value. */
export function outcomeOf({ id, value }: Holder, rules: FieldsRules, key: string) {
  const { value: checked, faults } = checkFields(rules, { [key]: value }, { path: '', isWhole: false })
  const [fault] = faults
  if (fault) return { kind: 'lost', sample: { profileId: id, from: value, to: null, message: fault.message } } as const
  const to = checked[key]
  const kind = isSameJson(to, value) ? 'unchanged' : 'converted'
  return { kind, sample: { profileId: id, from: value, to, message: null } } as const
}

/** The rules for that field alone, as it is by itself; what does not fit is told. */
export function rulesOf(definition: FieldDefinition): FieldsRules {
  const rules = compileFields([{ ...definition, required: false }], []).of(definition.owner)
  if (!rules) throw new Error('one definition makes rules')
  return rules
}

type Typed = Pick<FieldDefinition, 'type' | 'itemType' | 'values'>
const typeOf = ({ type, itemType, values }: Typed) => ({ type, itemType, values: [...values] })

interface Token {
  id: string
  from: Typed
  to: Typed
}

const tokenOf = ({ id, from, to }: Token): string =>
  Buffer.from(JSON.stringify({ id, from: typeOf(from), to: typeOf(to) })).toString('base64url')

/** BAD_INPUT for one that is none; what it says is checked as if the caller had said it. */
function readToken(token: string): Token {
  try {
    const { id, from, to } = JSON.parse(Buffer.from(token, 'base64url').toString()) as Token
    return { id: idInput('FieldDefinition', id, 'input.token'), from: typeOf(from), to: typeOf(to) }
  } catch {
    throw badInput('not a token of a preview', 'input.token')
  }
}

/** The field as it is defined, whoever asks; null where it was deleted since. */
export async function fieldNow(tx: Transaction, accountId: string, id: string): Promise<FieldDefinition | null> {
  const { definitions } = await findFields(tx, accountId)
  return definitions.find((one) => one.id === id) ?? null
}
