// The workload of the decide benchmark: campaigns of two flows each whose entry criteria have three terms, people with 0 to 4
// journeys, and events without hints. The same numbers every time.

export interface Term {
  readonly fact: 'country' | 'device' | 'tier' | 'orders' | 'ageDays' | 'cartValue'
  readonly op: 'in' | 'eq' | 'gte' | 'lt'
  readonly value: string | number | readonly string[]
}

export interface BenchFlow {
  readonly id: number
  readonly campaign: number
  readonly events: readonly string[]
  readonly terms: readonly [Term, Term, Term]
  readonly priority: number
}

export interface BenchPerson {
  readonly id: number
  readonly country: string
  readonly device: string
  readonly tier: string
  readonly orders: number
  readonly ageDays: number
  readonly journeys: readonly { readonly flow: number; readonly lastActivity: number }[]
}

export interface BenchEvent {
  readonly id: number
  readonly name: string
  readonly person: number
  readonly cartValue: number
}

export interface Workload {
  readonly flows: readonly BenchFlow[]
  readonly people: readonly BenchPerson[]
  readonly events: readonly BenchEvent[]
}

export const eventNames = ['click', 'share', 'signup', 'purchase', 'visit', 'refund', 'subscribe', 'review']
const countries = ['US', 'GB', 'DE', 'FR', 'PL', 'ES', 'IT', 'NL', 'CA', 'AU']
const devices = ['mobile', 'desktop', 'tablet']
const tiers = ['none', 'bronze', 'silver', 'gold']

/** A small linear congruential generator: chance that is the same on every machine. */
function chance(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
}

const firstActivity = Date.UTC(2026, 0, 1)
/** All events happen at once, after every activity. */
export const now = Date.UTC(2026, 5, 1)

/**
 * `otherNames`: so many campaigns more, none of which supports any of the events.
 */
export function makeWorkload({ campaigns = 100, others = 0, people = 10_000, events = 10_000 } = {}): Workload {
  const random = chance(20_261_122)
  const below = (n: number) => Math.floor(random() * n)
  const pick = <T>(values: readonly T[]): T => values[below(values.length)] as T // The lists are not empty.
  const some = <T>(values: readonly T[], k: number): T[] => {
    const left = [...values]
    return Array.from({ length: k }, () => left.splice(below(left.length), 1)[0] as T) // k is within the list.
  }
  const kinds: (() => Term)[] = [
    () => ({ fact: 'country', op: 'in', value: some(countries, 3 + below(5)) }),
    () => ({ fact: 'device', op: 'eq', value: pick(devices) }),
    () => ({ fact: 'tier', op: 'in', value: some(tiers, 1 + below(3)) }),
    () => ({ fact: 'cartValue', op: 'gte', value: below(300) }),
    () => ({ fact: 'orders', op: 'lt', value: 1 + below(20) }),
    () => ({ fact: 'ageDays', op: 'gte', value: below(400) }),
  ]
  const flows = Array.from({ length: (campaigns + others) * 2 }, (_, id): BenchFlow => {
    const [a, b, c] = some(kinds, 3).map((make) => make())
    if (!a || !b || !c) throw new Error('three terms')
    const supported = some(eventNames, 2 + below(2))
    return {
      id,
      campaign: id >> 1,
      events: id >> 1 < campaigns ? supported : supported.map((name) => `other_${name}`),
      terms: [a, b, c],
      priority: 100 * (1 + below(5)),
    }
  })
  const own = flows.slice(0, campaigns * 2)
  return {
    flows,
    people: Array.from({ length: people }, (_, id) => ({
      id,
      country: pick(countries),
      device: pick(devices),
      tier: pick(tiers),
      orders: below(25),
      ageDays: below(800),
      journeys: some(own, Math.min(below(5), own.length)).map((flow) => ({
        flow: flow.id,
        lastActivity: firstActivity + below(100 * 86_400_000),
      })),
    })),
    events: Array.from({ length: events }, (_, id) => ({
      id,
      name: pick(eventNames),
      person: below(people),
      cartValue: below(500),
    })),
  }
}

/** The flows by the event that they support, in the order of their ids. */
export function flowsByEvent({ flows }: Workload): ReadonlyMap<string, readonly BenchFlow[]> {
  return new Map(eventNames.map((name) => [name, flows.filter(({ events }) => events.includes(name))]))
}
