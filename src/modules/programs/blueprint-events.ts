// The event names of a document: aliases and follow-ups, which belong to the account and must read the same there.

import { badInput, conflict } from '../../errors.ts'
import type { Transaction } from '../../platform/database.ts'
import type { Blueprint } from './blueprint.ts'
import { checkedEventName } from './definitions.ts'
import type { Draft } from './drafts.ts'
import { eventPlaces, findEventUse } from './event-places.ts'

interface EventPlan {
  blueprint: Blueprint
  /** What was read of the document's campaigns, in their order. */
  drafts: readonly Draft[]
  at: Date
  /** Where the document stands in the input. */
  path: string
}

/**
 * Stores aliases and event types; those that are there and say the same are kept. CONFLICT, at the place, for one that says
 * something else, for an alias that a campaign of the account names, and for an event of a campaign that the account reads as
 * another or as a follow-up, unlike the document. BAD_INPUT for an event of a campaign that is an alias in the document.
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
  assertEvents(plan, { aliases, types, known })
  await assertUnused(tx, accountId, { aliases, known, path })
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
  { blueprint: { campaigns }, drafts, path }: EventPlan,
  { aliases, types, known }: { aliases: Aliases; types: Types; known: Known },
): void {
  const places = campaigns.flatMap(({ journeys }, i) =>
    eventPlaces({ journeys, definitions: drafts[i]?.definitions ?? [], path: `${path}.campaigns[${i}].journeys` }),
  )
  for (const { name, path: place } of places) {
    if (aliases.has(name)) throw badInput(`an alias of ${aliases.get(name)}; name that`, place)
    if (known.aliases.has(name)) throw conflict(`${name} is an alias of ${known.aliases.get(name)} here`, place)
    if (known.types.get(name) && !types.get(name)) throw conflict(`${name} follows its transaction here`, place)
  }
}

/** No alias that is new here may be an event that a campaign of the account names. */
async function assertUnused(
  tx: Transaction,
  accountId: string,
  { aliases, known, path }: { aliases: Aliases; known: Known; path: string },
): Promise<void> {
  const names = [...aliases.keys()]
  const use = await findEventUse(
    tx,
    accountId,
    names.filter((alias) => !known.aliases.has(alias)),
  )
  if (!use) return
  const place = `${path}.aliases[${names.indexOf(use.event)}].alias`
  throw conflict(`the campaign ${use.campaign} names ${use.event} in its journey ${use.journey}`, place)
}
