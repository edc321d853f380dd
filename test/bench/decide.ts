// Decisions a second on one core: the resolver with its whole explanation and without one, beside rule engines and loops
// written by hand for the workload, in one run. All are first held to the same answers.

import type { Rule } from '../../src/core/rules/rule.ts'
import { choose, decide, decideToStore } from '../../src/core/targeting/decide.ts'
import type { CampaignFacts, EventFacts, World } from '../../src/core/targeting/facts.ts'
import { newPerson } from '../../src/core/targeting/people.ts'
import { compileRuleSet, type RuleSet } from '../../src/core/targeting/rule-set.ts'
import { type Decider, growthBook, jsonRulesEngine, loopOverEveryCandidate, loopWithEarlyExit } from './decide-peers.ts'
import { type BenchFlow, makeWorkload, now, type Term, type Workload } from './decide-workload.ts'
import { type Bench, type Report, rates, readable, type Work } from './report.ts'

// The peers prefer the smallest flow id where all else is equal; so do campaigns that went live together, by their ids.
const padded = (n: number): string => String(n).padStart(5, '0')
// One string for each id, wherever it is named, as in a world that one loader made.
const interned = new Map<string, string>()
function intern(text: string): string {
  const known = interned.get(text)
  if (known !== undefined) return known
  interned.set(text, text)
  return text
}
const campaignId = (flow: BenchFlow): string => intern(`campaign-${padded(flow.campaign)}`)
const journeyName = (flow: BenchFlow): string => intern(`flow-${padded(flow.id)}`)
const personId = (id: number): string => intern(`person-${id}`)

const field = { country: 'country', device: 'device', tier: 'tier', orders: 'orders', ageDays: 'ageDays' } as const
const operator = { in: 'IN', eq: 'EQ', gte: 'GTE', lt: 'LT' } as const

function ruleOf({ fact, op, value }: Term): Rule {
  const condition = { op: operator[op], value }
  return fact === 'cartValue'
    ? { eventData: { field: 'cart_value', ...condition } }
    : { field: { field: field[fact], ...condition } }
}

function rulesOf({ flows }: Workload): RuleSet {
  const campaigns = new Map<string, CampaignFacts & { journeys: CampaignFacts['journeys'][number][] }>()
  for (const flow of flows) {
    const id = campaignId(flow)
    const campaign = campaigns.get(id) ?? { ...campaignFacts(id), journeys: [] }
    campaigns.set(id, campaign)
    campaign.journeys.push({
      name: journeyName(flow),
      role: 'PARTICIPANT',
      priority: flow.priority,
      events: flow.events,
      startEvents: flow.events,
      entry: { all: flow.terms.map(ruleOf) },
      ongoing: null,
      keyField: null,
      inactivityDays: null,
      reentry: 'CONTINUE',
    })
  }
  const program = { id: 'program', name: 'program', labels: [], lookbackDays: 365, allowMutualReferral: false }
  return compileRuleSet({ programs: [program], campaigns: [...campaigns.values()] })
}

const campaignFacts = (id: string): Omit<CampaignFacts, 'journeys'> => ({
  id,
  programId: 'program',
  name: id,
  revision: 1,
  state: 'LIVE',
  startsAt: null,
  endsAt: null,
  firstLiveAt: 0,
  requiredTargets: [],
  content: [],
})

function worldOf({ people, flows }: Workload): World {
  const world: World = { people: new Map(), codes: new Map(), sharesTo: new Map(), transactions: new Map() }
  for (const { id, journeys, ...rest } of people) {
    const { country, device, tier, orders, ageDays } = rest
    const person = { ...newPerson(personId(id)), fields: { country, device, tier, orders, ageDays } }
    for (const { flow: flowId, lastActivity } of journeys) {
      const flow = flows[flowId]
      if (!flow) continue
      person.journeys.push({
        id: `journey-${id}-${flowId}`,
        personId: person.id,
        campaignId: campaignId(flow),
        definition: journeyName(flow),
        role: 'PARTICIPANT',
        key: '',
        relationshipId: null,
        startedAt: lastActivity,
        exitedAt: null,
        activities: [lastActivity],
        partnerIds: new Map(),
      })
    }
    world.people.set(person.id, person)
  }
  return world
}

const eventsOf = ({ events }: Workload): EventFacts[] =>
  events.map(({ id, name, person, cartValue }) => ({
    id: `event-${id}`,
    name,
    personId: personId(person),
    t: now,
    data: { cart_value: cartValue },
  }))

const flowId = (definition: string | undefined): number => (definition === undefined ? -1 : Number(definition.slice(5)))

interface Ours {
  readonly rules: RuleSet
  readonly world: World
  readonly events: readonly EventFacts[]
}

const oursOf = (workload: Workload): Ours => ({
  rules: rulesOf(workload),
  world: worldOf(workload),
  events: eventsOf(workload),
})

/** Goes round the events; `take` returns a number that depends on the answer. */
function over(count: number, take: (index: number) => number): Work {
  let next = 0
  return (n) => {
    let sum = 0
    for (let i = 0; i < n; i++) {
      sum += take(next)
      next = next + 1 === count ? 0 : next + 1
    }
    return sum
  }
}

function overPeers({ people, events }: Workload, decider: Decider): Work {
  let next = 0
  return async (n) => {
    let sum = 0
    for (let i = 0; i < n; i++) {
      const event = events[next]
      const person = event && people[event.person]
      if (!event || !person) throw new Error('an event has its person')
      const answer = decider(person, event)
      sum += typeof answer === 'number' ? answer : await answer
      next = next + 1 === events.length ? 0 : next + 1
    }
    return sum
  }
}

function cases({ rules, world, events }: Ours): Record<'explained' | 'told' | 'alone', Work> {
  const at = (index: number): EventFacts => events[index] as EventFacts // The index goes round the list.
  return {
    explained: over(events.length, (i) => {
      const { decision, trace } = decideToStore(at(i), world, rules)
      return flowId(decision.journey?.definition) + (trace.flows?.length ?? 0)
    }),
    told: over(events.length, (i) => decide(at(i), world, rules).trace.candidates.length),
    alone: over(events.length, (i) => flowId(choose(at(i), world, rules).journey?.definition)),
  }
}

/** Throws where one of them chooses another flow than the plain loop. */
async function holdToTheSame(workload: Workload, ours: Ours, peers: ReadonlyMap<string, Decider>): Promise<number> {
  const reference = loopOverEveryCandidate(workload)
  let credited = 0
  for (const [i, event] of workload.events.entries()) {
    const person = workload.people[event.person]
    const facts = ours.events[i]
    if (!person || !facts) throw new Error('an event has its person')
    const wanted = await reference(person, event)
    if (wanted >= 0) credited++
    const answers: [string, number][] = [
      ['decide', flowId(decideToStore(facts, ours.world, ours.rules).decision.journey?.definition)],
      ['choose', flowId(choose(facts, ours.world, ours.rules).journey?.definition)],
    ]
    for (const [name, decider] of peers) if (i < 500) answers.push([name, await decider(person, event)])
    for (const [name, answer] of answers)
      if (answer !== wanted) throw new Error(`${name}, event ${i}: flow ${answer} instead of ${wanted}`)
  }
  return credited
}

/** How many bytes an event's explanation is as it is stored: median and largest. */
function bytesOf({ rules, world, events }: Ours): { median: number; largest: number } {
  const sizes = events
    .map((event) => Buffer.byteLength(JSON.stringify(decideToStore(event, world, rules).trace)))
    .sort((a, b) => a - b)
  return { median: sizes[sizes.length >> 1] ?? 0, largest: sizes.at(-1) ?? 0 }
}

const sizes = [10, 100, 1_000, 10_000]

/** With ten times and a hundred times the campaigns, of which the same hundred support the events' names. */
async function growth(): Promise<{ rows: string[][]; figures: Record<string, number> }> {
  const rows: string[][] = []
  const figures: Record<string, number> = {}
  for (const count of sizes) {
    const supporting = Math.min(count, 100)
    const { explained, alone } = cases(oursOf(makeWorkload({ campaigns: supporting, others: count - supporting })))
    const all = cases(oursOf(makeWorkload({ campaigns: count, events: 2_000, people: 2_000 })))
    const measured = await rates(
      new Map([
        ['explained', explained],
        ['alone', alone],
        ['all', all.explained],
      ]),
      { ms: 700 },
    )
    const us = (name: string): number => 1e6 / (measured.get(name)?.perSecond ?? Number.NaN)
    rows.push([`${readable(count)} campaigns`, readable(us('explained')), readable(us('alone')), readable(us('all'))])
    figures[`us_explained_${count}`] = us('explained')
    figures[`us_alone_${count}`] = us('alone')
    figures[`us_explained_all_supporting_${count}`] = us('all')
  }
  return { rows, figures }
}

export const bench: Bench = async (): Promise<Report> => {
  const workload = makeWorkload()
  const ours = oursOf(workload)
  const peers = new Map<string, Decider>([
    ['json-rules-engine', jsonRulesEngine(workload)],
    ['GrowthBook evalCondition', growthBook(workload)],
    ['hand loop, every candidate', loopOverEveryCandidate(workload)],
    ['hand loop, early exit', loopWithEarlyExit(workload)],
  ])
  const credited = await holdToTheSame(workload, ours, peers)
  const { explained, told, alone } = cases(ours)
  const measured = await rates(
    new Map<string, Work>([
      ...[...peers].map(([name, decider]): [string, Work] => [name, overPeers(workload, decider)]),
      ['Tributary, explanation as stored', explained],
      ['Tributary, explanation told in full', told],
      ['Tributary, decision alone', alone],
    ]),
  )
  const rate = (name: string): number => measured.get(name)?.perSecond ?? Number.NaN
  const bytes = bytesOf(ours)
  const { rows, figures } = await growth()
  const ratio = {
    ratio_hand_loop: rate('Tributary, explanation as stored') / rate('hand loop, every candidate'),
    ratio_early_exit: rate('Tributary, decision alone') / rate('hand loop, early exit'),
    ratio_growthbook: rate('Tributary, explanation as stored') / rate('GrowthBook evalCondition'),
    ratio_json_rules_engine: rate('Tributary, explanation as stored') / rate('json-rules-engine'),
  }
  return {
    title: `decide: 100 live campaigns of 2 flows with 3 terms each, 10,000 people with 0 to 4 journeys; ${readable(credited)} of 10,000 events are credited`,
    table: [
      ['decisions a second, one core', 'median', 'spread'],
      ...[...measured].map(([name, { perSecond, spread }]) => [
        name,
        readable(perSecond),
        `${Math.round(spread * 100)} %`,
      ]),
      ['', '', ''],
      ['µs a decision, explained; alone; explained where all support the event', '', ''],
      ...rows.map(([name = '', explainedUs = '', aloneUs = '', allUs = '']) => [
        `${name}, of which at most 100 support any of the names`,
        `${explainedUs}; ${aloneUs}; ${allUs}`,
        '',
      ]),
    ],
    notes: [
      `ratios: explained / hand loop over every candidate ${ratio.ratio_hand_loop.toFixed(2)} (aim 1.0), alone / hand loop with early exit ${ratio.ratio_early_exit.toFixed(2)} (aim 0.4)`,
      `stored per event as explanation: median ${bytes.median} bytes, largest ${bytes.largest}`,
    ],
    figures: { ...ratio, trace_bytes_median: bytes.median, trace_bytes_largest: bytes.largest, ...figures },
  }
}
