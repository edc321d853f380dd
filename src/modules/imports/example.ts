// An example of each kind of file, with the account's own fields: what it says can be brought in.

import type { Context } from '../../context.ts'
import { csvLine } from '../../core/imports/written-csv.ts'
import type { ImportKind } from '../../generated/prisma/client.ts'
import { importKinds } from './kinds.ts'

const rows = 2

export interface ImportExample {
  readonly fileName: string
  readonly content: string
}

/** The header, and two rows. */
export async function importExample({ services, sql, accountId }: Context, kind: ImportKind): Promise<ImportExample> {
  const rules = await services.ruleSets.inForce(sql, accountId)
  // Others can be told too, but nobody has to.
  const columns = importKinds[kind]
    .columns(rules)
    .filter(({ examples = [], required }) => required || examples.length > 0)
  const lines = Array.from({ length: rows }, (_, row) =>
    csvLine(columns.map(({ examples = [] }) => examples[row] ?? '')),
  )
  return {
    fileName: `${kind.toLowerCase().replaceAll('_', '-')}.csv`,
    content: [csvLine(columns.map(({ name }) => name)), ...lines].join(''),
  }
}
