// Decides again what was decided before: one person's events in the order in which they came, each by the rules it is asked by,
// on a world that starts as it stood before the first of them. What others did meanwhile is taken as recorded.

import type { Identifier } from '../identity.ts'
import { choose, decide } from './decide.ts'
import type { Decision, Explained, Quality } from './decision.ts'
import { begins, takeEffect } from './effects.ts'
import type {
  CodeFacts,
  EventFacts,
  Instant,
  JourneyFacts,
  PersonFacts,
  RelationshipFacts,
  TransactionFacts,
  World,
} from './facts.ts'
import { takeStep } from './people.ts'
import { kindOf, type ReplayKind } from './replay-tally.ts'
import type { RuleSet } from './rule-set.ts'
import { type Done, withdraw } from './withdraw.ts'

/** A decision as it was stored: who won. People under the ids that all merges lead to now. */
export interface Recorded {
  readonly status: Decision['status']
  readonly campaignId: string | null
  readonly definition: string | null
  readonly key: string | null
  readonly advocateId: string | null
  readonly quality: Quality
  readonly journeyId: string | null
  readonly relationshipId: string | null
}

/** An event was decided, or decided anew. */
export interface DecisionMoment {
  readonly kind: 'DECISION'
  readonly event: EventFacts
  /** From 1; a later one first withdraws what the one before it did. */
  readonly revision: number
  readonly isInForce: boolean
  readonly recorded: Recorded
  /** Of the rules that it was decided by; null where nobody wrote it down. */
  readonly version: number | null
  /** By advocate, their ADVOCATE journeys as they stood then; who is absent is as at the decision before. */
  readonly advocates: ReadonlyMap<string, readonly JourneyFacts[]>
}

/** What else became known between two decisions. */
export type Moment =
  | DecisionMoment
  | { readonly kind: 'MERGE'; readonly loserId: string; readonly survivorId: string }
  | { readonly kind: 'IDENTIFIER'; readonly profileId: string; readonly identifier: Identifier }
  | { readonly kind: 'CODE'; readonly code: CodeFacts }
  | { readonly kind: 'TRANSACTION'; readonly id: string; readonly facts: TransactionFacts }
  | ({ readonly kind: 'EVIDENCE' } & OthersEvidence)

/** Evidence that somebody else's event gave of a relationship in which one of the people is the advocate. */
export interface OthersEvidence {
  readonly relationship: Omit<RelationshipFacts, 'firstEvidenceAt' | 'evidence' | 'matchedCodeIds'>
  readonly at: Instant
}

/** One person's part of the history. */
export interface Play {
  /** Before the first moment: the person, profile by profile where they were merged since, and the advocates. */
  readonly world: World
  /** In the order in which they came. */
  readonly moments: readonly Moment[]
  /** The id that all merges lead to now. */
  nowOf(personId: string): string
}

export interface ReplayRules {
  /** The rules as they were. */
  before(version: number | null): RuleSet
  /** The rules to try; null where nothing changes. */
  changed: ((version: number | null) => RuleSet) | null
}

/** An event decided again. */
export interface Replayed {
  readonly event: EventFacts
  /** Of the recorded decision. */
  readonly revision: number
  readonly recorded: Recorded
  readonly decision: Decision
  readonly kind: ReplayKind
  /** The rules as they were come to another decision than the recorded one, too. */
  readonly isDrifted: boolean
  /** Where it was wanted. */
  readonly explained: Explained | null
}

export interface ReplayOptions {
  readonly rules: ReplayRules
  readonly newId: () => string
  /** True where a decision of that kind shall be explained. */
  wants(kind: ReplayKind): boolean
}

/** Plays the moments; returns the decisions about the events, those that are in force, in order. The play itself stays as it is. */
export function replay(play: Play, { rules, newId, wants }: ReplayOptions): readonly Replayed[] {
  const { before, changed } = rules
  const asBefore = perform(play, { rulesOf: before, newId, wants: changed ? () => false : wants })
  if (!changed) return asBefore
  const drifted = new Set(asBefore.filter(({ isDrifted }) => isDrifted).map(({ event }) => event.id))
  return perform(play, { rulesOf: changed, newId, wants }).map((replayed) => ({
    ...replayed,
    isDrifted: drifted.has(replayed.event.id),
  }))
}

interface Performance {
  readonly rulesOf: (version: number | null) => RuleSet
  readonly newId: () => string
  wants(kind: ReplayKind): boolean
}

/** A play in performance. */
interface Scene extends Performance {
  readonly play: Play
  readonly world: World
  /** By profile, the person whom it belongs to by now, where that is another. */
  readonly roots: Map<string, string>
  /** By event, what its decision did. */
  readonly done: Map<string, Done>
}

function perform(play: Play, performance: Performance): Replayed[] {
  const scene: Scene = { ...performance, play, world: copyOf(play.world), roots: new Map(), done: new Map() }
  return play.moments.flatMap((moment) => take(scene, moment) ?? [])
}

// What is only read is shared: fields, and codes, shares and transactions themselves.
const copyOf = ({ people, codes, sharesTo, transactions, orderOwners }: World): World => ({
  people: new Map([...people].map(([id, person]) => [id, personCopy(person)])),
  codes: new Map(codes),
  sharesTo: new Map(sharesTo),
  transactions: new Map(transactions),
  ...(orderOwners ? { orderOwners: new Map(orderOwners) } : {}),
})

const personCopy = (person: PersonFacts): PersonFacts => ({
  ...person,
  journeys: person.journeys.map((journey) => ({
    ...journey,
    activities: [...journey.activities],
    partnerIds: new Map(journey.partnerIds),
  })),
  relationships: person.relationships.map((edge) => ({
    ...edge,
    evidence: [...edge.evidence],
    matchedCodeIds: new Set(edge.matchedCodeIds),
  })),
  history: {
    events: new Map([...person.history.events].map(([name, times]) => [name, [...times]])),
    orders: [...person.history.orders],
    qualities: [...person.history.qualities],
    friends: person.history.friends.map((edge) => ({ ...edge, evidence: [...edge.evidence] })),
  },
})

function take(scene: Scene, moment: Moment): Replayed | null {
  const { world } = scene
  if (moment.kind === 'DECISION') return decideAgain(scene, moment)
  if (moment.kind === 'MERGE') merge(scene, moment)
  else if (moment.kind === 'CODE') world.codes.set(moment.code.code, adopted(scene, moment.code))
  else if (moment.kind === 'EVIDENCE') show(scene, moment)
  else if (moment.kind === 'TRANSACTION') {
    if (begins(moment.facts, world.transactions.get(moment.id))) world.transactions.set(moment.id, moment.facts)
  } else {
    const { profileId, identifier } = moment
    takeStep(world, { personId: rootOf(scene, profileId), attached: [identifier], absorbed: [] })
  }
  return null
}

function rootOf({ roots }: Scene, profileId: string): string {
  let id = profileId
  for (let next = roots.get(id); next !== undefined; next = roots.get(id)) id = next
  return id
}

function merge(scene: Scene, { loserId, survivorId }: { loserId: string; survivorId: string }): void {
  const [loser, survivor] = [rootOf(scene, loserId), rootOf(scene, survivorId)]
  if (loser === survivor) return
  takeStep(scene.world, { personId: survivor, attached: [], absorbed: [loser] })
  scene.roots.set(loser, survivor)
}

const adopted = (scene: Scene, code: CodeFacts): CodeFacts =>
  code.advocateId === null ? code : { ...code, advocateId: rootOf(scene, code.advocateId) }

/** Both sides see the evidence, as far as they are here. */
function show(scene: Scene, { relationship, at }: OthersEvidence): void {
  const { people } = scene.world
  const { id, advocateId, friendId } = relationship
  const advocate = people.get(rootOf(scene, advocateId))
  const friend = people.get(rootOf(scene, friendId))
  const known =
    friend?.relationships.find((edge) => edge.id === id) ?? advocate?.history.friends.find((edge) => edge.id === id)
  if (known) {
    known.firstEvidenceAt = Math.min(known.firstEvidenceAt, at)
    known.evidence.push(at)
    return
  }
  const edge: RelationshipFacts = {
    ...relationship,
    advocateId: rootOf(scene, advocateId),
    friendId: rootOf(scene, friendId),
    firstEvidenceAt: at,
    evidence: [at],
    matchedCodeIds: new Set(),
  }
  friend?.relationships.push(edge)
  advocate?.history.friends.push(edge)
}

function decideAgain(scene: Scene, moment: DecisionMoment): Replayed | null {
  const { world, play, done } = scene
  const event = { ...moment.event, personId: rootOf(scene, moment.event.personId) }
  for (const [id, journeys] of moment.advocates) {
    const advocate = world.people.get(id)
    if (advocate) advocate.journeys.splice(0, advocate.journeys.length, ...journeys)
  }
  const earlier = done.get(event.id)
  if (earlier) withdraw(world, { ...earlier, event }, done.values())
  const rules = scene.rulesOf(moment.version)
  const decision = choose(event, world, rules)
  const kind = kindOf(moment.recorded, decision, (id) => play.nowOf(id))
  const explained = moment.isInForce && scene.wants(kind) ? decide(event, world, rules) : null
  const effects = takeEffect({ event, decision }, world, idsFor(scene, moment, { decision, kind }))
  done.set(event.id, { event, decision, effects })
  if (!moment.isInForce) return null
  const { recorded, revision } = moment
  return { event, revision, recorded, decision, kind, isDrifted: kind !== 'SAME', explained }
}

/** Ids for what the decision creates: the recorded ones where it is the recorded decision, so that what ids decide stays. */
function idsFor(
  { world, newId }: Scene,
  { recorded }: DecisionMoment,
  { decision, kind }: { decision: Decision; kind: ReplayKind },
): () => string {
  if (kind !== 'SAME' || decision.status === 'UNATTRIBUTED') return newId
  const person = world.people.get(decision.personId)
  const { relationship, journey } = decision
  // The order in which `takeEffect` asks: the relationship, the journey, then all else.
  const isFree = (id: string | null, list: readonly { id: string }[] = []) =>
    id !== null && !list.some((row) => row.id === id)
  const ids: (string | null)[] = []
  if (relationship && relationship.id === null)
    ids.push(isFree(recorded.relationshipId, person?.relationships) ? recorded.relationshipId : null)
  if (journey.id === null) ids.push(isFree(recorded.journeyId, person?.journeys) ? recorded.journeyId : null)
  return () => ids.shift() ?? newId()
}
