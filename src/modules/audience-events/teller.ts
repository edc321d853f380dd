// Tells changes of audiences as events, `audience_entered` and `audience_left`, by the way that all events take. It follows each
// account's feed of audiences; how far it has come is written in the transaction that stores the events. So a crash neither loses
// nor repeats one, and several servers tell each once.

import type { Services } from '../../context.ts'
import {
  chainMs,
  dependentOnTold,
  depthIn,
  interestOf,
  maxChain,
  toldEvent,
  toldNames,
} from '../../core/audiences/told.ts'
import { groupBy } from '../../core/group.ts'
import { ApiError } from '../../errors.ts'
import type { Log } from '../../platform/log.ts'
import { Rounds } from '../../platform/rounds.ts'
import { isUnavailable } from '../../platform/unavailable.ts'
import type { WakeBus } from '../../platform/wake.ts'
import type { Outcome } from '../events/admission.ts'
import { type AcceptedEvent, acceptEvent } from '../events/check.ts'
import { ingest } from '../events/ingest.ts'
import { findMembers } from '../profiles/sql.ts'
import {
  type ChangeRow,
  findChanges,
  findLatestTold,
  findMark,
  leaveMark,
  type Mark,
  moveMark,
  takeMarks,
} from './sql.ts'

type Parts = Pick<Services, 'database' | 'ruleSets' | 'live' | 'clock' | 'carts' | 'now'> & { bus: WakeBus; log: Log }

/** Nobody calls for what a server left undone that is gone: it is found by the next look of another. */
const idleMs = 5_000
const retryMs = 1_000
const accountsAtATime = 20
const pageSize = 300
/** An event that cannot be stored for a reason of ours is tried so often before the next ones go on. */
const attempts = 3

interface Told {
  readonly position: bigint
  readonly event: AcceptedEvent
}

export class AudienceEvents {
  readonly #parts: Parts
  readonly #rounds: Rounds
  readonly #stopListening: () => void
  readonly #failures = new Map<string, { position: bigint; count: number }>()
  #round: Promise<unknown> = Promise.resolve()

  constructor(parts: Parts) {
    this.#parts = parts
    const go = () => {
      const round = this.#go()
      this.#round = round.catch(() => undefined)
      return round
    }
    this.#rounds = new Rounds({ go, what: 'telling changes of audiences as events', retryMs, log: parts.log })
    this.#stopListening = parts.bus.listen((accountId) => {
      if (this.#isAsked(accountId)) this.#rounds.call()
    })
    this.#rounds.call()
  }

  /** Finishes the round at hand. */
  async close(): Promise<void> {
    this.#stopListening()
    this.#rounds.close()
    await this.#round
  }

  /** Whoever changed an audience here knows the rules in force. */
  #isAsked(accountId: string): boolean {
    const plans = this.#parts.ruleSets.lastKnown(accountId)?.rules.plans
    return plans !== undefined && Object.values(toldNames).some((name) => plans.has(name))
  }

  async #go(): Promise<number> {
    const { system } = this.#parts.database
    let fault: unknown
    let isMore = false
    for (const mark of await takeMarks(system, accountsAtATime)) {
      // One account's does not hold up those of others.
      const hasMoved = await this.#tellPage(mark).catch((error: unknown) => {
        fault = error
        return false
      })
      isMore ||= hasMoved
      await leaveMark(system, mark.accountId)
    }
    if (fault) throw fault
    return isMore ? 0 : idleMs
  }

  /** Returns whether the mark moved on. */
  async #tellPage({ accountId, position: after }: Mark): Promise<boolean> {
    const { system } = this.#parts.database
    const changes = await findChanges(system, accountId, { after, limit: pageSize })
    const end = changes.at(-1)?.position
    if (end === undefined) return false
    const told = await this.#toldOf(accountId, changes)
    const outcomes = await this.#store(accountId, { told, after })
    const reached = await findMark(system, accountId)
    if (reached === null) return true
    this.#logRefused(accountId, { reached, told, outcomes })
    const next = told.findIndex(({ position }) => position > reached)
    if (next >= 0) return this.#passOver(accountId, { reached, told: told[next], outcome: outcomes[next] })
    await moveMark(system, accountId, { from: told.at(-1)?.position ?? after, to: end })
    return true
  }

  /** Those that were refused beside others that were stored are behind the mark: they are told no more. */
  #logRefused(
    accountId: string,
    { reached, told, outcomes }: { reached: bigint; told: readonly Told[]; outcomes: readonly Outcome[] },
  ): void {
    for (const [index, { position, event }] of told.entries()) {
      const outcome = outcomes[index]
      // Of any other failure the mark is behind because another server told it.
      const isRefused = outcome instanceof ApiError && outcome.code !== 'UNAVAILABLE'
      if (position > reached || !isRefused || outcome.extensions.erasedAt !== undefined) continue
      this.#log(accountId, event, outcome)
    }
  }

  #log(accountId: string, { idempotencyKey }: AcceptedEvent, err: Error): void {
    this.#parts.log.error({ err, accountId, event: idempotencyKey }, 'a change of an audience was not told')
  }

  async #store(accountId: string, { told, after }: { told: readonly Told[]; after: bigint }) {
    if (told.length === 0) return []
    const places = new Map(
      told.map(({ event, position }, i) => [event.id, { from: told[i - 1]?.position ?? after, to: position }]),
    )
    const placeOf = (event: AcceptedEvent | undefined) => {
      const place = event && places.get(event.id)
      if (!place) throw new Error('an event that is told has a place in the feed')
      return place
    }
    return ingest(this.#parts, {
      accountId,
      events: told.map(({ event }) => event),
      first: (sql, events) =>
        moveMark(sql, accountId, { from: placeOf(events[0]).from, to: placeOf(events.at(-1)).to }),
    })
  }

  /** The mark stands before an event that was not stored: those that never can be are left out, others are tried again. */
  async #passOver(
    accountId: string,
    { reached, told, outcome }: { reached: bigint; told: Told | undefined; outcome: Outcome | undefined },
  ): Promise<boolean> {
    // Another server told it.
    if (!told || !(outcome instanceof Error)) return true
    const { position, event } = told
    const isRefused = outcome instanceof ApiError && outcome.code !== 'UNAVAILABLE'
    if (!isRefused && (isUnavailable(outcome) || this.#countFailure(accountId, position) < attempts)) throw outcome
    this.#failures.delete(accountId)
    this.#log(accountId, event, outcome)
    return moveMark(this.#parts.database.system, accountId, { from: reached, to: position })
  }

  #countFailure(accountId: string, position: bigint): number {
    const known = this.#failures.get(accountId)
    const count = known?.position === position ? known.count + 1 : 1
    this.#failures.set(accountId, { position, count })
    return count
  }

  /** The events of the changes that somebody asks for. */
  async #toldOf(accountId: string, changes: readonly ChangeRow[]): Promise<Told[]> {
    const { database, ruleSets, log, now } = this.#parts
    const { rules, audiences } = await database.transaction((tx) => ruleSets.inForce(tx, accountId))
    const isAsked = interestOf([...rules.campaigns.values()].map(({ facts }) => facts))
    const depthOf = await this.#depths(accountId, { changes, dependent: dependentOnTold(audiences) })
    return changes.flatMap((change) => {
      const { position, profileId, audienceId } = change
      const at = change.at.getTime()
      const depth = depthOf(change)
      const told = toldEvent({ ...change, at, depth })
      if (!isAsked(told, at)) return []
      if (depth > maxChain) {
        const chain = { accountId, audienceId, profileId, chain: maxChain }
        log.warn(chain, 'audience events followed from one another; the chain was ended, and this change was not told')
        return []
      }
      const input = {
        ...told,
        ...{ profile: { id: profileId }, occurredAt: change.at, context: { channel: 'API' } },
        idempotencyKey: `audience/${audienceId}/${position}`,
      }
      // Told again it is the same, whatever the audience is called by then.
      return [{ position, event: { ...acceptEvent(input, { path: 'event', now: now() }), digests: {} } }]
    })
  }

  async #depths(
    accountId: string,
    { changes, dependent }: { changes: readonly ChangeRow[]; dependent: ReadonlySet<string> },
  ): Promise<(change: ChangeRow) => number> {
    const { system } = this.#parts.database
    const asking = changes.filter(({ eventId, audienceId }) => eventId === null && dependent.has(audienceId))
    const ids = [...new Set(asking.map(({ profileId }) => profileId))]
    // What was told of the person before may stand under any profile that was merged since.
    const members = ids.length > 0 ? await findMembers(system, accountId, ids) : []
    const rootOf = new Map(members.map(({ profileId, rootId }) => [profileId, rootId]))
    const byRoot = groupBy(members, ({ rootId }) => rootId)
    const asked = asking.map(({ profileId: personId, at: until }) => {
      const memberIds = byRoot.get(rootOf.get(personId) ?? '')?.map(({ profileId }) => profileId) ?? [personId]
      return { ...{ personId, memberIds, until }, from: new Date(until.getTime() - chainMs) }
    })
    const key = (personId: string, at: Date) => `${personId} ${at.getTime()}`
    const found = asked.length > 0 ? await findLatestTold(system, accountId, asked) : []
    const latest = new Map(found.map(({ personId, until, data }) => [key(personId, until), data]))
    return ({ audienceId, eventId, profileId, at, data }) => {
      const before = eventId === null && dependent.has(audienceId) ? latest.get(key(profileId, at)) : data
      return 1 + (before ? depthIn(before) : 0)
    }
  }
}
