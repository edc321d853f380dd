// The merges of people, those of all people of the request together.

import DataLoader from 'dataloader'
import type { Context } from '../../context.ts'
import { groupBy } from '../../core/group.ts'
import type { Merge } from '../../generated/prisma/client.ts'
import { membersOf } from '../profiles/members.ts'

/** Everything that was merged into the person, one way or another; oldest first. */
export async function mergesOf(context: Context, profileId: string): Promise<Merge[]> {
  const loader = context.memo('merges', () => mergesLoader(context))
  const lists = await Promise.all((await membersOf(context, profileId)).map((id) => loader.load(id)))
  return lists.flat().sort((a, b) => a.mergedAt.getTime() - b.mergedAt.getTime() || (a.loserId < b.loserId ? -1 : 1))
}

const mergesLoader = ({ db, accountId }: Context) =>
  new DataLoader(async (ids: readonly string[]) => {
    const rows = await db.merge.findMany({ where: { accountId, survivorId: { in: [...ids] } } })
    const bySurvivor = groupBy(rows, ({ survivorId }) => survivorId)
    return ids.map((id) => bySurvivor.get(id) ?? [])
  })
