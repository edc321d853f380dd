// What is told of a relationship that is not in its row: marks, and whether it is usable. Across merges, and for all
// relationships of an operation together.

import DataLoader from 'dataloader'
import type { Context } from '../../context.ts'
import { groupBy } from '../../core/group.ts'
import { personOf } from '../profiles/members.ts'
import { findNeighbours, type Neighbour } from './marks-sql.ts'
import { type AsOf, findEvidenceAsOf } from './sql.ts'

export type RelationshipMark = 'MUTUAL' | 'DISPLACED' | 'WITHDRAWN'

export interface Marked extends Neighbour {
  withdrawnAt: Date | null
}

/** The marks of a relationship, in the order of the enum. Who was first is told by the ids, which sort by creation. */
export function marksOf(context: Context, relationship: Marked): Promise<RelationshipMark[]> {
  return context.memo('marks of relationships', () => marksLoader(context)).load(relationship)
}

function marksLoader(context: Context): DataLoader<Marked, RelationshipMark[], string> {
  const { sql, accountId } = context
  return new DataLoader(
    async (relationships) => {
      const people = relationships.flatMap(({ advocateId, friendId }) => [advocateId, friendId])
      const known = await Promise.all(people.map((id) => personOf(context, id)))
      const neighbours = await findNeighbours(sql, accountId, {
        friendIds: [...new Set(known.flatMap(({ members }) => members))],
        programIds: [...new Set(relationships.map(({ programId }) => programId))],
      })
      const advocates = neighbours.map(async (row) => ({ ...row, ...(await rootsOf(context, row)) }))
      const byProgram = groupBy(await Promise.all(advocates), ({ programId }) => programId)
      return Promise.all(
        relationships.map(async (row) =>
          marks({ ...row, ...(await rootsOf(context, row)) }, byProgram.get(row.programId) ?? []),
        ),
      )
    },
    { cacheKeyFn: ({ id }) => id },
  )
}

interface Roots {
  advocate: string
  friend: string
}

async function rootsOf(context: Context, { advocateId, friendId }: Neighbour): Promise<Roots> {
  const [advocate, friend] = await Promise.all([personOf(context, advocateId), personOf(context, friendId)])
  return { advocate: advocate.rootId, friend: friend.rootId }
}

function marks(own: Marked & Roots, neighbours: readonly (Neighbour & Roots)[]): RelationshipMark[] {
  const isOpposite = ({ advocate, friend }: Roots) => advocate === own.friend && friend === own.advocate
  const isRival = ({ advocate, friend }: Roots) => friend === own.friend && advocate !== own.advocate
  const isBetweenTwo = own.advocate !== own.friend
  return [
    ...(isBetweenTwo && neighbours.some((row) => row.id < own.id && isOpposite(row)) ? (['MUTUAL'] as const) : []),
    ...(neighbours.some((row) => row.id > own.id && isRival(row)) ? (['DISPLACED'] as const) : []),
    ...(own.withdrawnAt ? (['WITHDRAWN'] as const) : []),
  ]
}

export interface Lasting {
  id: string
  firstEvidenceAt: Date
  latestEvidenceAt: Date
  withdrawnAt: Date | null
  program: { lookbackDays: number }
}

const dayMs = 86_400_000

/** From the first evidence on, until the look-back from the latest evidence up to then is over (exclusive), as targeting has it. */
export async function isUsableAt(context: Context, relationship: Lasting, at: Date): Promise<boolean> {
  const { id, firstEvidenceAt, latestEvidenceAt, withdrawnAt, program } = relationship
  if (withdrawnAt || at < firstEvidenceAt) return false
  const latest = at >= latestEvidenceAt ? latestEvidenceAt : await evidenceAsOf(context, { id, at })
  return at.getTime() < (latest ?? firstEvidenceAt).getTime() + program.lookbackDays * dayMs
}

function evidenceAsOf(context: Context, asked: AsOf): Promise<Date | null> {
  return context.memo('evidence as of', () => evidenceLoader(context)).load(asked)
}

function evidenceLoader({ sql, accountId }: Context): DataLoader<AsOf, Date | null, string> {
  const keyOf = ({ id, at }: AsOf) => `${id} ${at.toISOString()}`
  return new DataLoader(
    async (asked) => {
      // One row for each pair, in no order; a row tells the relationship and its evidence, not the time asked about.
      const times = groupBy(asked, ({ at }) => at.toISOString())
      const found = new Map<string, Date>()
      for (const [time, pairs] of times) {
        for (const { id, at } of await findEvidenceAsOf(sql, accountId, pairs)) found.set(`${id} ${time}`, at)
      }
      return asked.map((one) => found.get(keyOf(one)) ?? null)
    },
    { cacheKeyFn: keyOf },
  )
}
