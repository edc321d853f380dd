// What somebody or something new begins with: the defaults that an account defines, as the database has them at that moment.

import type { FieldOwner } from '../../core/fields/definition.ts'
import { Prisma } from '../../generated/prisma/client.ts'

/** One row with one column, `fields`: defaults by the keys that values are stored under, as `keyOf` of core/fields has them. */
export const usualFieldsSql = (accountId: string, owner: FieldOwner) => Prisma.sql`(
  SELECT coalesce(jsonb_object_agg(CASE WHEN name ~ '^[^].[]+$' THEN name ELSE api_name END, "default"), '{}') AS fields
  FROM field_definition
  WHERE account_id = ${accountId}::uuid AND owner = ${owner}::text::field_owner AND place = '' AND deleted_at IS NULL AND "default" IS NOT NULL
)`
