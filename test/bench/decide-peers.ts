// What Tributary's resolver is compared with: rule engines that judge the entry criteria, with a selection by hand around them,
// and two loops written by hand for exactly this workload. All choose the same flow for every event, or nobody (-1): the flow
// of the largest priority whose criteria hold or that the person is inside of, then the latest own journey, then the smallest id.

import { evalCondition } from '@growthbook/growthbook'
import { Engine } from 'json-rules-engine'
import {
  type BenchEvent,
  type BenchFlow,
  type BenchPerson,
  flowsByEvent,
  type Term,
  type Workload,
} from './decide-workload.ts'

export type Decider = (person: BenchPerson, event: BenchEvent) => number | Promise<number>

const none: readonly BenchFlow[] = []

type Facts = Readonly<Record<Term['fact'], string | number>>

const factsOf = ({ country, device, tier, orders, ageDays }: BenchPerson, { cartValue }: BenchEvent): Facts => ({
  country,
  device,
  tier,
  orders,
  ageDays,
  cartValue,
})

/** Every candidate is looked at, as one who wants to explain rejections has to. */
function selectAmong(flows: readonly BenchFlow[], person: BenchPerson, passes: (flow: BenchFlow) => boolean): number {
  let [bestId, bestPriority, bestRecency] = [-1, 0, 0]
  for (const flow of flows) {
    let recency = 0
    for (const journey of person.journeys) if (journey.flow === flow.id) recency = journey.lastActivity
    if (recency === 0 && !passes(flow)) continue
    const isBetter =
      bestId < 0 || flow.priority > bestPriority || (flow.priority === bestPriority && recency > bestRecency)
    if (isBetter) [bestId, bestPriority, bestRecency] = [flow.id, flow.priority, recency]
  }
  return bestId
}

/** The plain loop: an index by event name, a switch per term, every candidate judged. */
export function loopOverEveryCandidate(workload: Workload): Decider {
  const flows = flowsByEvent(workload)
  const holds = ({ fact, op, value }: Term, person: BenchPerson, event: BenchEvent): boolean => {
    const seen = fact === 'cartValue' ? event.cartValue : person[fact]
    switch (op) {
      case 'in':
        return (value as readonly string[]).includes(seen as string) // The terms are made to fit.
      case 'eq':
        return seen === value
      case 'gte':
        return (seen as number) >= (value as number) // A term is made to fit its fact.
      default:
        return (seen as number) < (value as number)
    }
  }
  return (person, event) =>
    selectAmong(
      flows.get(event.name) ?? none,
      person,
      ({ terms: [a, b, c] }) => holds(a, person, event) && holds(b, person, event) && holds(c, person, event),
    )
}

type Test = (person: BenchPerson, event: BenchEvent) => boolean

function compile({ fact, op, value }: Term): Test {
  if (fact === 'cartValue') return (_, event) => event.cartValue >= (value as number)
  if (op === 'in') {
    const wanted = new Set(value as readonly string[])
    return (person) => wanted.has(person[fact] as string)
  }
  if (op === 'eq') return (person) => person[fact] === value
  if (op === 'gte') return (person) => (person[fact] as number) >= (value as number)
  return (person) => (person[fact] as number) < (value as number)
}

/** The limit: terms compiled once, flows sorted once, stopping as soon as nothing that follows can win. */
export function loopWithEarlyExit(workload: Workload): Decider {
  const plans = new Map(
    [...flowsByEvent(workload)].map(([name, flows]) => [
      name,
      flows
        .map(({ id, priority, terms: [a, b, c] }) => ({ id, priority, a: compile(a), b: compile(b), c: compile(c) }))
        .sort((x, y) => y.priority - x.priority || x.id - y.id),
    ]),
  )
  return (person, event) => {
    const flows = plans.get(event.name) ?? []
    const { journeys } = person
    let [bestId, bestPriority, bestRecency] = [-1, -1, -1]
    for (let i = 0; i < flows.length; i++) {
      const flow = flows[i]
      if (!flow || (bestId >= 0 && flow.priority < bestPriority)) break
      let recency = 0
      for (let k = 0; k < journeys.length; k++)
        if (journeys[k]?.flow === flow.id) recency = journeys[k]?.lastActivity ?? 0
      if (bestId >= 0 && recency <= bestRecency) continue
      if (recency > 0 || (flow.a(person, event) && flow.b(person, event) && flow.c(person, event))) {
        bestId = flow.id
        bestPriority = flow.priority
        bestRecency = recency
      }
    }
    return bestId
  }
}

/** GrowthBook's evaluator of conditions. */
export function growthBook(workload: Workload): Decider {
  const flows = flowsByEvent(workload)
  const condition = ({ op, value }: Term): unknown =>
    op === 'in' ? { $in: value } : op === 'eq' ? value : { [`$${op}`]: value }
  type Conditions = Parameters<typeof evalCondition>[1]
  const conditions = workload.flows.map(
    ({ terms }) => Object.fromEntries(terms.map((term) => [term.fact, condition(term)])) as Conditions, // Its language.
  )
  return (person, event) => {
    const facts = factsOf(person, event)
    return selectAmong(flows.get(event.name) ?? none, person, ({ id }) =>
      evalCondition(facts, conditions[id] ?? {}, {}),
    )
  }
}

const operators = { in: 'in', eq: 'equal', gte: 'greaterThanInclusive', lt: 'lessThan' } as const

/** json-rules-engine: an engine per event name, all of whose rules run. */
export function jsonRulesEngine(workload: Workload): Decider {
  const flows = flowsByEvent(workload)
  const engines = new Map(
    [...flows].map(([name, supporting]) => {
      const engine = new Engine()
      for (const { id, terms } of supporting) {
        const all = terms.map(({ fact, op, value }) => ({ fact, operator: operators[op], value }))
        engine.addRule({ conditions: { all }, event: { type: 'flow', params: { id } } })
      }
      return [name, engine]
    }),
  )
  return async (person, event) => {
    const result = await engines.get(event.name)?.run({ ...factsOf(person, event) })
    const passing = new Set(result?.events.map(({ params }) => params?.id))
    return selectAmong(flows.get(event.name) ?? none, person, ({ id }) => passing.has(id))
  }
}
