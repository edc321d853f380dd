// What is looked up of people as a whole: one statement for all people of the operation, over all profiles that each of them is.

import DataLoader from 'dataloader'
import type { Context } from '../../context.ts'
import { personOf } from '../profiles/members.ts'

/** Each profile beside the person that it is of, as two columns. */
export interface Pairs {
  readonly roots: readonly string[]
  readonly members: readonly string[]
}

/** What `find` tells of the person, by root id. `key` names the look-up; what it asks for is the same for all people. */
export async function perPerson<T>(
  context: Context,
  { key, profileId }: { key: unknown; profileId: string },
  find: (pairs: Pairs) => Promise<ReadonlyMap<string, T>>,
): Promise<T | undefined> {
  const { rootId } = await personOf(context, profileId)
  return context.memo(key, () => personLoader(context, find)).load(rootId)
}

function personLoader<T>(context: Context, find: (pairs: Pairs) => Promise<ReadonlyMap<string, T>>) {
  return new DataLoader<string, T | undefined>(async (rootIds) => {
    const people = await Promise.all(rootIds.map((id) => personOf(context, id)))
    const pairs = people.flatMap(({ rootId, members }) => members.map((member) => ({ rootId, member })))
    const found = await find({ roots: pairs.map(({ rootId }) => rootId), members: pairs.map(({ member }) => member) })
    return rootIds.map((id) => found.get(id))
  })
}
