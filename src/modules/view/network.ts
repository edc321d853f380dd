// The people whom a person brought, and those whom they brought in turn; or the other way, who brought the person.

import type { Context } from '../../context.ts'
import { groupBy } from '../../core/group.ts'
import { badInput } from '../../errors.ts'
import { findNetworks, type NetworkAsked } from './network-sql.ts'
import { perPerson } from './per-person.ts'

export const maxDepth = 5
export const maxPeople = 500

export interface NetworkPerson {
  profileId: string
  /** 1: a friend; 2: a friend's friend. */
  depth: number
  /** Through whom the person was found. */
  throughId: string
}

export interface Network {
  people: NetworkPerson[]
  /** There are more than were asked for. */
  isCut: boolean
}

interface Asked extends Pick<NetworkAsked, 'towards' | 'depth'> {
  first: number
}

/** Everybody once, at the least depth, the nearest first. BAD_INPUT for a depth that is not from 1 to 5. */
export async function networkOfPerson(
  context: Context,
  { place, profileId }: { place: unknown; profileId: string },
  { towards, depth, first }: Asked,
): Promise<Network> {
  if (depth < 1 || depth > maxDepth) throw badInput(`from 1 to ${maxDepth}`, 'depth')
  if (first < 1 || first > maxPeople) throw badInput(`from 1 to ${maxPeople}`, 'first')
  const { sql, accountId } = context
  const levels = await perPerson(context, { key: place, profileId }, async ({ roots }) => {
    // One more than is shown tells that there are more.
    const asked = { roots: [...new Set(roots)], towards, depth, limit: first + 1 }
    return groupBy(await findNetworks(sql, accountId, asked), ({ rootId }) => rootId)
  })
  const people = (levels ?? []).flatMap(({ depth: level, ids, through }) =>
    ids.map((id, i) => ({ profileId: id, depth: level, throughId: through[i] ?? id })),
  )
  return { people: people.slice(0, first), isCut: people.length > first }
}
