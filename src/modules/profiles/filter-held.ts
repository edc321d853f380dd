// Conditions on fields that are answered from their typed values, by index: exact for a profile that is a person by itself, and
// for the others a way to find who may be meant. The counterpart of filter-operators, which the same property test holds.

import { keptCharacters } from '../../core/fields/typed.ts'
import { parseInstant } from '../../core/rules/instant.ts'
import { compilePath } from '../../core/rules/path.ts'
import type { FieldOperator, FieldRule, Rule } from '../../core/rules/rule.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import { signs } from './filter-orders.ts'
import type { FilterScope } from './filter-values.ts'

export interface HeldScope extends FilterScope {
  /** The fields whose values are all kept typed. */
  filled: ReadonlySet<string>
}

type Value = string | number | boolean

/**
 * True of rows of `field_value`, under the alias, whose value makes the condition true now. Null where typed values do not tell:
 * of fields that are not filled, what is true where nothing is, and parts of texts and objects.
 */
export function heldSql(rule: Rule, scope: HeldScope, alias: Prisma.Sql): Prisma.Sql | null {
  if (!('field' in rule) || rule.field.orMissing) return null
  const [step, ...others] = compilePath(rule.field.field)
  if (!step || step.each || others.length > 0 || !scope.filled.has(step.name)) return null
  const holds = holdsSql(rule.field, scope, alias)
  return (
    holds &&
    Prisma.sql`${alias}.account_id = ${scope.accountId}::uuid AND ${alias}.field = ${step.name}::text AND ${holds}
      AND (${alias}.until IS NULL OR ${alias}.until > ${scope.now}::timestamptz)`
  )
}

/** The name of the field that such a condition is on. */
export const heldField = (rule: Rule): string => ('field' in rule ? rule.field.field : '')

/** Whether typed values tell of whom the condition is true. */
export const isHeld = (rule: Rule, scope: HeldScope): boolean => heldSql(rule, scope, Prisma.sql`held`) !== null

const orders: ReadonlySet<FieldOperator> = new Set(['LT', 'LTE', 'GT', 'GTE'])

function holdsSql({ op, value }: FieldRule, { now }: HeldScope, alias: Prisma.Sql): Prisma.Sql | null {
  if (op === 'EQ') return isAmong([value], alias)
  if (op === 'IN') return isAmong(Array.isArray(value) ? value : [], alias)
  if (orders.has(op) && (typeof value === 'number' || typeof value === 'string')) {
    const at = typeof value === 'string' ? parseInstant(value) : null
    // The rule was checked: these operators have a sign.
    const sign = signs[op as keyof typeof signs]
    if (at !== null) return Prisma.sql`${alias}.time ${sign} ${timeSql(at)}`
    if (typeof value === 'number') return Prisma.sql`${alias}.number ${sign} ${String(value)}::float8`
    // What is shorter than all that is kept of a text compares with it as with the whole.
    return isShort(value) ? Prisma.sql`${alias}.text ${sign} ${value}::text` : null
  }
  if (op === 'STARTS_WITH' && typeof value === 'string' && isShort(value))
    return Prisma.sql`${alias}.text ^@ ${value}::text`
  if (op !== 'WITHIN_LAST_DAYS') return null
  const from = now.getTime() - Number(value) * 86_400_000
  return Prisma.sql`${alias}.time BETWEEN ${timeSql(Math.ceil(from))} AND ${now}::timestamptz`
}

const isShort = (text: string): boolean => text.length < keptCharacters

const timeSql = (ms: number) => Prisma.sql`to_timestamp(${String(ms)}::float8 / 1000)::timestamptz(3)`

/** Equal to one of a list of one type; texts that are instants where they mean the same. */
function isAmong(wanted: readonly unknown[], alias: Prisma.Sql): Prisma.Sql | null {
  const [one] = wanted
  if (typeof one === 'number') return isAny(Prisma.sql`${alias}.number`, wanted.map(String), Prisma.sql`float8`)
  if (typeof one === 'boolean') return isAny(Prisma.sql`${alias}.boolean`, wanted.map(String), Prisma.sql`boolean`)
  const texts = wanted.filter((text): text is string & Value => typeof text === 'string')
  if (texts.length === 0 || !texts.every(isShort)) return null
  const [instants, others] = [
    texts.flatMap((text) => parseInstant(text) ?? []),
    texts.filter((text) => parseInstant(text) === null),
  ]
  const isText = others.length > 0 ? isAny(Prisma.sql`${alias}.text`, others, Prisma.sql`text`) : null
  if (instants.length === 0) return isText
  const isTime = Prisma.sql`${alias}.time IN (${Prisma.join(instants.map(timeSql))})`
  return isText ? Prisma.sql`(${isText} OR ${isTime})` : isTime
}

function isAny(column: Prisma.Sql, wanted: readonly string[], type: Prisma.Sql): Prisma.Sql {
  const [one, ...others] = wanted
  if (others.length === 0) return Prisma.sql`${column} = ${one}::text::${type}`
  return Prisma.sql`${column} = ANY (${[...wanted]}::text[]::${type}[])`
}
