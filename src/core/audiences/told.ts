// Changes of audiences that are told as events: of which somebody could make use, what they say, and how long a chain may be in
// which one such event makes people enter and leave, of which others are told.

import { encodeId } from '../ids.ts'
import { leavesOf } from '../rules/asks.ts'
import { compileRule } from '../rules/compile.ts'
import type { Rule } from '../rules/rule.ts'
import type { Predicate } from '../rules/subject.ts'
import { isTrue } from '../rules/truth.ts'
import type { CampaignFacts, Instant, JourneyDefinition, JsonObject } from '../targeting/facts.ts'
import { newPerson } from '../targeting/people.ts'
import type { DynamicAudience, DynamicAudiences } from './dynamic.ts'

/** Names of the events, folded. */
export const toldNames = { entered: 'audience_entered', left: 'audience_left' } as const

/** So many events follow from one another: the change that the last of them leads to is told no more. */
export const maxChain = 5

/** Of an audience whose rule asks about such events: a change that time brought so soon after one belongs to its chain. */
export const chainMs = 3_600_000

export interface ToldChange {
  readonly audienceId: string
  readonly audience: string
  readonly entered: boolean
  readonly cause: string
  readonly at: Instant
  /** Its place in the chain, from 1. */
  readonly depth: number
}

export interface ToldEvent {
  readonly name: string
  readonly data: { readonly [key: string]: string | number | boolean }
}

/** What the event says; the audience by its global id, as the API gives it. */
export function toldEvent({ audienceId, audience, entered, cause, at, depth }: ToldChange): ToldEvent {
  return {
    name: entered ? toldNames.entered : toldNames.left,
    data: {
      audienceId: encodeId('Audience', audienceId),
      audience,
      cause,
      at: new Date(at).toISOString(),
      depth,
      ...(depth === maxChain ? { chainEnds: true } : {}),
    },
  }
}

/** What the data of events of these names may hold whatever an account allows there, by the event's folded name. */
export const keysOfTold = (name: string): ReadonlySet<string> => (bothNames.has(name) ? ownKeys : noKeys)

const bothNames: ReadonlySet<string> = new Set(Object.values(toldNames))
const ownKeys: ReadonlySet<string> = new Set(['audienceId', 'audience', 'cause', 'at', 'depth', 'chainEnds'])
const noKeys: ReadonlySet<string> = new Set()

/** The place in its chain that an event of these names says; 0 for what it cannot be read of. */
export const depthIn = (data: JsonObject): number =>
  typeof data.depth === 'number' && Number.isInteger(data.depth) && data.depth > 0 ? data.depth : 0

/** Could a live campaign's flow take the event, whatever is known of the person? */
export type Interest = (event: ToldEvent, at: Instant) => boolean

/**
 * What the campaigns ask for. A flow asks for an event that it names, as far as the conditions on the event's data in its criteria hold:
 * those of its entry, where the event may begin it, and those of `ongoing`, where that has any or the event cannot begin it.
 */
export function interestOf(campaigns: Iterable<CampaignFacts>): Interest {
  const asked = [...campaigns].flatMap((campaign) =>
    campaign.state === 'LIVE' ? campaign.journeys.map((flow) => ({ campaign, takes: takerOf(flow) })) : [],
  )
  return (event, at) =>
    asked.some(
      ({ campaign: { startsAt, endsAt }, takes }) =>
        (startsAt === null || startsAt <= at) && (endsAt === null || at < endsAt) && takes(event, at),
    )
}

function takerOf({ events, startEvents, entry, ongoing }: JourneyDefinition): Interest {
  const names = new Set(events)
  const starts = new Set(startEvents)
  const [onEntry, onOngoing] = [dataTest(entry), dataTest(ongoing)]
  return ({ name, data }, t) => {
    if (!names.has(name)) return false
    const holds = (test: Predicate | null) =>
      test === null || test({ person: newPerson(''), event: { id: '', name, personId: '', t, data } }) === isTrue
    return starts.has(name) ? holds(onEntry) || (onOngoing !== null && holds(onOngoing)) : holds(onOngoing)
  }
}

/** The conditions that must hold together and ask about nothing but the event's data; null where there are none. */
function dataTest(rule: Rule | null): Predicate | null {
  const own = rule === null ? [] : conjunctsOf(rule).filter(isOfData)
  return own.length === 0 ? null : compileRule({ all: own })
}

const conjunctsOf = (rule: Rule): readonly Rule[] => ('all' in rule ? rule.all.flatMap(conjunctsOf) : [rule])

function isOfData(rule: Rule): boolean {
  const leaves = [...leavesOf([rule])]
  return leaves.length > 0 && leaves.every((leaf) => 'eventData' in leaf)
}

/** The ids of audiences that depend on such events: by their own rules, by what they ask of others, or by audiences that do. */
export function dependentOnTold({ inOrder }: Pick<DynamicAudiences, 'inOrder'>): ReadonlySet<string> {
  const asksNames = ({ asks, others }: DynamicAudience): boolean =>
    [...bothNames].some((name) => asks.eventCaps.has(name)) || others.some(({ audience }) => asksNames(audience))
  const found = new Set<string>()
  const asksFound = ({ asks, others }: DynamicAudience): boolean =>
    [...asks.audienceIds].some((id) => found.has(id)) || others.some(({ audience }) => asksFound(audience))
  // Others may be asked about in any order: until nothing is added.
  for (let size = -1; size !== found.size; ) {
    size = found.size
    for (const audience of inOrder) if (asksNames(audience) || asksFound(audience)) found.add(audience.id)
  }
  return found
}
