// The lines of an export: people in the order of their first encounter, page by page as somebody fetches them, so that no more than
// a page is ever in memory. What it writes can be brought in again.

import type { Context } from '../../context.ts'
import type { Identifier, IdentityKind } from '../../core/identity.ts'
import { encodeId } from '../../core/ids.ts'
import { csvLine } from '../../core/imports/written-csv.ts'
import { isPersonalName, noMarks, withoutPersonal } from '../../core/personal-names.ts'
import type { Rule } from '../../core/rules/rule.ts'
import type { Export } from '../../generated/prisma/client.ts'
import type { Sql } from '../../platform/database.ts'
import { findPage } from '../profiles/list-sql.ts'
import { fieldsOfPerson, identifiersOfPerson } from '../profiles/members.ts'

const pageSize = 1_000
const maxFields = 1_000

const identifierColumns: readonly [name: string, kind: IdentityKind][] = [
  ['sourceId', 'SOURCE_ID'],
  ['email', 'EMAIL'],
  ['phone', 'PHONE'],
  ['partnerUserId', 'PARTNER_USER_ID'],
  ['deviceId', 'DEVICE'],
]

/** What the caller may see of somebody, by column. */
type Row = ReadonlyMap<string, unknown>

/** `newContext`: one for each page, since it remembers whom it has read. */
export async function* exportLines(newContext: () => Context, job: Export): AsyncGenerator<string> {
  const first = newContext()
  const { marks } = await first.services.ruleSets.inForce(first.sql, job.accountId)
  const marked = marks.of('PROFILE')
  const isHidden = (name: string) => !job.isPersonal && isPersonalName(name, noMarks)
  const kinds = identifierColumns.filter(([name]) => !isHidden(name))
  const named = ['id', ...kinds.map(([name]) => name)]
  const names = job.fields.length > 0 ? job.fields : await findFieldNames(first.sql, job.accountId)
  // A field of such a name says nothing of who it is: the column is the identifier's.
  const columns = [...named, ...names.filter((name) => !named.includes(name))]
  if (job.format === 'CSV') yield csvLine(columns)
  const asked = { accountId: job.accountId, now: first.now, filter: job.filter as Rule | null, search: null } // As it was checked.
  for (let after: string | undefined; ; ) {
    const context = newContext()
    const ids = await findPage(context, {
      ...asked,
      order: 'asc',
      limit: pageSize,
      ...(after === undefined ? {} : { after }),
    })
    const rows = await Promise.all(
      ids.map(async (id): Promise<Row> => {
        const [fields, identifiers] = await Promise.all([fieldsOfPerson(context, id), identifiersOfPerson(context, id)])
        const shown = job.isPersonal ? fields : withoutPersonal(fields, marked).values
        const own = kinds.map(([name, kind]) => [name, firstOf(identifiers, kind)] as const)
        const who = [['id', encodeId('Profile', id)], ...own] as const
        // First for their places, last for their values.
        return new Map<string, unknown>([...who, ...Object.entries(shown), ...who])
      }),
    )
    if (rows.length > 0) yield rows.map((row) => lineOf(row, { columns, job })).join('')
    after = ids.at(-1)
    if (ids.length < pageSize) return
  }
}

/** The one that came first; a person may have several. */
const firstOf = (identifiers: readonly (Identifier & { shared: boolean })[], kind: IdentityKind): string | null =>
  identifiers.find((one) => one.kind === kind && !one.shared)?.value ?? null

function lineOf(row: Row, { columns, job }: { columns: readonly string[]; job: Export }): string {
  if (job.format === 'CSV') return csvLine(columns.map((name) => row.get(name)))
  const asked = job.fields.length > 0 ? columns : [...row.keys()]
  const told = asked.flatMap((name) => ((row.get(name) ?? null) === null ? [] : [[name, row.get(name)] as const]))
  return `${JSON.stringify(Object.fromEntries(told))}\n`
}

/** The names of all fields that people have, in alphabetical order; at most 1,000. */
async function findFieldNames(sql: Sql, accountId: string): Promise<string[]> {
  const rows = await sql.$queryRaw<{ name: string }[]>`
    SELECT DISTINCT name FROM profile CROSS JOIN LATERAL jsonb_object_keys(profile.fields) AS own (name)
    WHERE profile.account_id = ${accountId}::uuid ORDER BY name LIMIT ${maxFields}::int`
  return rows.map(({ name }) => name)
}
