// An account's programs and campaigns, compiled once into what decisions ask for: look-ups by id, name, label and event,
// predicates, and an order. Immutable, and the same whatever order the facts came in.

import { decodeId } from '../ids.ts'
import { byteOrder, foldName } from '../names.ts'
import { type Asks, asksOf } from '../rules/asks.ts'
import { compileRule, type Predicate } from '../rules/compile.ts'
import { compilePath, type Path } from '../rules/path.ts'
import type { CampaignFacts, JourneyDefinition, ProgramFacts, RequiredTarget, RequiredTargetKind } from './facts.ts'
import { compilePlans, type Plan } from './plan.ts'
import { compileWindows, type Windows } from './windows.ts'

export interface Definition extends Omit<JourneyDefinition, 'entry' | 'ongoing' | 'startEvents'> {
  readonly foldedName: string
  readonly startEvents: ReadonlySet<string>
  readonly facts: JourneyDefinition
  readonly entry: Predicate | null
  readonly ongoing: Predicate | null
  readonly inactivityMs: number | null
  readonly keyPath: Path | null
}

export interface Program {
  readonly facts: ProgramFacts
  readonly id: string
  /** Folded. */
  readonly labels: ReadonlySet<string>
  /** What a PROGRAM target may say: id, folded name, folded labels. */
  readonly targetNames: readonly string[]
  readonly lookbackMs: number
  /** In the order of `byPrecedence`. */
  readonly campaigns: readonly Campaign[]
}

export interface Campaign {
  readonly facts: CampaignFacts
  readonly id: string
  readonly program: Program
  /** The largest priority of its definitions. */
  readonly priority: number
  /** LIVE or PAUSED. */
  readonly isOpen: boolean
  readonly definitions: readonly Definition[]
  readonly byName: ReadonlyMap<string, Definition>
  readonly byEvent: ReadonlyMap<string, readonly Definition[]>
  /** Its own required targets: by kind, those of which the event must carry one. */
  readonly requiredTargets: ReadonlyMap<RequiredTargetKind, ReadonlySet<string>>
}

export interface RuleSet {
  readonly campaigns: ReadonlyMap<string, Campaign>
  /** All campaigns, largest priority first, then by id: the order in which near misses are preferred. */
  readonly byPrecedence: readonly Campaign[]
  /** The campaigns that support an event, by its folded name, in the same order. */
  readonly byEvent: ReadonlyMap<string, readonly Campaign[]>
  /** By folded event name, the flows of open campaigns that support it. */
  readonly plans: ReadonlyMap<string, Plan>
  /** Some open campaign has a FRIEND flow. */
  readonly hasFriendFlows: boolean
  readonly hasPaused: boolean
  readonly programs: ReadonlyMap<string, Program>
  /** By folded label. Labels that fold alike share an entry. */
  readonly byLabel: ReadonlyMap<string, readonly Program[]>
  /** By each of their `targetNames`. */
  readonly byTarget: ReadonlyMap<string, readonly Program[]>
  readonly windows: Windows
  /** What any criterion asks about people; nothing else of them is ever read. */
  readonly asks: Asks
  /** Names of events that follow an earlier one of their transaction and inherit its decision. */
  readonly followUps: ReadonlySet<string>
}

const dayMs = 86_400_000

/**
 * The rule set of an account. It takes campaigns of every state: those that are not open are never credited, but codes
 * lead to their programs and decisions name them as reasons. A campaign of an unknown program is left out.
 * Throws RangeError for criteria that checkRule refuses, and for a key field that is no path.
 */
export function compileRuleSet(facts: {
  readonly programs: readonly ProgramFacts[]
  readonly campaigns: readonly CampaignFacts[]
  /** Folded event names; default: none. */
  readonly followUps?: Iterable<string>
}): RuleSet {
  const members = new Map<string, Campaign[]>()
  const programs = new Map<string, Program>()
  for (const program of [...facts.programs].sort((a, b) => byteOrder(a.id, b.id))) {
    const own: Campaign[] = []
    members.set(program.id, own)
    programs.set(program.id, compileProgram(program, own))
  }
  const campaigns: Campaign[] = []
  for (const campaign of facts.campaigns) {
    const program = programs.get(campaign.programId)
    if (program) campaigns.push(compileCampaign(campaign, program))
  }
  campaigns.sort(byPrecedence)
  for (const campaign of campaigns) members.get(campaign.program.id)?.push(campaign)
  const plans = compilePlans(campaigns)
  return {
    campaigns: new Map(campaigns.map((campaign) => [campaign.id, campaign])),
    byPrecedence: campaigns,
    byEvent: indexBy(campaigns, (campaign) => campaign.byEvent.keys()),
    plans,
    hasFriendFlows: [...plans.values()].some(({ friendFlows }) => friendFlows.length > 0),
    programs,
    byLabel: indexBy(programs.values(), (program) => program.labels),
    byTarget: indexBy(programs.values(), (program) => program.targetNames),
    hasPaused: campaigns.some(({ facts: { state } }) => state === 'PAUSED'),
    windows: compileWindows(campaigns),
    asks: asksOf(facts.campaigns.flatMap((campaign) => campaign.journeys.flatMap(criteriaOf))),
    followUps: new Set(facts.followUps),
  }
}

/** Negative where `a` comes first: the larger priority, then the smaller id. */
export const byPrecedence = (a: Campaign, b: Campaign): number => b.priority - a.priority || byteOrder(a.id, b.id)

/** A required target's value in the form that is compared: ids as UUIDs, names folded; text that is no id stays as it is. */
export function foldTarget({ kind, value }: RequiredTarget): string {
  const text = value.trim()
  if (kind === 'CAMPAIGN_ID') return decodeId('Campaign', text) ?? text
  if (kind === 'PROGRAM') return decodeId('Program', text) ?? foldName(text)
  return foldName(text)
}

/** Targets by kind: alternatives within a kind, all kinds together. */
export function groupTargets(targets: readonly RequiredTarget[]): ReadonlyMap<RequiredTargetKind, ReadonlySet<string>> {
  const groups = new Map<RequiredTargetKind, Set<string>>()
  for (const target of targets) {
    const group = groups.get(target.kind)
    if (group) group.add(foldTarget(target))
    else groups.set(target.kind, new Set([foldTarget(target)]))
  }
  return groups
}

function compileProgram(facts: ProgramFacts, campaigns: readonly Campaign[]): Program {
  const labels = new Set(facts.labels.map(foldName))
  return {
    facts,
    id: facts.id,
    labels,
    targetNames: [...new Set([facts.id, foldName(facts.name), ...labels])],
    lookbackMs: facts.lookbackDays * dayMs,
    campaigns,
  }
}

function compileCampaign(facts: CampaignFacts, program: Program): Campaign {
  const definitions = facts.journeys.map(compileDefinition).sort((a, b) => byteOrder(a.name, b.name))
  return {
    facts,
    id: facts.id,
    program,
    priority: definitions.reduce((largest, { priority }) => Math.max(largest, priority), Number.NEGATIVE_INFINITY),
    isOpen: facts.state === 'LIVE' || facts.state === 'PAUSED',
    definitions,
    byName: new Map(definitions.map((definition) => [definition.name, definition])),
    byEvent: indexBy(definitions, (definition) => new Set(definition.events)),
    requiredTargets: groupTargets(facts.requiredTargets),
  }
}

function compileDefinition(facts: JourneyDefinition): Definition {
  return {
    ...facts,
    facts,
    foldedName: foldName(facts.name),
    startEvents: new Set(facts.startEvents),
    entry: facts.entry && compileRule(facts.entry),
    ongoing: facts.ongoing && compileRule(facts.ongoing),
    inactivityMs: facts.inactivityDays === null ? null : facts.inactivityDays * dayMs,
    keyPath: facts.keyField === null ? null : compilePath(facts.keyField),
  }
}

const criteriaOf = ({ entry, ongoing }: JourneyDefinition) => [entry, ongoing].flatMap((rule) => rule ?? [])

function indexBy<T>(members: Iterable<T>, keysOf: (member: T) => Iterable<string>): ReadonlyMap<string, readonly T[]> {
  const index = new Map<string, T[]>()
  for (const member of members) {
    for (const key of keysOf(member)) {
      const entry = index.get(key)
      if (entry) entry.push(member)
      else index.set(key, [member])
    }
  }
  return index
}
