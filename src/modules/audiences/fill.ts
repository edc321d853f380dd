// Filling a dynamic audience when its rule was written or changed: everybody of whom it may be true is locked, judged as after
// any write, and entered or taken out. Piece by piece, each a transaction, so that traffic goes on and any server can go on with it.
//
// Why nothing is missed: a transaction that reads the rules after the change was committed keeps the memberships of its people
// itself. One that had read them before may have written a person without doing so; the filling waits until all of those are
// over, and sees what they wrote. Of the others it shares no person at a time, since both lock them before they look.

import type { Services } from '../../context.ts'
import { isTimed } from '../../core/rules/next-change.ts'
import type { Rule } from '../../core/rules/rule.ts'
import type { Transaction } from '../../platform/database.ts'
import { pause, retrying } from '../../platform/retry.ts'
import { inOrder } from '../../platform/statements.ts'
import { refreshMemberships } from '../memberships/refresh.ts'
import { compileFilter } from '../profiles/filter-sql.ts'
import { findPeople, findTrue } from '../profiles/memberships.ts'
import { lockProfiles } from '../profiles/sql.ts'
import { findPiece, findWhoMayMove, isBarrierPassed, isFilled, lockUnfilled, saveFilling, setBarrier } from './sql.ts'

export type FillServices = Pick<Services, 'database' | 'ruleSets' | 'live' | 'clock' | 'now'>

export interface AudienceKey {
  readonly accountId: string
  readonly audienceId: string
}

/** Of a piece: people who are looked at by one statement, and judged where they may move. */
const pieceSize = 1_000
const waitMs = 20
/** How long whoever changed a rule waits for it to be filled. */
const patienceMs = 5_000

/** Fills the audience, as far as that takes no longer than some seconds; the rest is done without anybody waiting for it. */
export async function fillNow(services: FillServices, key: AudienceKey): Promise<void> {
  const until = performance.now() + patienceMs
  while (performance.now() < until) {
    // The rule is in force: whatever is wrong here, the clock tries again, and says so.
    const step = await fillPiece(services, key).catch(() => 'FAILED' as const)
    if (step === 'FILLED') return
    if (step === 'FAILED') break
    if (step === 'WAIT') await pause(waitMs)
  }
  services.clock.expect(services.now())
}

/** WAIT: others are at it, or have to be over first. */
export async function fillPiece(services: FillServices, key: AudienceKey): Promise<'FILLED' | 'MORE' | 'WAIT'> {
  const { accountId } = key
  const came = await retrying(() =>
    services.database.transaction(async (tx) => {
      const unfilled = await lockUnfilled(tx, key)
      if (!unfilled) return (await isFilled(tx, key)) ? 'FILLED' : 'WAIT'
      if (unfilled.barrier === null) {
        await setBarrier(tx, key)
        return 'MORE'
      }
      if (!(await isBarrierPassed(tx, unfilled.barrier))) return 'WAIT'
      const { rule, after } = unfilled
      const last = await findPiece(tx, accountId, { after, size: pieceSize })
      const now = services.now()
      const filter = isTimed(rule as Rule) ? null : compileFilter(rule as Rule, { accountId, now }) // Checked before it was stored.
      const ids = await findWhoMayMove(tx, key, { filter, after, last })
      await judgeAnew(tx, services, { ...key, ids })
      await saveFilling(tx, key, last)
      return last === null ? 'FILLED' : 'MORE'
    }),
  )
  if (came !== 'WAIT') services.live.wake(accountId)
  return came
}

async function judgeAnew(
  tx: Transaction,
  { ruleSets, clock, now }: FillServices,
  { accountId, audienceId, ids }: AudienceKey & { ids: readonly string[] },
): Promise<void> {
  if (ids.length === 0) return
  await lockProfiles(tx, accountId, ids)
  const { audiences } = await ruleSets.inForce(tx, accountId)
  const audience = audiences.byId.get(audienceId)
  if (!audience) return
  // Who was merged into somebody meanwhile is judged by that merge.
  const people = (await findPeople(tx, accountId, ids)).filter(({ personId }) => ids.includes(personId))
  const touched = people.map((one) => ({ ...one, touch: [audience], causeOf: () => byRule }))
  const asOf = now()
  await refreshMemberships(inOrder(tx), accountId, {
    ...{ audiences, touched, now: asOf },
    findPeople: (some) => findPeople(tx, accountId, some),
    findTrue: ({ rule }, some) => findTrue(tx, { accountId, now: asOf }, { rule, ids: some }),
    expect: (at) => clock.expect(at),
  })
}

const byRule = { cause: 'RULE', eventId: null } as const
