// What rules ask about people beside their fields: the loader reads that and no more.

import { decodeId } from '../ids.ts'
import { foldEventName } from '../names.ts'
import type { Quality } from '../targeting/decision.ts'
import { enoughFor } from './counts.ts'
import type { AudienceRule, Rule } from './rule.ts'

export interface Asks {
  readonly audienceIds: ReadonlySet<string>
  /** By folded event name, how many of its latest times up to an event are enough: 1 to 1,001. */
  readonly eventCaps: ReadonlyMap<string, number>
  readonly orders: boolean
  /** What was in them. */
  readonly items: boolean
  /** By quality, how many of the latest decisions of it are enough: 1 to 1,001. */
  readonly qualityCaps: ReadonlyMap<Quality, number>
  /** Relationships in which the person is the advocate. */
  readonly friends: boolean
}

/** What the rules ask for together. */
export function asksOf(rules: Iterable<Rule>): Asks {
  const audienceIds = new Set<string>()
  const eventCaps = new Map<string, number>()
  const qualityCaps = new Map<Quality, number>()
  let [orders, items, friends] = [false, false, false]
  for (const leaf of leavesOf(rules)) {
    if ('audience' in leaf) audienceIds.add(audienceId(leaf.audience))
    else if ('event' in leaf) {
      const name = foldEventName(leaf.event.name)
      eventCaps.set(name, Math.max(eventCaps.get(name) ?? 0, enoughFor(leaf.event)))
    } else if ('order' in leaf) orders = true
    else if ('product' in leaf) [orders, items] = [true, true]
    else if ('quality' in leaf) {
      const { is } = leaf.quality
      qualityCaps.set(is, Math.max(qualityCaps.get(is) ?? 0, enoughFor(leaf.quality)))
    } else if ('relationship' in leaf && leaf.relationship.as === 'ADVOCATE') friends = true
  }
  return { audienceIds, eventCaps, orders, items, qualityCaps, friends }
}

/** The UUID in a checked audience rule. */
export const audienceId = (rule: AudienceRule): string => decodeId('Audience', rule.id) ?? rule.id

/** The conditions of checked rules, in the order in which they are written. */
export function* leavesOf(
  rules: Iterable<Rule>,
): Iterable<Exclude<Rule, { all: unknown } | { any: unknown } | { not: unknown }>> {
  for (const rule of rules) {
    if ('all' in rule) yield* leavesOf(rule.all)
    else if ('any' in rule) yield* leavesOf(rule.any)
    else if ('not' in rule) yield* leavesOf([rule.not])
    else yield rule
  }
}

/** What a checked rule asks about others: the conditions on the other person of its relationships. */
export const wheresOf = (rule: Rule): Rule[] =>
  [...leavesOf([rule])].flatMap((leaf) => ('relationship' in leaf ? (leaf.relationship.where ?? []) : []))
