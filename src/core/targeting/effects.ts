// Phase 8 as data: what a decision changes. The rows to write come back, and the world is brought up to date in place,
// so that the next event of the batch sees what this one did.

import { foldCode } from '../names.ts'
import { orderEvents } from '../orders.ts'
import type {
  Attributed,
  DecidedBy,
  Decision,
  JourneyChoice,
  JourneyExit,
  Proof,
  RelationshipChoice,
} from './decision.ts'
import type {
  EventFacts,
  Instant,
  JourneyFacts,
  JourneyRole,
  PersonFacts,
  RelationshipFacts,
  TransactionFacts,
  World,
} from './facts.ts'
import { remember, rememberFriend } from './history.ts'

export interface NewRelationship {
  readonly id: string
  readonly advocateId: string
  readonly friendId: string
  readonly programId: string
  readonly campaignId: string
  /** Its first and, so far, latest evidence. */
  readonly at: Instant
}

export interface NewEvidence {
  readonly id: string
  readonly relationshipId: string
  readonly kind: Proof['kind']
  readonly codeId: string
  readonly eventId: string
  readonly at: Instant
}

/** What brought a person to a journey: the codes are those that were applied, upper-cased. */
export interface Occasion {
  readonly reason: DecidedBy
  /** Coupon, else advocate code. */
  readonly code: string | null
  readonly shareId: string | null
}

export interface NewJourney {
  readonly id: string
  readonly personId: string
  readonly campaignId: string
  readonly definition: string
  readonly role: JourneyRole
  readonly key: string
  readonly relationshipId: string | null
  readonly startedAt: Instant
  readonly entryEventId: string
  readonly occasion: Occasion
}

export interface TouchedJourney {
  readonly id: string
  readonly at: Instant
  readonly eventId: string
  readonly occasion: Occasion
  /** False for a late event: neither last activity nor latest event move. */
  readonly isLatest: boolean
  /** It had been left and is taken up again: active, without an exit. */
  readonly isReopened: boolean
}

export type StepKind = 'ENTERED' | 'CREDITED' | 'RESUMED' | 'ADVANCED' | 'EXITED' | 'EXPIRED'

export interface NewStep {
  readonly id: string
  readonly journeyId: string
  readonly kind: StepKind
  readonly eventId: string
  readonly eventName: string
  readonly at: Instant
}

/** All that one decision writes besides the event and the attribution. Rows of a batch are written in the order of its decisions. */
export interface Effects {
  /** For the attribution. */
  readonly journeyId: string | null
  readonly relationshipId: string | null
  readonly relationshipCreated: NewRelationship | null
  /** The winner's only; its relationship's first and latest evidence move to take these in. */
  readonly evidenceAdded: readonly NewEvidence[]
  readonly journeyCreated: NewJourney | null
  readonly journeyTouched: TouchedJourney | null
  readonly journeysExited: readonly JourneyExit[]
  /** Exits first, then the credit, then the flows that saw the event without credit: no activity of theirs. */
  readonly steps: readonly NewStep[]
}

/** A decision and what it was about. */
export interface Settled {
  readonly event: EventFacts
  readonly decision: Decision
}

/** The effects of a decision on the world that it was made in; the world shows them afterwards. `newId` is asked once per new row. */
export function takeEffect({ event, decision }: Settled, world: World, newId: () => string): Effects {
  const person = world.people.get(decision.personId)
  if (!person) throw new Error(`the world lacks the person of event ${decision.eventId}`)
  const expired = decision.status === 'ATTRIBUTED' ? decision.journey.expired : []
  const exits = [...decision.exits, ...expired]
  for (const { journeyId, at } of exits) exit(person, journeyId, at)
  const credit = takeCredit(decision, person, newId)
  const { orderOwners } = world
  remember(person, { event, quality: decision.quality, ...(orderOwners ? { orderOwners } : {}) })
  if (credit.relationshipCreated) rememberFriend(world, person, credit.relationshipCreated.id)
  registerTransaction({ event, decision }, credit, world)
  const step = (kind: StepKind, journeyId: string, at: Instant = event.t): NewStep => {
    return { id: newId(), journeyId, kind, eventId: event.id, eventName: event.name, at }
  }
  const steps = [
    ...decision.exits.map(({ journeyId, at }) => step('EXITED', journeyId, at)),
    ...expired.map(({ journeyId, at }) => step('EXPIRED', journeyId, at)),
    ...creditKinds(decision, credit).map(([kind, journeyId]) => step(kind, journeyId)),
    ...decision.advances.map((journeyId) => step('ADVANCED', journeyId)),
  ]
  return { ...credit, journeysExited: exits, steps }
}

type Credit = Omit<Effects, 'journeysExited' | 'steps'>

const nothing: Credit = {
  journeyId: null,
  relationshipId: null,
  relationshipCreated: null,
  evidenceAdded: [],
  journeyCreated: null,
  journeyTouched: null,
}

/** The step that the credited journey takes, if any. */
function creditKinds({ journey }: Decision, { journeyCreated, journeyTouched }: Credit): readonly [StepKind, string][] {
  if (journeyCreated) return [['ENTERED', journeyCreated.id]]
  if (!journeyTouched) return []
  return [[journey?.passage === 'RESUMED' ? 'RESUMED' : 'CREDITED', journeyTouched.id]]
}

function exit(person: PersonFacts, journeyId: string, at: Instant): void {
  const journey = person.journeys.find(({ id }) => id === journeyId)
  if (journey) journey.exitedAt = at
}

/** What a follow-up takes over is neither an activity nor evidence. */
function takeCredit(decision: Decision, person: PersonFacts, newId: () => string): Credit {
  if (decision.status === 'UNATTRIBUTED') return nothing
  const { relationship, journey } = decision
  if (decision.decidedBy === 'INHERITED')
    return { ...nothing, journeyId: journey.id, relationshipId: relationship?.id ?? null }
  const created = relationship && relationship.id === null ? createRelationship(decision, relationship, newId()) : null
  if (created) person.relationships.push(relationshipFacts(created))
  const relationshipId = relationship?.id ?? created?.id ?? null
  const proofs = relationship?.proofs ?? []
  const shown = proofs.length > 0 ? person.relationships.find(({ id }) => id === relationshipId) : undefined
  if (shown) for (const proof of proofs) addEvidence(shown, proof)
  const begun = journey.id === null ? createJourney(decision, relationshipId, newId()) : null
  const touched = begun ? null : touch(decision, person)
  if (begun) person.journeys.push(journeyFacts(begun, decision.partnerId))
  return {
    journeyId: journey.id ?? begun?.id ?? null,
    relationshipId,
    relationshipCreated: created,
    evidenceAdded:
      relationshipId === null
        ? []
        : proofs.map((proof) => ({ ...proof, relationshipId, id: newId(), eventId: decision.eventId })),
    journeyCreated: begun,
    journeyTouched: touched,
  }
}

function createRelationship(decision: Attributed, choice: RelationshipChoice, id: string): NewRelationship {
  const { advocateId, programId, campaignId, proofs } = choice
  const at = Math.min(decision.t, ...proofs.map((proof) => proof.at))
  return { id, advocateId, friendId: decision.personId, programId, campaignId, at }
}

const relationshipFacts = ({ at, ...created }: NewRelationship): RelationshipFacts => ({
  ...created,
  firstEvidenceAt: at,
  evidence: [],
  matchedCodeIds: new Set(),
})

function addEvidence(relationship: RelationshipFacts, { kind, codeId, at }: Proof): void {
  relationship.evidence.push(at)
  relationship.firstEvidenceAt = Math.min(relationship.firstEvidenceAt, at)
  if (kind === 'EMAIL_MATCH') relationship.matchedCodeIds.add(codeId)
}

function createJourney(decision: Attributed, relationshipId: string | null, id: string): NewJourney {
  const { personId, campaignId, t, eventId } = decision
  const { definition, role, key }: JourneyChoice = decision.journey
  const entry = { startedAt: t, entryEventId: eventId, occasion: occasionOf(decision) }
  return { id, personId, campaignId, definition, role, key, relationshipId, ...entry }
}

/** What brought somebody to the journey that a decision credits. */
export function occasionOf({ decidedBy, hints }: Pick<Attributed, 'decidedBy' | 'hints'>): Occasion {
  const applied = (kind: string): string | null => {
    const found = hints.find(({ hint, fate }) => hint === kind && fate === 'APPLIED')
    return found ? foldCode(found.value) : null
  }
  return {
    reason: decidedBy,
    code: applied('COUPON_CODE') ?? applied('ADVOCATE_CODE'),
    shareId: applied('SHARE_ID'),
  }
}

function journeyFacts(
  { entryEventId: _, occasion: __, ...journey }: NewJourney,
  partnerId: string | null,
): JourneyFacts {
  const partnerIds = new Map<string, Instant>()
  if (partnerId !== null) partnerIds.set(partnerId, journey.startedAt)
  return { ...journey, exitedAt: null, activities: [journey.startedAt], partnerIds }
}

function touch(decision: Attributed, person: PersonFacts): TouchedJourney {
  const { journey: choice, t, eventId, partnerId } = decision
  const journey = person.journeys.find((known) => known.id === choice.id)
  if (!journey) throw new Error(`the world lacks the journey of event ${eventId}`)
  const isReopened = choice.passage === 'RESUMED' && journey.exitedAt !== null
  if (isReopened) journey.exitedAt = null
  const isLatest = t >= journey.startedAt && journey.activities.every((at) => at <= t)
  journey.activities.push(t)
  if (partnerId !== null) journey.partnerIds.set(partnerId, Math.min(t, journey.partnerIds.get(partnerId) ?? t))
  return { id: journey.id, at: t, eventId, occasion: occasionOf(decision), isLatest, isReopened }
}

/** What follow-ups inherit from is the first order of a transaction, else its first event. */
function registerTransaction({ event, decision }: Settled, { journeyId, relationshipId }: Credit, world: World): void {
  const { transactionId, eventId, journey } = decision
  if (transactionId === null) return
  const { campaignId, campaignRevision, programId, advocateId, quality, reason, reasonDetail } = decision
  const facts: TransactionFacts = {
    eventId,
    isOrder: orderEvents.includes(event.name),
    campaignId,
    campaignRevision,
    programId,
    journey:
      journey && journeyId !== null
        ? { id: journeyId, definition: journey.definition, role: journey.role, key: journey.key }
        : null,
    relationshipId,
    advocateId,
    quality,
    reason,
    reasonDetail,
  }
  if (begins(facts, world.transactions.get(transactionId))) world.transactions.set(transactionId, facts)
}

/** Whether a transaction begins with this event rather than with the one known so far. */
export const begins = (facts: TransactionFacts, known: TransactionFacts | undefined): boolean =>
  known === undefined || known.eventId === facts.eventId || (facts.isOrder && !known.isOrder)
