// Everybody of an account of whom a rule is true, as one statement over sets: what people did is gathered for all of them at once, not
// asked person by person. For counts and whole audiences; pages use compileFilter. A property test holds both to the rule in memory.

import { isTrueConjunct, type Parted, partsOf } from '../../core/rules/conjuncts.ts'
import { boundsOf } from '../../core/rules/counts.ts'
import { compilePath, identityKindOf, isEmailField } from '../../core/rules/path.ts'
import type { CountBounds, FieldRule, OrderRule, Rule } from '../../core/rules/rule.ts'
import { isNegated } from '../../core/rules/terms.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import { signs } from './filter-history.ts'
import { valueSql } from './filter-operators.ts'
import { countedRows, identityRows, orderGroups } from './filter-rows.ts'
import { eventDataSql, listFieldSql } from './filter-sql.ts'
import type { FilterScope } from './filter-values.ts'

/** A statement with one column, `id`: each person once, under the id that all merges lead to; in no order. */
export function compileSet(rule: Rule, scope: FilterScope): Prisma.Sql {
  const parts = partsOf(rule)
  const sets = new Sets(scope, parts)
  const condition = sets.all(parts.gathered)
  return Prisma.sql`WITH RECURSIVE ${mergedSql(scope.accountId)}${sets.candidates()}
    SELECT person.id FROM ${sets.source()} WHERE ${condition}`
}

/** Every merged profile with the person that it is. */
const mergedSql = (accountId: string) => Prisma.sql`
  merged_up AS (
    SELECT merge.loser_id AS member, merge.survivor_id AS root FROM merge WHERE merge.account_id = ${accountId}::uuid
    UNION
    SELECT merged_up.member, merge.survivor_id FROM merged_up
    JOIN merge ON merge.account_id = ${accountId}::uuid AND merge.loser_id = merged_up.root
  ), merged AS MATERIALIZED (
    SELECT member, root FROM merged_up
    WHERE NOT EXISTS (SELECT FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.loser_id = merged_up.root)
  )`

/** People with their fields: those that nobody was merged into, and those that are several profiles, whose own fields cover the others'. */
const peopleSql = (accountId: string) => Prisma.sql`(
  SELECT profile.id, profile.fields FROM profile
  WHERE profile.account_id = ${accountId}::uuid AND profile.id NOT IN (SELECT member FROM merged UNION ALL SELECT root FROM merged)
  UNION ALL
  SELECT one.root, coalesce(jsonb_object_agg(entry.key, entry.value ORDER BY part.id = one.root, part.id) FILTER (WHERE entry.key IS NOT NULL), '{}')
  FROM (SELECT member, root FROM merged UNION SELECT root, root FROM merged) AS one
  JOIN profile AS part ON part.account_id = ${accountId}::uuid AND part.id = one.member
  LEFT JOIN LATERAL jsonb_each(part.fields) AS entry ON TRUE
  GROUP BY one.root
)`

/** Gathers what a rule asks for as sets beside the people, and says the rule on them. */
class Sets {
  readonly #scope: FilterScope
  readonly #parts: Parted
  readonly #joins: Prisma.Sql[] = []

  constructor(scope: FilterScope, parts: Parted) {
    this.#scope = scope
    this.#parts = parts
  }

  all(rules: readonly Rule[]): Prisma.Sql {
    return joined(
      rules.map((rule) => this.#condition(rule, isTrueConjunct(rule))),
      ' AND ',
    )
  }

  /** Whom the conditions leave that cost no more than reading a person, and all of their profiles. */
  candidates(): Prisma.Sql {
    const { plain, asksFields } = this.#parts
    if (this.#isDriven) return Prisma.empty
    const { accountId } = this.#scope
    const conditions = plain.map((rule) => this.#plainCondition(rule))
    return Prisma.sql`, candidate AS MATERIALIZED (
      SELECT person.id${asksFields ? Prisma.sql`, person.fields` : Prisma.empty} FROM ${peopleSql(accountId)} AS person WHERE ${joined(conditions, ' AND ')}
    ), member AS (
      SELECT candidate.id AS profile_id, candidate.id FROM candidate
      UNION ALL
      SELECT merged.member, merged.root FROM merged JOIN candidate ON candidate.id = merged.root
    )`
  }

  /** What the statement selects from, once all conditions were said. */
  source(): Prisma.Sql {
    if (this.#isDriven) return Prisma.join(this.#joins, ' ')
    return Prisma.join([Prisma.sql`candidate AS person`, ...this.#joins], ' ')
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
    const set = orderGroups(rule, { ...this.#scope, owner: this.#owner, owners: this.#owners })
    const figure = Prisma.sql`${this.#gather(set, isRequired)}.figure`
    const isZeroWithout = rule.aggregate === 'COUNT' || rule.aggregate === 'TOTAL_MINOR'
    const told = isZeroWithout ? Prisma.sql`coalesce(${figure}, 0)` : figure
    return Prisma.sql`(${told} ${signs[rule.op]} ${String(rule.value)}::float8)`
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
    return Prisma.sql`SELECT ${this.#owner} AS id, count(*) AS n FROM (${countedRows(rule, this.#scope)}) AS found ${this.#owners} GROUP BY 1`
  }

  /** The person whose row `found` is, given `owners`. */
  get #owner(): Prisma.Sql {
    return this.#isDriven ? Prisma.sql`coalesce(merged.root, found.profile_id)` : Prisma.sql`member.id`
  }

  get #owners(): Prisma.Sql {
    return this.#isDriven
      ? Prisma.sql`LEFT JOIN merged ON merged.member = found.profile_id`
      : Prisma.sql`JOIN member ON member.profile_id = found.profile_id`
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

function withinBounds(count: Prisma.Sql, bounds: CountBounds): Prisma.Sql {
  const { least, most } = boundsOf(bounds)
  const isEnough = Prisma.sql`${count} >= ${least}::int`
  return most === null ? Prisma.sql`(${isEnough})` : Prisma.sql`(${isEnough} AND ${count} <= ${most}::int)`
}

function oneValueSql(rule: FieldRule, v: Prisma.Sql, now: Date): Prisma.Sql {
  const isThere = Prisma.sql`coalesce(jsonb_typeof(${v}) <> 'null', FALSE)`
  if (rule.op === 'EXISTS') return Prisma.sql`${isThere}`
  if (rule.op === 'MISSING') return Prisma.sql`(NOT ${isThere})`
  const holds = isNegated(rule) ? Prisma.sql`(NOT ${valueSql(rule, now, v)})` : valueSql(rule, now, v)
  // A null is of no type that a test knows, so it is UNKNOWN by itself.
  return rule.orMissing ? Prisma.sql`(CASE WHEN ${isThere} THEN ${holds} ELSE TRUE END)` : Prisma.sql`(${holds})`
}
