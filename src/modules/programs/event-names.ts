// What is known of event names: other spellings, and which events follow an earlier one of their transaction.

import type { Context } from '../../context.ts'
import { badInput, conflict } from '../../errors.ts'
import { checkedEventName } from './definitions.ts'
import { findEventUse } from './event-places.ts'
import { bumpRules } from './sql.ts'

export interface CreateEventTypeAliasInput {
  alias: string
  name: string
}

/**
 * Makes another spelling of an event name; returns it folded. CONFLICT for one that is taken, that is an event type of its
 * own, that a campaign names which is not over, or that would make a chain of aliases.
 */
export async function createEventTypeAlias(context: Context, input: CreateEventTypeAliasInput): Promise<string> {
  const { accountId, services, now } = context
  const alias = checkedEventName(input.alias, 'input.alias')
  const name = checkedEventName(input.name, 'input.name')
  if (alias === name) throw badInput('the same as the name', 'input.alias')
  await services.database.transaction(async (tx) => {
    await bumpRules(tx, accountId)
    const related = await tx.eventTypeAlias.findFirst({ where: { accountId, OR: [{ alias: name }, { name: alias }] } })
    if (related?.alias === name) throw conflict(`${name} is itself an alias`, 'input.name')
    if (related) throw conflict(`${alias} already has aliases of its own`, 'input.alias')
    const type = await tx.eventType.findUnique({ where: { accountId_name: { accountId, name: alias } } })
    if (type) throw conflict(`${alias} is an event type of its own`, 'input.alias')
    const use = await findEventUse(tx, accountId, [alias])
    if (use) throw conflict(`the campaign ${use.campaign} names ${alias} in its journey ${use.journey}`, 'input.alias')
    const { count } = await tx.eventTypeAlias.createMany({
      data: { accountId, alias, name, createdAt: now },
      skipDuplicates: true,
    })
    if (count === 0) throw conflict(`${alias} is an alias already`, 'input.alias')
  })
  return alias
}

export interface SetEventTypeInput {
  name: string
  followsTransaction: boolean
}

/** Says what is known of an event name, in place of what was said before; returns the name folded. CONFLICT for an alias. */
export async function setEventType(context: Context, input: SetEventTypeInput): Promise<string> {
  const { accountId, services, now } = context
  const name = checkedEventName(input.name, 'input.name')
  const { followsTransaction } = input
  await services.database.transaction(async (tx) => {
    await bumpRules(tx, accountId)
    const alias = await tx.eventTypeAlias.findUnique({ where: { accountId_alias: { accountId, alias: name } } })
    if (alias) throw conflict(`${name} is an alias of ${alias.name}`, 'input.name')
    await tx.eventType.upsert({
      where: { accountId_name: { accountId, name } },
      create: { accountId, name, followsTransaction, createdAt: now },
      update: { followsTransaction },
    })
  })
  return name
}
