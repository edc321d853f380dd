// Values held to their definitions: coerced where nothing is lost, and else accepted, refused or left out, as the policy says.

import { groupBy } from '../group.ts'
import type { JsonObject } from '../targeting/facts.ts'
import { coercions } from './coerce.ts'
import { complaint } from './complaint.ts'
import {
  type FieldDefinition,
  type FieldFault,
  type FieldOwner,
  type FieldPolicy,
  type FieldVerdict,
  isJsonObject,
  keyOf,
  usualPolicy,
} from './definition.ts'
import { compilePattern, type PatternTest } from './pattern.ts'

/** What the values of one place are held to: those of an owner, or the parts of an object. */
export interface FieldsRules {
  /** By the CRM's name and the API's. */
  readonly byName: ReadonlyMap<string, FieldRules>
  readonly unknownKeys: FieldVerdict
  readonly wrongType: FieldVerdict
}

export interface FieldRules {
  readonly definition: FieldDefinition
  readonly key: string
  readonly pattern: PatternTest | null
  /** Of an OBJECT, or a LIST of them, that says what is in it. */
  readonly parts: FieldsRules | null
}

/** All that an account defines. */
export interface AccountFields {
  of(owner: FieldOwner, eventName?: string): FieldsRules | undefined
}

export function compileFields(
  definitions: readonly FieldDefinition[],
  policies: readonly FieldPolicy[],
): AccountFields {
  const placeOf = ({ owner, eventName }: { owner: FieldOwner; eventName: string }) => `${owner} ${eventName}`
  const byPlace = groupBy(definitions, placeOf)
  const policyOf = new Map(policies.map((policy) => [placeOf(policy), policy]))
  const compiled = new Map<string, FieldsRules>()
  for (const place of new Set([...byPlace.keys(), ...policyOf.keys()]))
    compiled.set(place, compilePlace(byPlace.get(place) ?? [], '', policyOf.get(place) ?? usualPolicy))
  return { of: (owner, eventName = '') => compiled.get(placeOf({ owner, eventName })) }
}

/** What is there before anything is stated, by the keys that values are stored under. */
export const defaultsOf = (rules: FieldsRules | undefined): JsonObject =>
  Object.fromEntries(
    [...(rules?.byName.values() ?? [])].flatMap(({ key, definition }) =>
      definition.default === null ? [] : [[key, definition.default]],
    ),
  )

type Policy = Pick<FieldPolicy, 'unknownKeys' | 'wrongType'>

function compilePlace(all: readonly FieldDefinition[], place: string, policy: Policy): FieldsRules {
  const byName = new Map<string, FieldRules>()
  for (const definition of all.filter((one) => one.place === place)) {
    const hasParts = all.some((one) => one.place === definition.id)
    const rules: FieldRules = {
      definition,
      key: keyOf(definition),
      pattern: definition.pattern === null ? null : compilePattern(definition.pattern),
      parts: hasParts ? compilePlace(all, definition.id, policy) : null,
    }
    byName.set(definition.name, rules)
    byName.set(definition.apiName, rules)
  }
  return { byName, ...{ unknownKeys: policy.unknownKeys, wrongType: policy.wrongType } }
}

export interface Checked<T> {
  readonly value: T
  /** What was left out. */
  readonly warnings: readonly FieldFault[]
  /** What refuses the whole. */
  readonly faults: readonly FieldFault[]
}

interface Notes {
  readonly warnings: FieldFault[]
  readonly faults: FieldFault[]
}

/**
 * The data under the keys that they are stored under. `isWhole`: they are all there is, so what is required has to be there, and
 * what has a default gets it.
 */
export function checkFields(
  rules: FieldsRules,
  given: JsonObject,
  { path, isWhole }: { path: string; isWhole: boolean },
): Checked<JsonObject> {
  const notes: Notes = { warnings: [], faults: [] }
  const value = checkPlace(rules, given, { path, isWhole, notes })
  return { value, ...notes }
}

interface Place {
  readonly path: string
  readonly isWhole: boolean
  readonly notes: Notes
}

function checkPlace(rules: FieldsRules, given: JsonObject, { path, isWhole, notes }: Place): JsonObject {
  const kept = new Map<string, unknown>()
  const filled = new Set<string>()
  for (const [name, value] of Object.entries(given)) {
    const field = `${path}.${name}`
    const known = rules.byName.get(name)
    if (!known) {
      if (judge(rules.unknownKeys, { field, message: 'a key that is not defined' }, notes)) kept.set(name, value)
      continue
    }
    if (filled.has(known.key)) notes.faults.push({ field, message: 'the same field by another name' })
    filled.add(known.key)
    const checked = checkOne(known, value, { rules, field, notes })
    if (checked !== undefined) kept.set(known.key, checked)
  }
  if (isWhole) fillPlace(rules, kept, { path, notes, filled })
  return Object.fromEntries(kept)
}

function fillPlace(
  { byName, wrongType }: FieldsRules,
  kept: Map<string, unknown>,
  { path, notes, filled }: { path: string; notes: Notes; filled: ReadonlySet<string> },
): void {
  for (const { definition, key } of new Set(byName.values())) {
    if (filled.has(key)) continue
    if (definition.default !== null) kept.set(key, definition.default)
    else if (definition.required) judge(wrongType, { field: `${path}.${definition.name}`, message: missing }, notes)
  }
}

const missing = 'required, and missing'

/** Whether it stays as it is. */
function judge(verdict: FieldVerdict, fault: FieldFault, { warnings, faults }: Notes): boolean {
  if (verdict === 'REJECT') faults.push(fault)
  if (verdict === 'DROP') warnings.push(fault)
  return verdict === 'ACCEPT'
}

interface Spot {
  readonly rules: FieldsRules
  readonly field: string
  readonly notes: Notes
}

/** The value as it is stored; undefined where it is not. */
function checkOne(known: FieldRules, value: unknown, { rules, field, notes }: Spot): unknown {
  if (value === null) {
    if (!known.definition.required) return null
    judge(rules.wrongType, { field, message: missing }, notes)
    return undefined
  }
  const inner = innerOf(known, value, { rules, field, notes })
  if (typeof inner !== 'string') return inner.value
  return judge(rules.wrongType, { field, message: inner }, notes) ? value : undefined
}

/** The value coerced, or what is wrong with it. */
function innerOf(known: FieldRules, value: unknown, spot: Spot): { value: unknown } | string {
  const { type, itemType } = known.definition
  const coerced = coercions[type](value)
  if (coerced === undefined) return complaint(type, value)
  const fault = boundsFault(known, coerced)
  if (fault !== null) return fault
  if (type === 'OBJECT' && isJsonObject(coerced)) return { value: partsOf(known, coerced, spot) }
  if (type !== 'LIST' || !Array.isArray(coerced) || itemType === null) return { value: coerced }
  const item: FieldRules = {
    ...known,
    definition: { ...known.definition, type: itemType, itemType: null, ...noBounds },
  }
  const items = coerced.map((one, i) => checkOne(item, one, { ...spot, field: `${spot.field}[${i}]` }))
  return { value: items.filter((one) => one !== undefined) }
}

const noBounds = { required: false, min: null, max: null }

const partsOf = ({ parts }: FieldRules, value: JsonObject, { field, notes }: Spot): JsonObject =>
  parts ? checkPlace(parts, value, { path: field, isWhole: true, notes }) : value

function boundsFault({ definition, pattern }: FieldRules, value: unknown): string | null {
  const { type, min, max, values } = definition
  if (type === 'ENUM' && !values.includes(String(value))) return `not one of ${values.join(', ').slice(0, 200)}`
  const size = sizeOf(value)
  const noun = typeof value === 'string' ? ' characters' : Array.isArray(value) ? ' elements' : ''
  if (size !== null && min !== null && size < min) return `below ${min}${noun}`
  if (size !== null && max !== null && size > max) return `over ${max}${noun}`
  return pattern && typeof value === 'string' && !pattern(value) ? `not of the pattern ${definition.pattern}` : null
}

function sizeOf(value: unknown): number | null {
  if (typeof value === 'number') return value
  return typeof value === 'string' || Array.isArray(value) ? value.length : null
}
