// The event names of a document: aliases and follow-ups, which belong to the account and must read the same there.

import { foldEventName } from '../../core/names.ts'
import { badInput, conflict } from '../../errors.ts'
import type { Transaction } from '../../platform/database.ts'
import type { Blueprint } from './blueprint.ts'
import { checkedEventName } from './definitions.ts'

interface EventPlan {
  blueprint: Blueprint
  at: Date
  /** Where the document stands in the input. */
  path: string
}

/**
 * Stores aliases and event types; those that are there and say the same are kept. CONFLICT, at the place, for one that says
 * something else, and for an event of a campaign that the account reads as another or as a follow-up, unlike the document.
 */
export async function insertEventNames(tx: Transaction, accountId: string, plan: EventPlan): Promise<void> {
  const { blueprint, at, path } = plan
  const aliases = aliasesOf(blueprint, path)
  const types = new Map(
    blueprint.eventTypes.map(({ name, followsTransaction }, i) => [
      checkedEventName(name, `${path}.eventTypes[${i}].name`),
      followsTransaction,
    ]),
  )
  const known = {
    aliases: new Map((await tx.eventTypeAlias.findMany({ where: { accountId } })).map((row) => [row.alias, row.name])),
    types: new Map(
      (await tx.eventType.findMany({ where: { accountId } })).map((row) => [row.name, row.followsTransaction]),
    ),
  }
  assertAliases(aliases, known, path)
  assertTypes(types, known, `${path}.eventTypes`)
  assertEvents(blueprint, { aliases, types, known }, path)
  await tx.eventTypeAlias.createMany({
    data: [...aliases].map(([alias, name]) => ({ accountId, alias, name, createdAt: at })),
    skipDuplicates: true,
  })
  await tx.eventType.createMany({
    data: [...types].map(([name, followsTransaction]) => ({ accountId, name, followsTransaction, createdAt: at })),
    skipDuplicates: true,
  })
}

type Aliases = ReadonlyMap<string, string>
type Types = ReadonlyMap<string, boolean>
interface Known {
  aliases: Aliases
  types: Types
}

function aliasesOf({ aliases }: Blueprint, path: string): Map<string, string> {
  const byAlias = new Map<string, string>()
  for (const [i, given] of aliases.entries()) {
    const place = `${path}.aliases[${i}]`
    const alias = checkedEventName(given.alias, `${place}.alias`)
    const name = checkedEventName(given.name, `${place}.name`)
    if (alias === name) throw badInput('the same as the name', `${place}.alias`)
    if (byAlias.has(alias)) throw badInput('it is there twice', `${place}.alias`)
    byAlias.set(alias, name)
  }
  return byAlias
}

/** No alias may say something else than one that is there, and none may lead to another. */
function assertAliases(aliases: Aliases, known: Known, path: string): void {
  const targets = new Set([...known.aliases.values(), ...aliases.values()])
  for (const [i, [alias, name]] of [...aliases].entries()) {
    const place = `${path}.aliases[${i}]`
    const other = known.aliases.get(alias)
    if (other !== undefined && other !== name) throw conflict(`${alias} is an alias of ${other}`, `${place}.alias`)
    if (aliases.has(name) || known.aliases.has(name)) throw conflict(`${name} is itself an alias`, `${place}.name`)
    if (targets.has(alias)) throw conflict(`${alias} already has aliases of its own`, `${place}.alias`)
    if (known.types.has(alias)) throw conflict(`${alias} is an event type of its own`, `${place}.alias`)
  }
}

function assertTypes(types: Types, known: Known, path: string): void {
  for (const [i, [name, followsTransaction]] of [...types].entries()) {
    const other = known.types.get(name)
    if (other !== undefined && other !== followsTransaction)
      throw conflict(`${name} is known to ${other ? '' : 'not '}follow its transaction`, `${path}[${i}]`)
    if (known.aliases.has(name)) throw conflict(`${name} is an alias`, `${path}[${i}].name`)
  }
}

/** What the document does not speak of must not be read in another way here. */
function assertEvents(
  { campaigns }: Blueprint,
  { aliases, types, known }: { aliases: Aliases; types: Types; known: Known },
  path: string,
): void {
  for (const [i, { journeys }] of campaigns.entries()) {
    for (const [j, { events }] of journeys.entries()) {
      for (const [k, event] of events.entries()) {
        const name = foldEventName(event)
        const place = `${path}.campaigns[${i}].journeys[${j}].events[${k}]`
        if (!aliases.has(name) && known.aliases.has(name))
          throw conflict(`${name} is an alias of ${known.aliases.get(name)} here`, place)
        if (known.types.get(name) && !types.get(name)) throw conflict(`${name} follows its transaction here`, place)
      }
    }
  }
}
