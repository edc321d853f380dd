// When time alone may next change what a rule says of a person: windows that somebody grows out of, instants that come near.

import { own } from '../fields/fold.ts'
import { foldEventName } from '../names.ts'
import type { Instant, PersonFacts } from '../targeting/facts.ts'
import { personAt } from '../targeting/people.ts'
import { leavesOf } from './asks.ts'
import { windowMs } from './counts.ts'
import { parseInstant } from './instant.ts'
import { isOfDays } from './orders.ts'
import { readerOf } from './path.ts'
import type { OrderRule, ProductRule, Rule } from './rule.ts'
import type { Predicate } from './subject.ts'

export interface TimedRule {
  readonly rule: Rule
  readonly holds: Predicate
}

const dayMs = 86_400_000
/** The end of the year 9999: nobody waits longer, and later instants are none that a database takes. */
const latest = 253_402_300_799_999
/** So many instants are tried; beyond them the next one is given, whether or not anything changes then. */
const maxTried = 200

/**
 * The first millisecond after `t` at which the rule, compiled from a checked one, says something else of the person, nothing
 * but time having changed; null where it never will. It may be too early, never too late.
 */
export function nextChange({ rule, holds }: TimedRule, person: PersonFacts, t: Instant): Instant | null {
  const turns = turningPoints(rule, person, t)
  if (turns.length === 0) return null
  const saysAt = (at: Instant) => holds({ person: personAt(person, at), event: noEventAt(person.id, at) })
  const now = saysAt(t)
  for (const turn of turns.slice(0, maxTried)) if (saysAt(turn) !== now) return turn
  return turns[maxTried] ?? null
}

/** What a rule is asked about where there is no event: the time alone. */
export const noEventAt = (personId: string, t: Instant) => ({ id: '', name: '', personId, t, data: {} })

/** True of rules that time alone can change, at least for some people. */
export const isTimed = (rule: Rule): boolean =>
  [...leavesOf([rule])].some((leaf) => {
    if ('field' in leaf) return leaf.field.op === 'WITHIN_LAST_DAYS'
    // Also without a window: what has been told of ahead of its time counts from then on.
    return !('audience' in leaf || 'eventData' in leaf || 'consent' in leaf)
  })

/** When the value that a path begins at ends. */
function addEnd(points: Set<Instant>, { fieldMeta = {} }: PersonFacts, field: string): void {
  const until = own(fieldMeta, /^[^.[]*/.exec(field)?.[0] ?? '')?.until
  if (until !== undefined) points.add(until)
}

function turningPoints(rule: Rule, person: PersonFacts, t: Instant): readonly Instant[] {
  const points = new Set<Instant>()
  for (const leaf of leavesOf([rule])) {
    if ('field' in leaf) {
      const { op, field, value } = leaf.field
      addEnd(points, person, field)
      if (op !== 'WITHIN_LAST_DAYS' || typeof value !== 'number') continue
      const instants = readerOf(field)(person).flatMap((one) =>
        typeof one === 'string' ? (parseInstant(one) ?? []) : [],
      )
      for (const at of instants) addSpan(points, at, value * dayMs)
    } else if ('event' in leaf) {
      const back = windowMs(leaf.event)
      for (const at of person.history.events.get(foldEventName(leaf.event.name)) ?? []) addSpan(points, at, back)
    } else if ('quality' in leaf) {
      const back = windowMs(leaf.quality)
      for (const { at } of person.history.qualities) addSpan(points, at, back)
    } else if ('relationship' in leaf) {
      const back = windowMs(leaf.relationship)
      const edges = leaf.relationship.as === 'FRIEND' ? person.relationships : person.history.friends
      for (const { firstEvidenceAt, evidence, other } of edges) {
        for (const at of [firstEvidenceAt, ...evidence]) addSpan(points, at, back)
        if (other && leaf.relationship.where)
          for (const at of turningPoints(leaf.relationship.where, other, t)) points.add(at)
      }
    } else if ('order' in leaf) addOrders(points, leaf.order, person)
    else if ('product' in leaf) addOrders(points, leaf.product, person)
  }
  return [...points].filter((at) => at > t && at <= latest).sort((a, b) => a - b)
}

function addOrders(points: Set<Instant>, rule: OrderRule | ProductRule, person: PersonFacts): void {
  const back = windowMs(rule)
  for (const change of person.history.orders) {
    points.add(change.at)
    if (change.kind !== 'STATED') continue
    const placedAt = change.placedAt ?? change.at
    addSpan(points, placedAt, back)
    if (!('aggregate' in rule) || !isOfDays(rule.aggregate)) continue
    // Whole days pass the value, or leave it, at most twice.
    for (const days of [Math.ceil(rule.value), Math.floor(rule.value) + 1]) points.add(placedAt + days * dayMs)
  }
}

/** Something counts from its time on, and until so long after, both included. Days may be fractions: the last millisecond is tried on both sides. */
function addSpan(points: Set<Instant>, at: Instant, ms: number): void {
  if (!Number.isFinite(at)) return
  points.add(at)
  if (!Number.isFinite(ms)) return
  const last = Math.floor(at + ms)
  for (const point of [last, last + 1, last + 2]) points.add(point)
}
