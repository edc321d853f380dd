// The files of exports over HTTP, by a signed link, written while they are fetched.

import type { Principal } from '../../access.ts'
import { Context } from '../../context.ts'
import { notFound } from '../../errors.ts'
import type { FileRoute } from '../../platform/files.ts'
import { assertLink, namedIn } from '../imports/links.ts'
import { exportLines } from './lines.ts'

export const exportFiles: readonly FileRoute<Principal, Context>[] = [
  {
    path: /^\/exports\/([^/]+)\/file$/,
    async get({ context: { services }, parts, query }) {
      const key = namedIn(parts[0] ?? '', query)
      const job = await services.database.forAccount(key.accountId).export.findUnique({ where: { accountId_id: key } })
      if (!job) throw notFound('no such export')
      assertLink(job, { purpose: 'export', query, now: services.now() })
      const scopes: Principal['scopes'] = job.isPersonal ? ['PROFILES_READ', 'PII_READ'] : ['PROFILES_READ']
      const principal = { accountId: job.accountId, keyId: job.apiKeyId ?? job.accountId, scopes, expiresAt: null }
      const isCsv = job.format === 'CSV'
      return {
        name: `people.${isCsv ? 'csv' : 'jsonl'}`,
        type: isCsv ? 'text/csv; charset=utf-8' : 'application/x-ndjson; charset=utf-8',
        chunks: exportLines(() => new Context(services, principal), job),
      }
    },
  },
]
