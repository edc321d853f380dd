// What each operator makes of one value that is there, as SQL: an expression on `value.v` (jsonb, not null) that is TRUE,
// FALSE, or NULL for a type that the comparison does not know. The counterpart of core/rules/operators.

import { parseInstant } from '../../core/rules/instant.ts'
import { isEmailField } from '../../core/rules/path.ts'
import type { FieldOperator, FieldRule } from '../../core/rules/rule.ts'
import { Prisma } from '../../generated/prisma/client.ts'

const dayMs = 86_400_000

type Maker = (wanted: unknown, asked: Asked) => Prisma.Sql

interface Asked {
  now: Date
  /** The value, and it as text. */
  v: Prisma.Sql
  text: Prisma.Sql
}

/** The test of a checked rule's operator, EXISTS and MISSING apart. NE and NOT_IN get the test that they negate. */
export function valueSql(rule: FieldRule, now: Date, v: Prisma.Sql = Prisma.sql`value.v`): Prisma.Sql {
  const make = makers[rule.op]
  if (!make) throw new RangeError(`${rule.op} compares no values`)
  const wanted = isEmailField(rule.field) ? inLowerCase(rule.value) : rule.value
  return make(wanted, { now, v, text: Prisma.sql`(${v} #>> '{}')` })
}

const lower = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : value)
const inLowerCase = (value: unknown): unknown => (Array.isArray(value) ? value.map(lower) : lower(value))

const makers: { readonly [op in FieldOperator]?: Maker } = {
  EQ: (wanted, asked) => isAmong([wanted], asked),
  NE: (wanted, asked) => isAmong([wanted], asked),
  IN: (wanted, asked) => isAmong(Array.isArray(wanted) ? wanted : [], asked),
  NOT_IN: (wanted, asked) => isAmong(Array.isArray(wanted) ? wanted : [], asked),
  LT: (wanted, asked) => ordered(wanted, Prisma.sql`<`, asked),
  LTE: (wanted, asked) => ordered(wanted, Prisma.sql`<=`, asked),
  GT: (wanted, asked) => ordered(wanted, Prisma.sql`>`, asked),
  GTE: (wanted, asked) => ordered(wanted, Prisma.sql`>=`, asked),
  CONTAINS: contains,
  STARTS_WITH: (wanted, { v, text }) => ofType('string', v, Prisma.sql`starts_with(${text}, ${wanted}::text)`),
  ENDS_WITH: (wanted, { v, text }) =>
    ofType('string', v, Prisma.sql`right(${text}, length(${wanted}::text)) = ${wanted}::text`),
  WITHIN_LAST_DAYS: withinLastDays,
}

/** The condition for values of that type, NULL for others. CASE keeps casts in the condition from values that they fail on. */
const ofType = (type: string, v: Prisma.Sql, condition: Prisma.Sql) =>
  Prisma.sql`CASE WHEN jsonb_typeof(${v}) = ${type}::text THEN ${condition} END`

const jsonb = (value: unknown) => Prisma.sql`${JSON.stringify(value)}::jsonb`

/** Equal to one of a list of one type. Texts that are both instants are equal where they mean the same instant. */
function isAmong(wanted: readonly unknown[], { v, text }: Omit<Asked, 'now'>): Prisma.Sql {
  const instants = wanted.flatMap((one) => (typeof one === 'string' ? (parseInstant(one) ?? []) : []))
  const isListed = Prisma.sql`${jsonb(wanted)} @> ${v}`
  if (instants.length === 0) return ofType(typeof wanted[0], v, isListed)
  const isSameTime = Prisma.sql`coalesce(${instantMs(text)} = ANY (${instants.map(String)}::text[]::bigint[]), FALSE)`
  return ofType('string', v, Prisma.sql`(${isListed} OR ${isSameTime})`)
}

/** Numbers by size; instants by time, where the rule gives one; other texts by the bytes of their UTF-8. */
function ordered(wanted: unknown, sign: Prisma.Sql, { v, text }: Asked): Prisma.Sql {
  if (typeof wanted === 'number')
    return ofType('number', v, Prisma.sql`(${v})::numeric ${sign} ${String(wanted)}::numeric`)
  const instant = parseInstant(String(wanted))
  if (instant !== null) return ofType('string', v, Prisma.sql`${instantMs(text)} ${sign} ${String(instant)}::bigint`)
  return ofType('string', v, Prisma.sql`${text} COLLATE "C" ${sign} ${wanted}::text`)
}

/** A part of a text, or an element of a list. */
function contains(wanted: unknown, { v, text }: Asked): Prisma.Sql {
  const element = { v: Prisma.sql`element.v`, text: Prisma.sql`(element.v #>> '{}')` }
  const hasElement = Prisma.sql`EXISTS (SELECT FROM jsonb_array_elements(${v}) AS element (v) WHERE ${isAmong([wanted], element)})`
  const hasPart = typeof wanted === 'string' ? Prisma.sql`strpos(${text}, ${wanted}::text) > 0` : Prisma.sql`NULL`
  return Prisma.sql`CASE jsonb_typeof(${v}) WHEN 'array' THEN ${hasElement} WHEN 'string' THEN ${hasPart} END`
}

/** An instant from N days before now up to now, both included. */
function withinLastDays(days: unknown, { now, v, text }: Asked): Prisma.Sql {
  const [from, to] = [now.getTime() - Number(days) * dayMs, now.getTime()]
  return ofType('string', v, Prisma.sql`${instantMs(text)} BETWEEN ${String(from)}::float8 AND ${String(to)}::float8`)
}

// ISO 8601 with a time and an offset, each part within its bounds but for the length of months.
const month = '(?:0[1-9]|1[0-2])'
const day = '(?:0[1-9]|[12][0-9]|3[01])'
const time = '(?:(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\\.[0-9]{1,9})?)?|24:00(?::00(?:\\.0{1,9})?)?)'
const offset = '(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])'
const iso = `^[0-9]{4}-${month}-${day}T${time}${offset}$`

/**
 * Milliseconds since the epoch, NULL for what parseInstant in core/rules refuses. PostgreSQL's own reading of texts fails
 * on those, and takes more; so it is computed from the parts, by their places. make_date calls the year 0 (1 BC) -1.
 */
const instantMs = (of: Prisma.Sql) => Prisma.sql`(
  SELECT CASE WHEN given.date IS NULL THEN NULL WHEN extract(month FROM given.date) = substr(given.t, 6, 2)::int THEN
    (given.date - date '1970-01-01')::bigint * 86400000
    + substr(given.t, 12, 2)::int * 3600000 + substr(given.t, 15, 2)::int * 60000
    + CASE substr(given.t, 17, 1) WHEN ':' THEN substr(given.t, 18, 2)::int * 1000 ELSE 0 END
    + CASE substr(given.t, 20, 1) WHEN '.' THEN rpad(substring(substr(given.t, 21, 3) FROM '^[0-9]+'), 3, '0')::int ELSE 0 END
    - CASE right(given.t, 1) WHEN 'Z' THEN 0 ELSE left(right(given.t, 6), 3)::int * 3600000 + (left(right(given.t, 6), 1) || right(given.t, 2))::int * 60000 END
  END
  FROM (
    SELECT one.t, CASE WHEN one.t ~ ${iso}::text
      THEN make_date(coalesce(nullif(left(one.t, 4)::int, 0), -1), substr(one.t, 6, 2)::int, 1) + substr(one.t, 9, 2)::int - 1
    END AS date
    FROM (SELECT ${of} AS t OFFSET 0) AS one
    OFFSET 0
  ) AS given
)`
