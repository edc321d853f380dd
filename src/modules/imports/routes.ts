// The files of imports over HTTP: one is sent by PUT, what became of its rows is fetched by GET. By a signed link, or by a key that may
// bring in such rows and, for outcomes, read people and see personal values.

import { can, type Principal, refusal } from '../../access.ts'
import type { Context } from '../../context.ts'
import { encodeId } from '../../core/ids.ts'
import { badInput, notFound } from '../../errors.ts'
import type { Import } from '../../generated/prisma/client.ts'
import { idInput } from '../../ids.ts'
import type { FileCall, FileRoute } from '../../platform/files.ts'
import { workerContext } from './chunk.ts'
import { findingsOf } from './job.ts'
import { assertLink, type LinkPurpose, namedIn } from './links.ts'
import { outcomeLines } from './outcome-file.ts'
import { assertMayImport } from './service.ts'
import { takeFile } from './upload.ts'

/** All of them, as `Import.outcomePath` takes. */
const outcomeScopes = ['PROFILES_READ', 'PII_READ'] as const

type Call = FileCall<Principal, Context>

/** The import, and a context to work in. NOT_FOUND, FORBIDDEN and UNAUTHENTICATED for who may not. */
async function admitted(
  { context, principal, parts, query }: Call,
  purpose: LinkPurpose,
): Promise<{ job: Import; context: Context }> {
  const given = parts[0] ?? ''
  const { services } = context
  if (!query.has('signature')) {
    const { accountId } = context
    const job = await services.database.forAccount(accountId).import.findUnique({
      where: { accountId_id: { accountId, id: idInput('Import', decoded(given), 'path') } },
    })
    if (!job) throw notFound('no such import')
    assertMayImport(context, job.kind)
    const missing = purpose === 'outcome' && outcomeScopes.find((scope) => !can(principal, [scope]))
    if (missing) throw refusal(principal, { field: 'outcomes of imports', scopes: [missing] })
    return { job, context }
  }
  const key = namedIn(given, query)
  const job = await services.database.forAccount(key.accountId).import.findUnique({ where: { accountId_id: key } })
  if (!job) throw notFound('no such import')
  assertLink(job, { purpose, query, now: services.now() })
  return { job, context: workerContext(services, job) }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw badInput('a % in it begins no character', 'path')
  }
}

export const importFiles: readonly FileRoute<Principal, Context>[] = [
  {
    path: /^\/imports\/([^/]+)\/file$/,
    async put(call, body) {
      const { job, context } = await admitted(call, 'file')
      const { importId, isEarlier, rows } = await takeFile(context, job, body)
      return { import: encodeId('Import', importId), isEarlier, rows }
    },
  },
  {
    path: /^\/imports\/([^/]+)\/outcome$/,
    async get(call) {
      const { job, context } = await admitted(call, 'outcome')
      const isCsv = findingsOf(job).format !== 'JSON_LINES'
      const isRejected = call.query.get('rows') === 'rejected'
      return {
        name: `${(job.fileName ?? 'import').replace(/\.(csv|tsv|txt|jsonl|ndjson|json|gz)$/gi, '')}-outcome.${isCsv ? 'csv' : 'jsonl'}`,
        type: isCsv ? 'text/csv; charset=utf-8' : 'application/x-ndjson; charset=utf-8',
        chunks: outcomeLines(context, job, { isRejected }),
      }
    },
  },
]
