// Everybody of an account of whom a rule is true, as one statement over sets: what people did is gathered for all of them at once, not
// asked person by person. For counts and whole audiences; pages use compileFilter. A property test holds both to the rule in memory.

import { isTrueConjunct, type Parted, partsOf } from '../../core/rules/conjuncts.ts'
import { parseInstant } from '../../core/rules/instant.ts'
import { compilePath, identityKindOf, isEmailField } from '../../core/rules/path.ts'
import type { FieldRule, OrderRule, RelationshipRule, Rule } from '../../core/rules/rule.ts'
import { isNegated } from '../../core/rules/terms.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { Transaction } from '../../platform/database.ts'
import { withinBounds } from './filter-bounds.ts'
import { isHeld } from './filter-held.ts'
import { isRelated } from './filter-history.ts'
import { valueSql } from './filter-operators.ts'
import { comparedSql, orderGroups, productGroups, signs } from './filter-orders.ts'
import { deepMergesSql, isLiving, mergedSql, openScope, peopleSql, type SetScope } from './filter-people.ts'
import { consentGroups, countedRows, identityRows } from './filter-rows.ts'
import { compileFilter, eventDataSql, listFieldSql } from './filter-sql.ts'
import type { FilterScope } from './filter-values.ts'

/** Where people's own fields leave no more of them, these are asked for the rest one by one: by index, and nothing of anybody else. */
const usualFew = 2_000

/**
 * Makes the transaction, in which nothing was read before, ready for the set of people of whom the rule is true, and gives the
 * statement for it: one column, `id`, each person once, under the id that all merges lead to, in no order.
 */
export async function openSet(tx: Transaction, rule: Rule, given: FilterScope): Promise<Prisma.Sql> {
  const scope = await openScope(tx, given)
  const { plain, gathered } = partsOf(rule)
  const most = given.few ?? usualFew
  const isFound = plain.some((one) => isHeld(one, scope))
  if (plain.length > 0 && gathered.length > 0) {
    // In no order, so that it ends where there are many.
    const set = compileSet({ all: [...plain] }, scope)
    const few = await tx.$queryRaw<{ id: string }[]>`SELECT id FROM (${set}) AS person LIMIT ${most + 1}::int`
    if (few.length <= most)
      return fewSql(
        few.map(({ id }) => id),
        { all: [...gathered] },
        scope,
      )
  }
  // How many have a value in their fields is a guess to PostgreSQL, and where it guesses few it would compare sets row by row.
  if (!isFound || gathered.length > 0) await tx.$executeRaw`SET LOCAL enable_nestloop = off`
  return compileSet(rule, scope)
}

const fewSql = (ids: readonly string[], rule: Rule, scope: FilterScope) => Prisma.sql`
  SELECT profile.id FROM profile
  WHERE profile.account_id = ${scope.accountId}::uuid AND profile.id = ANY (${[...ids]}::uuid[]) AND ${compileFilter(rule, scope)}`

function compileSet(rule: Rule, scope: SetScope): Prisma.Sql {
  const statement = setSql(rule, scope)
  return scope.merges === 'deep' ? Prisma.sql`WITH RECURSIVE ${deepMergesSql(scope.accountId)} ${statement}` : statement
}

function setSql(rule: Rule, scope: SetScope): Prisma.Sql {
  const parts = partsOf(rule)
  const [only, ...others] = [...parts.gathered, ...parts.plain]
  // Whoever satisfies one of them does; none has to be asked of everybody.
  if (
    only &&
    'any' in only &&
    only.any.length > 0 &&
    others.length === 0 &&
    only.any.every((one) => isTrueConjunct(one) || isHeld(one, scope))
  ) {
    return Prisma.join(
      only.any.map((one) => setSql(one, scope)),
      ' UNION ',
    )
  }
  return new Sets(scope, parts).statement()
}

/** Gathers what a rule asks for as sets beside the people, and says the rule on them. */
class Sets {
  readonly #scope: SetScope
  readonly #parts: Parted
  readonly #joins: Prisma.Sql[] = []

  constructor(scope: SetScope, parts: Parted) {
    this.#scope = scope
    this.#parts = parts
  }

  statement(): Prisma.Sql {
    const { plain, gathered } = this.#parts
    const conditionOf = (rule: Rule) => onlyTrueSql(rule) ?? this.#plainCondition(rule)
    const people = Prisma.sql`${peopleSql(this.#scope, { plain, conditionOf, besides: gathered })} AS person`
    if (gathered.length === 0) return Prisma.sql`SELECT person.id FROM ${people}`
    const conditions = joined(
      gathered.map((rule) => this.#condition(rule, isTrueConjunct(rule))),
      ' AND ',
    )
    const sets = Prisma.join([...(this.#isDriven ? [] : [people]), ...this.#joins], ' ')
    return Prisma.sql`SELECT person.id FROM ${sets} WHERE ${conditions} AND ${this.#isDriven ? isLiving(this.#scope) : Prisma.sql`TRUE`}`
  }

  /** One of the sets holds everybody who can be meant, so that nobody else is read. */
  get #isDriven(): boolean {
    return this.#parts.plain.length === 0 && !this.#parts.asksFields && this.#parts.gathered.some(isTrueConjunct)
  }

  #condition(rule: Rule, isRequired = false): Prisma.Sql {
    if ('all' in rule)
      return joined(
        rule.all.map((one) => this.#condition(one)),
        ' AND ',
      )
    if ('any' in rule)
      return joined(
        rule.any.map((one) => this.#condition(one)),
        ' OR ',
      )
    if ('not' in rule) return Prisma.sql`(NOT ${this.#condition(rule.not)})`
    if ('eventData' in rule) return eventDataSql(rule.eventData)
    if ('field' in rule) return this.#fieldCondition(rule.field)
    if ('order' in rule) return this.#orderCondition(rule.order, isRequired)
    if ('consent' in rule) {
      const set = consentGroups(rule.consent, { ...this.#scope, owner: this.#owner, owners: this.#owners })
      return Prisma.sql`(${this.#gather(set, isRequired)}.n IS NOT NULL)`
    }
    if ('product' in rule) {
      const found = this.#gather(productGroups(rule.product, this.#owned), isRequired)
      return withinBounds(Prisma.sql`coalesce(${found}.n, 0)`, rule.product)
    }
    if ('audience' in rule) {
      const found = this.#gather(this.#counts(rule), isRequired)
      return (rule.audience.member ?? true) ? Prisma.sql`(${found}.n IS NOT NULL)` : Prisma.sql`(${found}.n IS NULL)`
    }
    const bounds = 'event' in rule ? rule.event : 'quality' in rule ? rule.quality : rule.relationship
    const isWithin = withinBounds(Prisma.sql`coalesce(${this.#gather(this.#counts(rule), isRequired)}.n, 0)`, bounds)
    return 'event' in rule && rule.event.performed === false ? Prisma.sql`(NOT ${isWithin})` : isWithin
  }

  #fieldCondition(rule: FieldRule): Prisma.Sql {
    const kind = identityKindOf(rule.field) ?? (isEmailField(rule.field) ? 'EMAIL' : undefined)
    if (kind === undefined) return this.#plainCondition({ field: rule })
    const rows = identityRows(rule, { ...this.#scope, kind })
    const set = Prisma.sql`SELECT ${this.#owner} AS id, count(*) AS n, bool_or(found.holds) AS holds, count(found.holds) AS told FROM ${rows} AS found ${this.#owners} GROUP BY 1`
    const found = this.#gather(set, false)
    if (rule.op === 'EXISTS') return Prisma.sql`(${found}.n IS NOT NULL)`
    if (rule.op === 'MISSING') return Prisma.sql`(${found}.n IS NULL)`
    const [ifOne, ifNone] = isNegated(rule)
      ? [Prisma.sql`FALSE`, Prisma.sql`TRUE`]
      : [Prisma.sql`TRUE`, Prisma.sql`FALSE`]
    return Prisma.sql`(CASE WHEN ${found}.n IS NULL THEN ${rule.orMissing ? Prisma.sql`TRUE` : Prisma.sql`NULL::boolean`}
      WHEN ${found}.holds THEN ${ifOne} WHEN ${found}.told = ${found}.n THEN ${ifNone} END)`
  }

  #orderCondition(rule: OrderRule, isRequired: boolean): Prisma.Sql {
    return comparedSql(rule, Prisma.sql`${this.#gather(orderGroups(rule, this.#owned), isRequired)}.figure`)
  }

  get #owned() {
    const members =
      this.#scope.merges === 'none'
        ? Prisma.sql`ARRAY[grouped.owner]`
        : Prisma.sql`ARRAY(SELECT grouped.owner UNION ALL SELECT merged.member FROM ${mergedSql(this.#scope)} WHERE merged.root = grouped.owner)`
    return { ...this.#scope, owner: this.#owner, owners: this.#owners, members }
  }

  /** A condition on the alias `person` alone. */
  #plainCondition(rule: Rule): Prisma.Sql {
    if ('all' in rule)
      return joined(
        rule.all.map((one) => this.#plainCondition(one)),
        ' AND ',
      )
    if ('any' in rule)
      return joined(
        rule.any.map((one) => this.#plainCondition(one)),
        ' OR ',
      )
    if ('not' in rule) return Prisma.sql`(NOT ${this.#plainCondition(rule.not)})`
    if ('eventData' in rule) return eventDataSql(rule.eventData)
    if (!('field' in rule)) throw new RangeError('not a condition on fields')
    const steps = compilePath(rule.field.field)
    if (steps.some(({ each }) => each)) return listFieldSql(rule.field, this.#scope)
    const v = steps.reduce((inner, { name }) => Prisma.sql`${inner} -> ${name}::text`, Prisma.sql`person.fields`)
    return oneValueSql(rule.field, Prisma.sql`(${v})`, this.#scope.now)
  }

  #counts(rule: Rule): Prisma.Sql {
    const where = 'relationship' in rule ? rule.relationship.where : null
    const rows =
      'relationship' in rule && where ? this.#relatedRows(rule.relationship, where) : countedRows(rule, this.#scope)
    return Prisma.sql`SELECT ${this.#owner} AS id, count(*) AS n FROM (${rows}) AS found ${this.#owners} GROUP BY 1`
  }

  /** Relationships whose other person is in the set of those of whom the rule is true: asked edge by edge it would take for ever. */
  #relatedRows(rule: RelationshipRule, where: Rule): Prisma.Sql {
    const [friend, advocate] = [Prisma.sql`edge.friend_id`, Prisma.sql`edge.advocate_id`]
    const [side, other] = rule.as === 'FRIEND' ? [friend, advocate] : [advocate, friend]
    const isAlone = this.#scope.merges === 'none'
    const root = isAlone ? other : Prisma.sql`coalesce(merged.root, ${other})`
    const roots = isAlone ? Prisma.empty : Prisma.sql`LEFT JOIN ${mergedSql(this.#scope)} ON merged.member = ${other}`
    return Prisma.sql`SELECT ${side} AS profile_id FROM relationship AS edge ${roots}
      JOIN (${setSql(where, { ...this.#scope, withErased: true })}) AS other ON other.id = ${root}
      WHERE ${isRelated(rule, this.#scope, null)}`
  }

  /** The person whose row `found` is, given `owners`. */
  get #owner(): Prisma.Sql {
    return this.#scope.merges === 'none'
      ? Prisma.sql`found.profile_id`
      : Prisma.sql`coalesce(merged.root, found.profile_id)`
  }

  get #owners(): Prisma.Sql {
    if (this.#scope.merges === 'none') return Prisma.empty
    return Prisma.sql`LEFT JOIN ${mergedSql(this.#scope)} ON merged.member = found.profile_id`
  }

  /** Puts a set beside the people; returns its alias. Who is not in a required one is left out. */
  #gather(set: Prisma.Sql, isRequired: boolean): Prisma.Sql {
    const alias = Prisma.raw(`set${this.#joins.length}`)
    if (this.#isDriven && this.#joins.length === 0) {
      this.#joins.push(Prisma.sql`(${set}) AS person`)
      return Prisma.sql`person`
    }
    const kind = isRequired ? Prisma.sql`JOIN` : Prisma.sql`LEFT JOIN`
    this.#joins.push(Prisma.sql`${kind} (${set}) AS ${alias} ON ${alias}.id = person.id`)
    return alias
  }
}

function joined(conditions: readonly Prisma.Sql[], by: ' AND ' | ' OR '): Prisma.Sql {
  if (conditions.length === 0) return by === ' AND ' ? Prisma.sql`TRUE` : Prisma.sql`FALSE`
  return Prisma.sql`(${Prisma.join([...conditions], by)})`
}

function oneValueSql(rule: FieldRule, v: Prisma.Sql, now: Date): Prisma.Sql {
  const isThere = Prisma.sql`coalesce(jsonb_typeof(${v}) <> 'null', FALSE)`
  if (rule.op === 'EXISTS') return Prisma.sql`${isThere}`
  if (rule.op === 'MISSING') return Prisma.sql`(NOT ${isThere})`
  const holds = isNegated(rule) ? Prisma.sql`(NOT ${valueSql(rule, now, v)})` : valueSql(rule, now, v)
  // A null is of no type that a test knows, so it is UNKNOWN by itself.
  return rule.orMissing ? Prisma.sql`(CASE WHEN ${isThere} THEN ${holds} ELSE TRUE END)` : Prisma.sql`(${holds})`
}

/**
 * Of a condition that must be true, where unknown is as good as false: one comparison of the value, with no look at its type first.
 * Null where that cannot be said. Values of other types are never equal, and all numbers come before `false`.
 */
function onlyTrueSql(rule: Rule): Prisma.Sql | null {
  if (!('field' in rule) || rule.field.orMissing) return null
  const { field, op, value } = rule.field
  const steps = compilePath(field)
  if (steps.some(({ each }) => each)) return null
  const v = Prisma.sql`(${steps.reduce((inner, { name }) => Prisma.sql`${inner} -> ${name}::text`, Prisma.sql`person.fields`)})`
  const wanted: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (wanted.some((one) => typeof one === 'string' && parseInstant(one) !== null)) return null
  const jsonb = Prisma.sql`${JSON.stringify(value)}::jsonb`
  if (op === 'EQ') return Prisma.sql`(${v} = ${jsonb})`
  if (op === 'IN') return Prisma.sql`(${v} = ANY (${wanted.map((one) => JSON.stringify(one))}::text[]::jsonb[]))`
  if (typeof value !== 'number') return null
  if (op === 'GT' || op === 'GTE') return Prisma.sql`(${v} ${signs[op]} ${jsonb} AND ${v} < 'false'::jsonb)`
  if (op === 'LT' || op === 'LTE') return Prisma.sql`(${v} ${signs[op]} ${jsonb} AND jsonb_typeof(${v}) = 'number')`
  return null
}
