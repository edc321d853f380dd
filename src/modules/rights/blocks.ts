// Keeping a person from events' credit or from rewards, and letting go again; what is in force, and what that permits.

import DataLoader from 'dataloader'
import type { Context } from '../../context.ts'
import { groupBy } from '../../core/group.ts'
import type { BlockKind } from '../../generated/prisma/client.ts'
import { newId } from '../../ids.ts'
import type { Transaction } from '../../platform/database.ts'
import { retrying } from '../../platform/retry.ts'
import { checkedOptional } from '../../text.ts'
import type { ProfileKey } from '../profiles/look-up.ts'
import { membersOf } from '../profiles/members.ts'
import { type BlockRow, findBlocks, findMarks, insertBlocks, liftBlocks, type Marks, markBlocks } from './blocks-sql.ts'
import { lockPerson, profileNamed } from './people.ts'

export type Blocked = BlockKind | 'BOTH'

const kindsOf = (what: Blocked): BlockKind[] => (what === 'BOTH' ? ['EVENTS', 'REWARDS'] : [what])

export interface BlockPersonInput {
  profile: ProfileKey
  what: Blocked
  reason?: string | null
}

/** Blocks a person; returns the id. What is blocked already stays as it is. CONFLICT for one who was erased. */
export async function blockPerson(context: Context, input: BlockPersonInput): Promise<string> {
  const { accountId, now: at } = context
  const reason = checkedOptional(input.reason, 'input.reason', 500)
  return changeBlocks(context, input.profile, async (tx, { profileId }) => {
    const known = new Set((await findBlocks(tx, accountId, [profileId])).map(({ kind }) => kind))
    const rows = kindsOf(input.what)
      .filter((kind) => !known.has(kind))
      .map((kind) => ({ id: newId(), profileId, kind, reason, at }))
    if (rows.length === 0) return
    await insertBlocks(tx, accountId, rows)
    await markBlocks(tx, accountId, { ids: [profileId], kinds: rows.map(({ kind }) => kind), at })
  })
}

/** Lets a person go; returns the id. What is not blocked stays so. CONFLICT for one who was erased. */
export async function unblockPerson(context: Context, input: { profile: ProfileKey; what: Blocked }): Promise<string> {
  const { accountId, now: at } = context
  const kinds = kindsOf(input.what)
  return changeBlocks(context, input.profile, async (tx, { ids }) => {
    await liftBlocks(tx, accountId, { ids, kinds, at })
    await markBlocks(tx, accountId, { ids, kinds, at: null })
  })
}

interface Locked {
  /** The profile that was named: a block stays with it when a merge is undone. */
  profileId: string
  /** All that are the person. */
  ids: readonly string[]
}

async function changeBlocks(
  context: Context,
  profile: ProfileKey,
  change: (tx: Transaction, locked: Locked) => Promise<void>,
): Promise<string> {
  const { accountId, services } = context
  const profileId = await profileNamed(context, profile)
  const work = async (tx: Transaction) => {
    const ids = await lockPerson(tx, accountId, profileId)
    await change(tx, { profileId, ids })
    return ids[0] ?? profileId
  }
  const id = await retrying(() => services.database.transaction(work))
  context.memo('blocks', () => blockLoader(context)).clearAll()
  context.memo('marks', () => markLoader(context)).clearAll()
  return id
}

/** What is in force of any profile that is the person: of each kind the oldest, the oldest first. */
export async function blocksOfPerson(context: Context, profileId: string): Promise<BlockRow[]> {
  const loader = context.memo('blocks', () => blockLoader(context))
  const rows = (await Promise.all((await membersOf(context, profileId)).map((id) => loader.load(id)))).flat()
  const inOrder = rows.sort((a, b) => (a.id < b.id ? -1 : 1))
  return inOrder.filter(({ kind }, i) => inOrder.findIndex((one) => one.kind === kind) === i)
}

function blockLoader({ sql, accountId }: Context) {
  return new DataLoader(async (ids: readonly string[]) => {
    const rows = groupBy(await findBlocks(sql, accountId, ids), ({ profileId }) => profileId)
    return ids.map((id) => rows.get(id) ?? [])
  })
}

/** Since when any profile of the person is kept from events' credit and from rewards, or erased. */
export async function marksOfPerson(context: Context, profileId: string): Promise<Marks> {
  const loader = context.memo('marks', () => markLoader(context))
  const rows = await Promise.all((await membersOf(context, profileId)).map((id) => loader.load(id)))
  const first = (key: keyof Marks) => rows.map((row) => row[key]).find((at) => at !== null) ?? null
  return {
    eventsBlockedAt: first('eventsBlockedAt'),
    rewardsBlockedAt: first('rewardsBlockedAt'),
    erasedAt: first('erasedAt'),
  }
}

const unmarked: Marks = { eventsBlockedAt: null, rewardsBlockedAt: null, erasedAt: null }

function markLoader({ sql, accountId }: Context) {
  return new DataLoader(async (ids: readonly string[]) => {
    const rows = new Map((await findMarks(sql, accountId, ids)).map((row) => [row.id, row]))
    return ids.map((id): Marks => rows.get(id) ?? unmarked)
  })
}
