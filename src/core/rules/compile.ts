// A rule, compiled once, becomes a function that says TRUE, FALSE or UNKNOWN of a person at an event.

import type { PersonFacts } from '../targeting/facts.ts'
import { audienceId } from './asks.ts'
import { checkRule } from './check.ts'
import { boundsTest, type Counter, eventCounter, qualityCounter, relationshipCounter } from './counts.ts'
import { compileEventData, compileField } from './fields.ts'
import { orderFigure, orderTests, productCounter } from './orders.ts'
import type { AudienceRule, ConsentRule, CountBounds, OrderRule, Rule } from './rule.ts'
import type { Predicate } from './subject.ts'
import { askEvery, fieldTerm, type Term } from './terms.ts'
import { isFalse, isTrue, isUnknown, negate, type Truth, truthOf } from './truth.ts'

export type { Predicate, Subject } from './subject.ts'

/** The predicate of a rule. Throws RangeError for a rule that checkRule refuses. */
export function compileRule(rule: Rule): Predicate {
  const fault = checkRule(rule)
  if (fault) throw new RangeError(`${fault.at || 'the rule'}: ${fault.message}`)
  return compileChecked(rule)
}

function compileChecked(rule: Rule): Predicate {
  if ('all' in rule) return compileAll(rule.all)
  if ('any' in rule) return some(rule.any.map(compileChecked))
  if ('not' in rule) return negated(compileChecked(rule.not))
  if ('field' in rule) return compileField(rule.field)
  if ('eventData' in rule) return compileEventData(rule.eventData)
  if ('audience' in rule) return compileAudience(rule.audience)
  if ('order' in rule) return compileOrder(rule.order)
  if ('product' in rule) return counted(productCounter(rule.product), rule.product)
  if ('relationship' in rule) {
    const { where } = rule.relationship
    return counted(relationshipCounter(rule.relationship, where ? compileChecked(where) : undefined), rule.relationship)
  }
  if ('consent' in rule) return compileConsent(rule.consent)
  if ('quality' in rule) return counted(qualityCounter(rule.quality), rule.quality)
  const performed = counted(eventCounter(rule.event), rule.event)
  return rule.event.performed === false ? negated(performed) : performed
}

const negated =
  (inner: Predicate): Predicate =>
  (subject) =>
    negate(inner(subject))

// Plain conditions on fields first, in one loop: the order in which members are asked shows nowhere.
function compileAll(members: readonly Rule[]): Predicate {
  const terms: Term[] = []
  const rest: Rule[] = []
  for (const member of members) {
    const term = 'field' in member ? fieldTerm(member.field) : null
    if (term) terms.push(term)
    else rest.push(member)
  }
  if (terms.length === 0) return every(rest.map(compileChecked))
  const plain: Predicate = ({ person, event }) => askEvery(terms, person.fields, event.t)
  return rest.length === 0 ? plain : both(plain, every(rest.map(compileChecked)))
}

// The smallest of the truths; of few without a loop.
function every(members: readonly Predicate[]): Predicate {
  const [first, second, ...rest] = members
  if (!first) return () => isTrue
  if (!second) return first
  if (rest.length < 3) return both(first, every([second, ...rest]))
  // Not any is not: the loop is the same.
  return negated(some(members.map(negated)))
}

const both =
  (first: Predicate, second: Predicate): Predicate =>
  (subject) => {
    const one = first(subject)
    if (one === isFalse) return isFalse
    const other = second(subject)
    return other === isFalse || one === isTrue ? other : isUnknown
  }

function some(members: readonly Predicate[]): Predicate {
  return (subject) => {
    let truth: Truth = isFalse
    for (let i = 0; i < members.length; i++) {
      const one = members[i]?.(subject) ?? isFalse
      if (one === isTrue) return isTrue
      if (one === isUnknown) truth = isUnknown
    }
    return truth
  }
}

function compileAudience(rule: AudienceRule): Predicate {
  const id = audienceId(rule)
  const wanted = rule.member ?? true
  return ({ person }) => truthOf(person.audienceIds.has(id) === wanted)
}

/** The channels of which that is in force, as far as the rule asks. */
export function consentsOf({ channel, state }: ConsentRule, { consents }: PersonFacts): string[] {
  const wanted = state ?? 'OPTED_IN'
  return [...(consents ?? [])].flatMap(([name, told]) =>
    (channel == null || channel === name) && told.state === wanted ? [name] : [],
  )
}

const compileConsent =
  (rule: ConsentRule): Predicate =>
  ({ person }) =>
    truthOf(consentsOf(rule, person).length > 0)

function counted(counter: Counter, bounds: CountBounds): Predicate {
  const holds = boundsTest(bounds)
  return (subject) => truthOf(holds(counter(subject)))
}

function compileOrder(rule: OrderRule): Predicate {
  const figureOf = orderFigure(rule)
  const holds = orderTests[rule.op]
  return (subject) => {
    const figure = figureOf(subject)
    return figure === null ? isUnknown : truthOf(holds(figure, rule.value))
  }
}
