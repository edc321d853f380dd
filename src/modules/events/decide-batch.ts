// Deciding a batch in memory, one event after the other: what its decisions can depend on is asked for, each event sees what
// those before it did, and late ones are compared with the decisions that they came too late for.

import { defaultsOf } from '../../core/fields/check.ts'
import type { DroppedIdentifier } from '../../core/identity.ts'
import { transactionIdOf } from '../../core/orders.ts'
import { decideToStore, type Stored } from '../../core/targeting/decide.ts'
import type { Warning } from '../../core/targeting/decision.ts'
import { type Effects, takeEffect } from '../../core/targeting/effects.ts'
import type { EventFacts, World } from '../../core/targeting/facts.ts'
import { readHints, requestedCodes } from '../../core/targeting/hints.ts'
import { isSameWinner, orderSensitive, winnersBefore } from '../../core/targeting/order-sensitive.ts'
import type { IdentityStep } from '../../core/targeting/people.ts'
import { takeStep } from '../../core/targeting/people.ts'
import type { RuleSet } from '../../core/targeting/rule-set.ts'
import { newId } from '../../ids.ts'
import { type LateWarning, maxWarnings } from '../attributions/sql.ts'
import type { People } from '../profiles/resolve.ts'
import type { MemberNow } from '../profiles/sql.ts'
import type { AccountRules } from '../programs/rule-sets.ts'
import type { AcceptedEvent } from './check.ts'
import type { Links, WorldRequest } from './world.ts'

export interface KnownEvent {
  readonly event: AcceptedEvent
  /** Whom it is about, and what it showed of them. */
  readonly step: IdentityStep
  readonly dropped?: readonly DroppedIdentifier[]
}

interface Cast {
  readonly events: readonly KnownEvent[]
  readonly people: People
  readonly account: AccountRules
  /** Decided already, of the same people, with later times than some of the events. */
  readonly later?: readonly EventFacts[]
  /** As a world's request has them. */
  readonly locked?: readonly MemberNow[]
  readonly links?: Links
}

/** What the world must hold for the events, and for looking back at the later ones. */
export function worldRequest(
  accountId: string,
  { events, people, account, later = [], ...loaded }: Cast,
): WorldRequest {
  const facts = events.map((known) => eventFacts(known, account.aliases))
  const looked = [...facts, ...later]
  return {
    accountId,
    rules: account.rules,
    erasureKey: account.erasureKey,
    events: facts,
    // Just before: what a later event did itself is not to be seen.
    moments: later.flatMap(({ personId, t, name }) => [
      { personId, t: t - 1, name },
      { personId, t, name },
    ]),
    codes: [...new Set(looked.flatMap(requestedCodes))],
    emails: account.rules.hasFriendFlows ? emailsOf(events, people) : [],
    transactionIds: transactionsOf(looked, account.rules),
    partnerIds: [...new Set(looked.flatMap((event) => readHints(event).partnerId ?? []))],
    defaults: defaultsOf(account.fields?.of('PROFILE')),
    people: people.before,
    ...loaded,
    rootOf: (id) => people.rootOf(id),
    membersOf: (id) => people.membersOf(people.rootOf(id)),
  }
}

/** The codes that the events' hints name, upper-cased. */
export const codesOf = (events: readonly KnownEvent[]): string[] => [
  ...new Set(events.flatMap((known) => requestedCodes(eventFacts(known, new Map())))),
]

/** The addresses that are or become the people's. */
export function emailsOf(events: readonly KnownEvent[], { before }: People): string[] {
  const identifiers = [
    ...before.flatMap((person) => person.identifiers),
    ...events.flatMap(({ step }) => step.attached),
  ]
  return [...new Set(identifiers.flatMap(({ kind, value }) => (kind === 'EMAIL' ? [value] : [])))]
}

const transactionsOf = (events: readonly EventFacts[], { followUps }: RuleSet): string[] => [
  ...new Set(events.flatMap(({ name, data }) => (followUps.has(name) ? (transactionIdOf(data) ?? []) : []))),
]

function eventFacts({ event, step }: KnownEvent, aliases: ReadonlyMap<string, string>): EventFacts {
  const { input } = event
  const name = aliases.get(event.name)
  return {
    id: event.id,
    name: name ?? event.name,
    ...(name === undefined ? {} : { alias: event.name }),
    personId: step.personId,
    t: event.occurredAt.getTime(),
    data: input.data ?? {},
    ...(input.targeting ? { targeting: input.targeting } : {}),
    ...(input.context?.userAgent ? { userAgent: input.context.userAgent } : {}),
  }
}

export interface Result extends Stored {
  readonly effects: Effects
  /** Those of the decision, and what was found of it since. */
  readonly warnings: Warning[]
}

export interface DecidedBatch {
  readonly results: readonly Result[]
  /** For decisions that were stored before. */
  readonly lateWarnings: readonly LateWarning[]
}

interface Moment {
  readonly world: World
  readonly rules: RuleSet
  /** Decided before the batch. */
  readonly later: readonly EventFacts[]
}

/** The events in their order: each sees what those before it did, and of its person what is known by now. */
export function decideBatch(
  events: readonly EventFacts[],
  steps: readonly (IdentityStep | undefined)[],
  moment: Moment,
): DecidedBatch {
  const { world, rules } = moment
  const results: Result[] = []
  const lateWarnings: LateWarning[] = []
  const places = new Map(events.map(({ id }, place) => [id, place]))
  for (const [index, event] of events.entries()) {
    const step = steps[index]
    if (step) takeStep(world, step)
    const { decision, trace } = decideToStore(event, world, rules)
    const overtaken = overtakenBy(event, { ...moment, decided: events.slice(0, index) })
    const before = winnersBefore(overtaken, world, rules)
    const effects = takeEffect({ event, decision }, world, newId)
    const warnings = [...decision.warnings]
    results.push({ decision, trace, effects, warnings })
    const after = winnersBefore(overtaken, world, rules)
    for (const [i, { id }] of overtaken.entries()) {
      const [then, now] = [before[i], after[i]]
      if (!then || !now || isSameWinner(then, now)) continue
      addBounded(warnings, orderSensitive(id, 'came in before, and would have been decided otherwise'))
      const own = orderSensitive(event.id, 'came in late, and would have changed this decision')
      const place = places.get(id)
      if (place === undefined) lateWarnings.push({ eventId: id, warning: own })
      else addBounded(results[place]?.warnings ?? [], own)
    }
  }
  return { results, lateWarnings }
}

function addBounded(warnings: Warning[], warning: Warning): void {
  if (warnings.length < maxWarnings) warnings.push(warning)
}

const maxOvertaken = 20

/** The person's events of later times that were decided before this one; the nearest 20. */
function overtakenBy(
  { personId, t }: EventFacts,
  { later, decided }: Moment & { decided: readonly EventFacts[] },
): readonly EventFacts[] {
  const found = [...later, ...decided].filter((event) => event.t > t && event.personId === personId)
  return found.length < 2 ? found : found.toSorted((a, b) => a.t - b.t).slice(0, maxOvertaken)
}
