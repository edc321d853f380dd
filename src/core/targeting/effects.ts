// Phase 8 as data: what a decision changes. The rows to write come back, and the world is brought up to date in place,
// so that the next event of the batch sees what this one did.

import type { Attributed, Decision, JourneyChoice, JourneyExit, Proof, RelationshipChoice } from './decision.ts'
import type { Instant, JourneyFacts, JourneyRole, PersonFacts, RelationshipFacts, World } from './facts.ts'

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
}

export interface TouchedJourney {
  readonly id: string
  readonly at: Instant
  readonly eventId: string
  /** False for a late event: neither last activity nor latest event move. */
  readonly isLatest: boolean
  /** It had been left and is taken up again: active, without an exit. */
  readonly isReopened: boolean
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
  /** They saw the event without credit: no activity of theirs. */
  readonly journeysAdvanced: readonly string[]
}

/** The effects of a decision on the world that it was made in; the world shows them afterwards. `newId` is asked once per new row. */
export function takeEffect(decision: Decision, world: World, newId: () => string): Effects {
  const person = world.people.get(decision.personId)
  if (!person) throw new Error(`the world lacks the person of event ${decision.eventId}`)
  const exits = decision.status === 'ATTRIBUTED' ? [...decision.exits, ...decision.journey.expired] : decision.exits
  for (const { journeyId, at } of exits) exit(person, journeyId, at)
  const credit = decision.status === 'ATTRIBUTED' ? takeCredit(decision, person, newId) : nothing
  return { ...credit, journeysExited: exits, journeysAdvanced: decision.advances }
}

type Credit = Omit<Effects, 'journeysExited' | 'journeysAdvanced'>

const nothing: Credit = {
  journeyId: null,
  relationshipId: null,
  relationshipCreated: null,
  evidenceAdded: [],
  journeyCreated: null,
  journeyTouched: null,
}

function exit(person: PersonFacts, journeyId: string, at: Instant): void {
  const journey = person.journeys.find(({ id }) => id === journeyId)
  if (journey) journey.exitedAt = at
}

function takeCredit(decision: Attributed, person: PersonFacts, newId: () => string): Credit {
  const { t, relationship, journey } = decision
  const created = relationship && relationship.id === null ? createRelationship(decision, relationship, newId()) : null
  if (created) person.relationships.push({ ...created, firstEvidenceAt: t, evidence: [] })
  const relationshipId = relationship?.id ?? created?.id ?? null
  const proofs = relationship?.proofs ?? []
  const shown = proofs.length > 0 ? person.relationships.find(({ id }) => id === relationshipId) : undefined
  if (shown) addEvidence(shown, t)
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
        : proofs.map((proof) => evidence(decision, { ...proof, relationshipId, id: newId() })),
    journeyCreated: begun,
    journeyTouched: touched,
  }
}

function createRelationship(decision: Attributed, choice: RelationshipChoice, id: string): NewRelationship {
  const { advocateId, programId, campaignId } = choice
  return { id, advocateId, friendId: decision.personId, programId, campaignId, at: decision.t }
}

const evidence = (decision: Attributed, proof: Proof & { id: string; relationshipId: string }): NewEvidence => ({
  ...proof,
  eventId: decision.eventId,
  at: decision.t,
})

function addEvidence(relationship: RelationshipFacts, t: Instant): void {
  relationship.evidence.push(t)
  relationship.firstEvidenceAt = Math.min(relationship.firstEvidenceAt, t)
}

function createJourney(decision: Attributed, relationshipId: string | null, id: string): NewJourney {
  const { personId, campaignId, t, eventId } = decision
  const { definition, role, key }: JourneyChoice = decision.journey
  return { id, personId, campaignId, definition, role, key, relationshipId, startedAt: t, entryEventId: eventId }
}

function journeyFacts({ entryEventId: _, ...journey }: NewJourney, partnerId: string | null): JourneyFacts {
  const partnerIds = new Map<string, Instant>()
  if (partnerId !== null) partnerIds.set(partnerId, journey.startedAt)
  return { ...journey, exitedAt: null, activities: [journey.startedAt], partnerIds }
}

function touch({ journey: { id, passage }, t, eventId, partnerId }: Attributed, person: PersonFacts): TouchedJourney {
  const journey = person.journeys.find((known) => known.id === id)
  if (!journey) throw new Error(`the world lacks the journey of event ${eventId}`)
  const isReopened = passage === 'RESUMED' && journey.exitedAt !== null
  if (isReopened) journey.exitedAt = null
  const isLatest = t >= journey.startedAt && journey.activities.every((at) => at <= t)
  journey.activities.push(t)
  if (partnerId !== null) journey.partnerIds.set(partnerId, Math.min(t, journey.partnerIds.get(partnerId) ?? t))
  return { id: journey.id, at: t, eventId, isLatest, isReopened }
}
