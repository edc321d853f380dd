// Replacing the members of a static audience by a long list that comes in several calls: nobody sees it half done. Only people who
// are known are taken; what names nobody is told, row by row.

import type { Context } from '../../context.ts'
import { type PersonRef, readRef } from '../../core/identity.ts'
import { ApiError, badInput, notFound } from '../../errors.ts'
import { idInput, newId } from '../../ids.ts'
import type { Transaction } from '../../platform/database.ts'
import { RetryError, retrying } from '../../platform/retry.ts'
import { type CheckedRef, checkRef, resolvePeople } from '../profiles/resolve.ts'
import { findMembers, lockProfiles } from '../profiles/sql.ts'
import { lockStatic, replaceMembers } from './members.ts'
import { addStaged, findErased, findStaged, lockReplacement } from './replacement-sql.ts'
import { findSeats } from './sql.ts'

const maxRows = 5_000
const maxMembers = 100_000
const keptMs = 24 * 3_600_000

interface ReplacementInput {
  replacementId: string | number
}

/** Begins a replacement, which has nobody yet; returns its id. CONFLICT for a dynamic audience. Those that are a day old are forgotten. */
export async function beginAudienceReplacement(
  { accountId, services, now: createdAt }: Context,
  input: { audienceId: string | number },
): Promise<string> {
  const audienceId = idInput('Audience', input.audienceId, 'input.audienceId')
  const id = newId()
  await services.database.transaction(async (tx) => {
    await lockStatic(tx, accountId, audienceId)
    const old = new Date(createdAt.getTime() - keptMs)
    await tx.audienceReplacement.deleteMany({ where: { accountId, createdAt: { lt: old } } })
    await tx.audienceReplacement.create({ data: { accountId, id, audienceId, createdAt } })
  })
  return id
}

export const rowFaults = ['UNKNOWN', 'MALFORMED'] as const

/** A row that was left out. */
export interface RowFault {
  /** Its place in the list, from 0. */
  at: number
  /** UNKNOWN: names nobody; MALFORMED: cannot name anybody. */
  reason: (typeof rowFaults)[number]
  message: string
}

export interface Appended {
  /** How many people were not in the replacement before. */
  added: number
  /** How many people are in it now. */
  members: number
  faults: RowFault[]
}

/** Adds people to a replacement. NOT_FOUND for one that is committed or forgotten; LIMIT_EXCEEDED beyond 100,000 people. */
export async function appendToAudienceReplacement(
  context: Context,
  input: ReplacementInput & { profiles: readonly PersonRef[] },
): Promise<Appended> {
  const { accountId } = context
  const { profiles } = input
  if (profiles.length > maxRows) throw badInput(`over ${maxRows} profiles`, 'input.profiles')
  const { refs, places, faults } = readRows(profiles)
  return onReplacement(context, input, async (tx, { id }) => {
    const people = await resolvePeople(tx, refs, { accountId, write: false })
    const created = new Set(people.created)
    const ids = people.steps.flatMap((step, i) => {
      if (step && !created.has(step.personId)) return people.rootOf(step.personId)
      faults.push({ at: places[i] ?? 0, reason: 'UNKNOWN', message: 'nobody is known by it' })
      return []
    })
    const added = await addStaged(tx, { accountId, id }, [...new Set(ids)])
    const members = await tx.audienceReplacementMember.count({ where: { accountId, replacementId: id } })
    if (members > maxMembers) throw tooMany('input.profiles')
    return { added, members, faults: faults.sort((a, b) => a.at - b.at) }
  })
}

function readRows(profiles: readonly PersonRef[]) {
  const refs: CheckedRef[] = []
  const places: number[] = []
  const faults: RowFault[] = []
  for (const [at, row] of profiles.entries()) {
    const read = readRef(row)
    if ('field' in read) faults.push({ at, reason: 'MALFORMED', message: read.message })
    else {
      try {
        refs.push(checkRef(row, `input.profiles[${at}]`))
        places.push(at)
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        faults.push({ at, reason: 'MALFORMED', message: error.message })
      }
    }
  }
  return { refs, places, faults }
}

export interface Replaced {
  audienceId: string
  added: number
  removed: number
}

/** Makes the people of a replacement the audience's only members, at once. NOT_FOUND for one that is committed or forgotten. */
export async function commitAudienceReplacement(context: Context, input: ReplacementInput): Promise<Replaced> {
  const { accountId, services } = context
  const replaced = await onReplacement(context, input, async (tx, { id, audienceId }) => {
    await lockStatic(tx, accountId, audienceId)
    const seats = await findSeats(tx, { accountId, audienceId }, maxMembers + 1)
    if (seats.length > maxMembers) throw tooMany('input.replacementId')
    const given = await rootsOf(tx, accountId, await findStaged(tx, { accountId, id }))
    const present = await rootsOf(tx, accountId, seats)
    const gone = [...present].filter((one) => !given.has(one))
    const fresh = [...given].filter((one) => !present.has(one))
    await lockProfiles(tx, accountId, [...gone, ...fresh])
    // Who was merged with somebody meanwhile is looked up again.
    const moved = await findMembers(tx, accountId, fresh)
    if (moved.some(({ rootId }) => !given.has(rootId))) throw new RetryError()
    const erased = new Set(await findErased(tx, accountId, fresh))
    const profileIds = fresh.filter((one) => !erased.has(one))
    await tx.audienceReplacement.delete({ where: { accountId_id: { accountId, id } } })
    // It goes last: whoever changes an audience of the account waits from its first change to the commit.
    const done = await replaceMembers(tx, context, { audienceId, gone, fresh: profileIds })
    return { audienceId, ...done }
  })
  services.live.wake(accountId)
  return replaced
}

/** Forgets a replacement; the audience stays as it is. NOT_FOUND for one that is committed or forgotten. */
export function discardAudienceReplacement(context: Context, input: ReplacementInput): Promise<string> {
  const { accountId } = context
  return onReplacement(context, input, async (tx, { id, audienceId }) => {
    await tx.audienceReplacement.delete({ where: { accountId_id: { accountId, id } } })
    return audienceId
  })
}

const rootsOf = async (tx: Transaction, accountId: string, ids: readonly string[]): Promise<Set<string>> =>
  new Set((await findMembers(tx, accountId, ids)).map(({ rootId }) => rootId))

const tooMany = (field: string) =>
  new ApiError('LIMIT_EXCEEDED', `over ${maxMembers.toLocaleString('en')} people`, { field })

function onReplacement<T>(
  { accountId, services }: Context,
  input: ReplacementInput,
  work: (tx: Transaction, replacement: { id: string; audienceId: string }) => Promise<T>,
): Promise<T> {
  const id = idInput('AudienceReplacement', input.replacementId, 'input.replacementId')
  return retrying(() =>
    services.database.transaction(async (tx) => {
      const audienceId = await lockReplacement(tx, { accountId, id })
      if (!audienceId) throw notFound(`no replacement ${id}`, 'input.replacementId')
      return work(tx, { id, audienceId })
    }),
  )
}
