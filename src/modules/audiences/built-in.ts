// Built-in audiences: an account that never asks for one pays nothing for it; who asks again gets the same one.

import type { Context } from '../../context.ts'
import { type BuiltInKind, builtInAudiences } from '../../core/audiences/built-in.ts'
import { newId } from '../../ids.ts'
import { bumpRules } from '../programs/sql.ts'
import { fillNow } from './fill.ts'
import { setRule } from './service.ts'

/** The account's audience of that kind, made where it is not there yet; returns its id. */
export async function ensureBuiltInAudience(context: Context, { kind }: { kind: BuiltInKind }): Promise<string> {
  const { accountId, services, db, now: createdAt } = context
  const known = await db.audience.findFirst({ where: { accountId, builtIn: kind }, select: { id: true } })
  if (known) return known.id
  const { name, rule } = builtInAudiences[kind]
  const audienceId = await services.database.transaction(async (tx) => {
    // From here on nobody else makes one.
    await bumpRules(tx, accountId)
    const other = await tx.audience.findFirst({ where: { accountId, builtIn: kind }, select: { id: true } })
    if (other) return other.id
    const taken = await tx.audience.findFirst({ where: { accountId, name }, select: { id: true } })
    const id = newId()
    const audience = { accountId, id, name: taken ? `${name} (${id.slice(-8)})` : name, builtIn: kind, createdAt }
    await tx.audience.create({ data: audience })
    await setRule(tx, context, { id, rule, number: 1 })
    return id
  })
  await fillNow(services, { accountId, audienceId })
  return audienceId
}
