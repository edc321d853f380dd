// The fold of core/fields/fold.ts as SQL: the fields of a person from those of all profiles `part` that are the person, each with the
// `marks` that merges on its `way` to the person made. A property test holds the two together.

import { Prisma } from '../../generated/prisma/client.ts'
import type { FilterScope } from './filter-values.ts'

/** What a profile states of each field, and when that counts as stated beside what the others state. */
export const statedSql = statedOf(Prisma.sql`
    SELECT coalesce(field.key, meta.key) AS name, field.value, coalesce((meta.value ->> 'at')::bigint, -8640000000000000) AS at,
      (meta.value ->> 'until')::bigint AS until
    FROM jsonb_each(part.fields) AS field FULL JOIN jsonb_each(part.field_meta) AS meta ON meta.key = field.key`)

/** The same of the fields of these names alone. */
export const statedOfNames = (names: readonly string[]) =>
  statedOf(Prisma.sql`
    SELECT field.name, part.fields -> field.name AS value, coalesce((part.field_meta #>> ARRAY[field.name, 'at'])::bigint, -8640000000000000) AS at,
      (part.field_meta #>> ARRAY[field.name, 'until'])::bigint AS until
    FROM unnest(${[...names]}::text[]) AS field (name)
    WHERE jsonb_exists(part.fields, field.name) OR jsonb_exists(part.field_meta, field.name)`)

function statedOf(rows: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`(
  SELECT one.*, CASE
    WHEN one.at <= (way.marks #>> ARRAY[one.name, 't'])::bigint
    THEN CASE WHEN (way.marks #>> ARRAY[one.name, 'pick'])::boolean THEN (way.marks #>> ARRAY[one.name, 't'])::bigint ELSE -9000000000000000000 END
    ELSE one.at END AS counted
  FROM (${rows}) AS one
)`
}

/** The aggregate over such rows, named `entry`: the last of each name is what counts, those that ended are null. */
export const foldedSql = (isOwn: Prisma.Sql, { now }: Pick<FilterScope, 'now'>) => Prisma.sql`
  coalesce(jsonb_object_agg(entry.name, CASE WHEN entry.until <= ${String(now.getTime())}::bigint THEN NULL ELSE entry.value END
    ORDER BY entry.counted, entry.at, ${isOwn}, part.id) FILTER (WHERE entry.name IS NOT NULL), '{}')`
