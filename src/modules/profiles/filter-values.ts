// Where a rule finds its values, as SQL: rows with one column `v` (jsonb), read from `person`. The counterpart of readerOf
// in core/rules; values that are null there are for the caller to leave out.

import { compilePath } from '../../core/rules/path.ts'
import { type IdentityKind, Prisma } from '../../generated/prisma/client.ts'

export interface FilterScope {
  accountId: string
  /** What relative conditions count from. */
  now: Date
  /** So many people may be asked one by one where their own fields leave no more of them; a usual number where it is absent. */
  few?: number
  /** Something may be told of orders ahead of now; default true. */
  ahead?: boolean
}

const identityKinds: ReadonlyMap<string, IdentityKind> = new Map([
  ['sourceId', 'SOURCE_ID'],
  ['email', 'EMAIL'],
  ['partnerUserId', 'PARTNER_USER_ID'],
  ['phone', 'PHONE'],
  ['deviceId', 'DEVICE'],
])

/** The values of an identity or of a path into the fields. An identity's name hides a field of the same name. */
export function valuesSql(field: string, accountId: string): Prisma.Sql {
  const kind = identityKinds.get(field)
  if (kind !== undefined) return identitySql(Prisma.sql`identity.value`, { accountId, kind })
  if (field === 'emailDomain') {
    return identitySql(Prisma.sql`split_part(identity.value, '@', -1)`, { accountId, kind: 'EMAIL' })
  }
  return pathSql(field)
}

const identitySql = (value: Prisma.Sql, { accountId, kind }: { accountId: string; kind: IdentityKind }) => Prisma.sql`
  SELECT to_jsonb(${value}) AS v FROM identity
  WHERE identity.account_id = ${accountId}::uuid AND identity.profile_id = ANY (person.ids) AND identity.kind = ${kind}::identity_kind`

// `->` with a text reads a member of an object, and nothing of a list or a scalar.
function pathSql(field: string): Prisma.Sql {
  let rows = Prisma.sql`SELECT person.fields AS v`
  for (const { name, each } of compilePath(field)) {
    rows = Prisma.sql`SELECT source.v -> ${name}::text AS v FROM (${rows}) AS source`
    if (each) {
      rows = Prisma.sql`SELECT element.v FROM (${rows}) AS list
        CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(list.v) WHEN 'array' THEN list.v END) AS element (v)`
    }
  }
  return rows
}
