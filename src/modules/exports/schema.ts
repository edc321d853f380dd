// Exports: people as a file, all of them, a filtered list or an audience.

import { builder } from '../../builder.ts'
import { badInput } from '../../errors.ts'
import { FileFormat } from '../../generated/prisma/client.ts'
import { nodeKey } from '../../ids.ts'
import { linkMs, linkTo } from '../imports/links.ts'
import { checkedFilter } from '../profiles/list-schema.ts'
import { RuleInput } from '../programs/rule-input.ts'
import { createExport } from './service.ts'

const FormatEnum = builder.enumType(FileFormat, { name: 'FileFormat', description: 'How a file is written.' })

builder.relayMutationField(
  'createExport',
  {
    inputFields: (t) => ({
      format: t.field({ type: FormatEnum, defaultValue: 'CSV' }),
      filter: t.field({
        type: RuleInput,
        description: 'Only people of whom it is true, as for `profiles`; default: everybody.',
      }),
      audienceId: t.id({ description: 'The people of an audience; with `filter`, those of them.' }),
      fields: t.stringList({
        description: 'Names of fields, in the order of the columns; default: all that people have.',
      }),
    }),
  },
  {
    nullable: true,
    authScopes: { can: 'PROFILES_READ' },
    description:
      'People as a file that is written while it is fetched: ids, identifiers (of each kind the first) and fields. Keys without PII_READ get no personal values. What a spreadsheet would run gets an apostrophe before it, which imports take away again.',
    resolve: async (_root, { input: { format, filter, audienceId, fields } }, context) => {
      const audience = audienceId == null ? [] : [{ audience: { id: audienceId, member: true } }]
      const all = [...(filter ? [filter] : []), ...audience]
      const [only] = all
      const rule = all.length > 1 ? { all } : only
      if (format === null) throw badInput('a format', 'input.format')
      const checked = rule ? await checkedFilter(context, rule) : null
      return { id: await createExport(context, { format: format ?? 'CSV', filter: checked, fields: fields ?? [] }) }
    },
  },
  {
    outputFields: (t) => ({
      path: t.string({
        description:
          'Where the file is fetched by GET: a link to be joined to the server’s address, good for a day without a key.',
        resolve: async ({ id }, _args, { db, accountId, now }) =>
          linkTo(
            await db.export.findUniqueOrThrow({ where: nodeKey(id, accountId) }),
            'export',
            new Date(now.getTime() + linkMs),
          ),
      }),
    }),
  },
)
