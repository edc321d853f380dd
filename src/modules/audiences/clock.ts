// What changes memberships though nothing happens: time. One timer a process, set to the next instant that is due; whichever
// process comes first judges the people of that instant anew. Also goes on with fillings that nobody waits for.

import type { DynamicAudience } from '../../core/audiences/dynamic.ts'
import { groupBy } from '../../core/group.ts'
import type { Transaction } from '../../platform/database.ts'
import type { Log } from '../../platform/log.ts'
import { pause, retrying } from '../../platform/retry.ts'
import { inOrder } from '../../platform/statements.ts'
import { refreshMemberships } from '../memberships/refresh.ts'
import { findPeople, findTrue } from '../profiles/memberships.ts'
import { findMembers } from '../profiles/sql.ts'
import {
  type DueRow,
  dropDues,
  findDue,
  findDueOf,
  findNextDue,
  findPoked,
  findSides,
  lockFree,
  passOnSide,
  takePokes,
} from './clock-sql.ts'
import type { FillServices } from './fill.ts'
import { fillPiece } from './fill.ts'
import { findUnfilled } from './sql.ts'

type ClockServices = Omit<FillServices, 'clock'>

/** At the latest so long after one look comes the next: what other processes noted is seen then, should they be gone. */
const idleMs = 60_000
const busyMs = 5_000
/** What is told here is not committed yet, so an instant that comes at once is looked at some times. */
const looksAfterMs = [0, 25, 250, 1_500]
/** Looks are as far apart, so that there are not too many of them. */
const grainMs = 5
const afterFaultMs = 1_000
const pageSize = 200
const sidesAtATime = 20
/** Relationships of somebody that are gone through at a time. */
const sideSize = 500
/** People whom others hold are tried again after so long. */
const heldMs = 20

export class AudienceClock {
  readonly #services: FillServices
  readonly #log: Log
  #timer: NodeJS.Timeout | undefined
  /** Times at which to look, in milliseconds. */
  readonly #looks = new Set<number>()
  #running: Promise<void> | undefined
  #isClosed = false

  constructor(services: ClockServices, log: Log) {
    this.#services = { ...services, clock: this }
    this.#log = log
    this.#lookAt(0)
  }

  /** Something is due at that instant, as soon as the transaction that says so is committed. */
  expect(at: Date): void {
    const now = Date.now()
    const from = Math.max(at.getTime(), now)
    const soon = now + busyMs
    if (from <= soon) for (const ms of looksAfterMs) this.#looks.add(Math.ceil((from + ms) / grainMs) * grainMs)
    // Later instants are found by the look before them.
    else if (Math.min(...this.#looks) > soon) this.#looks.add(soon)
    this.#arm()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#running
  }

  #lookAt(ms: number): void {
    this.#looks.add(Date.now() + ms)
    this.#arm()
  }

  #arm(): void {
    clearTimeout(this.#timer)
    if (this.#isClosed || this.#running || this.#looks.size === 0) return
    // A timer may be a little early.
    const ms = Math.max(0, Math.min(...this.#looks) - Date.now() + 1)
    this.#timer = setTimeout(() => this.#run(), ms).unref()
  }

  #run(): void {
    const now = Date.now()
    for (const at of this.#looks) if (at <= now) this.#looks.delete(at)
    this.#running = this.#look()
      .catch((error: unknown) => {
        this.#log.warn({ err: error }, 'audiences: what time changes was not looked at; it is tried again in a second')
        this.#looks.add(Date.now() + afterFaultMs)
      })
      .finally(() => {
        this.#running = undefined
        this.#arm()
      })
  }

  async #look(): Promise<void> {
    const { database, now } = this.#services
    // One that cannot be filled does not hold up what is due.
    const fault = await this.#fill().catch((error: unknown) => error)
    while (!this.#isClosed) {
      const passedOn = await this.#passOn()
      const rows = [
        ...(await findPoked(database.system, pageSize)),
        ...(await findDue(database.system, { now: now(), limit: pageSize })),
      ]
      if (rows.length === 0 && passedOn === null) break
      let judged = passedOn ?? 0
      const faults: unknown[] = []
      for (const [accountId, own] of groupBy(rows, (row) => row.accountId))
        judged += await this.#judge(accountId, own).catch((error: unknown) => faults.push(error) - faults.length)
      // One account's does not hold up those of others.
      if (faults.length > 0) throw faults[0]
      if (judged === 0) await pause(heldMs)
    }
    if (fault) throw fault
    const next = await findNextDue(database.system)
    const wait = next === undefined ? idleMs : Math.max(0, Math.min(busyMs, next.getTime() - now().getTime()))
    this.#looks.add(Date.now() + wait)
  }

  /** Notes whoever is related to somebody; returns how many, or null where there is nobody to be noted. */
  async #passOn(): Promise<number | null> {
    const { database } = this.#services
    const sides = await findSides(database.system, sidesAtATime)
    let count = 0
    for (const side of sides) {
      if (this.#isClosed) break
      const own = await retrying(() => database.transaction((tx) => passOnSide(tx, side, sideSize)))
      // One that is at its end is gone: that is something done, too.
      if (own !== null) count += Math.max(1, own)
    }
    return sides.length > 0 ? count : null
  }

  /** A piece of each, so that what is due waits for none of them; one that cannot be filled holds up no other. */
  async #fill(): Promise<void> {
    let fault: unknown
    for (const key of await findUnfilled(this.#services.database.system)) {
      if (this.#isClosed) return
      const step = await fillPiece(this.#services, key).catch((error: unknown) => {
        fault = error
        return 'WAIT' as const
      })
      this.#looks.add(Date.now() + (step === 'MORE' ? 0 : busyMs))
    }
    if (fault) throw fault
  }

  /** Returns how many people were judged; others hold the rest. */
  async #judge(accountId: string, rows: readonly DueRow[]): Promise<number> {
    const { database, ruleSets, live } = this.#services
    const { judged, isMoved } = await retrying(() =>
      database.transaction(async (tx) => {
        // Whoever was merged since is looked at through the survivor.
        const profileIds = [...new Set(rows.map(({ profileId }) => profileId))]
        const members = await findMembers(tx, accountId, profileIds)
        const known = new Set(members.map(({ profileId }) => profileId))
        const gone = rows.filter(({ profileId }) => !known.has(profileId))
        if (gone.length > 0) await forget(tx, accountId, gone)
        const ids = await lockFree(tx, accountId, [...new Set(members.map(({ rootId }) => rootId))])
        if (ids.length === 0) return { judged: gone.length, isMoved: false }
        const { audiences } = await ruleSets.inForce(tx, accountId)
        const now = this.#services.now()
        const people = (await findPeople(tx, accountId, ids)).filter(({ personId }) => ids.includes(personId))
        const roots = new Map(people.flatMap(({ personId, members: own }) => own.map((id) => [id, personId])))
        const asked = { ids: [...roots.keys()], now }
        const due = (await findDueOf(tx, accountId, asked)).map((row) => ({ ...row, ...byTime }))
        const poked = (await takePokes(tx, accountId, asked.ids)).map((row) => ({
          ...row,
          cause: 'RELATIONSHIP' as const,
        }))
        const causes = new Map([...due, ...poked].map((row) => [`${roots.get(row.profileId)} ${row.audienceId}`, row]))
        // Whoever is still due some time is noted anew.
        if (due.length > 0) await dropDues(tx, accountId, due)
        const touched = people.flatMap(({ personId, members: own }) => {
          const touch = audiences.inOrder.filter(({ id }) => causes.has(`${personId} ${id}`))
          if (touch.length === 0) return []
          const causeOf = ({ id }: DynamicAudience) => causes.get(`${personId} ${id}`) ?? byOther
          return [{ personId, members: own, touch, causeOf }]
        })
        const changes = await refreshMemberships(inOrder(tx), accountId, {
          ...{ audiences, touched, now },
          findPeople: (some) => findPeople(tx, accountId, some),
          findTrue: ({ rule }, some) => findTrue(tx, { accountId, now }, { rule, ids: some }),
          expect: (at) => this.expect(at),
        })
        return { judged: ids.length, isMoved: changes.length > 0 }
      }),
    )
    if (isMoved) live.wake(accountId)
    return judged
  }
}

/** Of profiles that are there no more. */
async function forget(tx: Transaction, accountId: string, rows: readonly DueRow[]): Promise<void> {
  await dropDues(tx, accountId, rows)
  await takePokes(
    tx,
    accountId,
    rows.map(({ profileId }) => profileId),
  )
}

const byTime = { cause: 'TIME', eventId: null } as const
const byOther = { cause: 'AUDIENCE', eventId: null } as const
