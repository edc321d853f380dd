// Making exports: what is wanted is kept, and the file is written as it is fetched.

import type { Context } from '../../context.ts'
import type { Rule } from '../../core/rules/rule.ts'
import { badInput } from '../../errors.ts'
import { type FileFormat, Prisma } from '../../generated/prisma/client.ts'
import { newId } from '../../ids.ts'
import { checkedText } from '../../text.ts'
import { newLinkSecret } from '../imports/links.ts'
import { seesPersonal } from '../profiles/hidden.ts'

export interface NewExport {
  readonly format: FileFormat
  /** Whom it is of; null: everybody. */
  readonly filter: Rule | null
  readonly fields: readonly string[]
}

const maxFields = 1_000

/** Keeps what is wanted; returns its id. BAD_INPUT for too many fields, or one twice. */
export async function createExport(context: Context, { format, filter, fields }: NewExport): Promise<string> {
  const { accountId, db, now, principal } = context
  if (fields.length > maxFields) throw badInput(`over ${maxFields} fields`, 'input.fields')
  const names = fields.map((name, index) => checkedText(name, `input.fields[${index}]`))
  const twice = names.findIndex((name, index) => names.indexOf(name) < index)
  if (twice >= 0) throw badInput('the field is there twice', `input.fields[${twice}]`)
  const id = newId()
  await db.export.create({
    data: {
      ...{ accountId, id, format, fields: names, isPersonal: seesPersonal(context), secret: newLinkSecret() },
      ...{ apiKeyId: principal?.keyId ?? null, createdAt: now },
      filter: filter === null ? Prisma.DbNull : (filter as unknown as Prisma.InputJsonObject), // A rule is plain JSON.
    },
  })
  return id
}
