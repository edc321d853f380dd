// reattributeEvent: an event is decided anew by the rules in force. What the decision in force did is withdrawn, the new decision
// takes effect and is appended; the event and the decisions before stay as they are.

import type { Context } from '../../context.ts'
import type { Touch } from '../../core/audiences/dynamic.ts'
import { occasionOf } from '../../core/targeting/effects.ts'
import type { TypedTargeting, World } from '../../core/targeting/facts.ts'
import { newPerson } from '../../core/targeting/people.ts'
import { conflict, notFound } from '../../errors.ts'
import type { Event } from '../../generated/prisma/client.ts'
import { idInput, newId } from '../../ids.ts'
import type { Transaction } from '../../platform/database.ts'
import { retrying } from '../../platform/retry.ts'
import { inOrder } from '../../platform/statements.ts'
import type { JsonObject } from '../../scalars.ts'
import { checkedText } from '../../text.ts'
import type { AttributionId } from '../attributions/id.ts'
import { appendAttributions } from '../attributions/sql.ts'
import { addCounts, countedOf } from '../counts/sql.ts'
import { applyJourneys } from '../journeys/apply.ts'
import { insertSteps } from '../journeys/sql.ts'
import { findPeople, refreshPeople } from '../profiles/memberships.ts'
import { lockPeople, type People, resolvePeople } from '../profiles/resolve.ts'
import { applyRelationships } from '../relationships/apply.ts'
import { acceptEvent, type EventContext } from './check.ts'
import { codesOf, decideBatch, emailsOf, type KnownEvent, worldRequest } from './decide-batch.ts'
import { loadHistory } from './person-history.ts'
import {
  fallBack,
  findEndedBy,
  findInForce,
  findOtherCredit,
  findOtherPartners,
  type InForceRow,
  insertWithdrawnStep,
  reopenJourneys,
  withdrawEvidence,
  withdrawJourney,
} from './reattribute-sql.ts'
import { findAdvocates, loadWorld, type WorldRequest } from './world.ts'
import { writtenWith } from './written-with.ts'

export interface ReattributeEventInput {
  eventId: string | number
  note: string
  targeting?: TypedTargeting | null
}

const maxNote = 500

/**
 * Decides the event anew, as of its own time; returns the new decision. BAD_INPUT for a blank note or one over 500 characters,
 * NOT_FOUND for an unknown event, CONFLICT where its decision or its person is gone. Called twice it decides twice.
 */
export async function reattributeEvent(context: Context, input: ReattributeEventInput): Promise<AttributionId> {
  const { accountId, services, principal } = context
  const eventId = idInput('Event', input.eventId, 'input.eventId')
  const note = checkedText(input.note, 'input.note', maxNote)
  if (!principal) throw new Error('a mutation has a caller')
  const revision = await retrying(() =>
    services.database.transaction(async (tx) => {
      const event = await tx.event.findUnique({ where: { accountId_id: { accountId, id: eventId } } })
      if (!event) throw notFound(`no event ${eventId}`, 'input.eventId')
      const asked = { event, note, targeting: input.targeting ?? null, apiKeyId: principal.keyId }
      return decideAnew(tx, context, asked)
    }),
  )
  services.live.wake(accountId)
  return { eventId, revision }
}

interface Asked {
  event: Event
  note: string
  targeting: TypedTargeting | null
  apiKeyId: string
}

async function decideAnew(tx: Transaction, context: Context, asked: Asked): Promise<number> {
  const { services, accountId } = context
  const { event, note, targeting, apiKeyId } = asked
  const known = await lockEvent(tx, accountId, asked)
  // The person is locked: nobody else decides the event meanwhile.
  const [inForce] = await findInForce(tx, accountId, event.id)
  if (!inForce) throw conflict('the decision about the event is no longer kept', 'input.eventId')
  const decidedAt = services.now()
  await withdraw(tx, accountId, { event, inForce, at: decidedAt })
  const inForceRules = await services.ruleSets.inForce(tx, accountId)
  // The event's name was translated when it was stored.
  const account = { ...inForceRules, aliases: new Map<string, string>() }
  const request = worldRequest(accountId, { events: [known.event], people: known.people, account })
  const { world, reopened } = await worldWithout(tx, request, { event, inForce })
  const { results } = decideBatch(request.events, [known.event.step], { world, rules: account.rules, later: [] })
  const [result] = results
  if (!result) throw new Error('one event gives one decision')
  const { decision, warnings, trace } = result
  const effects = writtenWith(event.profileId, result.effects)
  const ended = new Set(effects.journeysExited.map(({ journeyId }) => journeyId))
  const stays = reopened.filter((id) => !ended.has(id))
  await reopen(tx, accountId, { event, journeyIds: stays })
  const ordered = inOrder(tx)
  await applyRelationships(ordered, accountId, [effects])
  await applyJourneys(ordered, accountId, [effects])
  const revision = inForce.revision + 1
  const { journeyId, relationshipId } = effects
  const row = {
    decision,
    warnings,
    journeyId,
    relationshipId,
    rulesVersion: account.version,
    decidedAt,
    profileId: event.profileId,
  }
  const stored = { ...row, trace: targeting ? { ...trace, targeting } : trace, revision, note, apiKeyId }
  // The new decision is counted in the other's place: in the minute of the event.
  const counted = countedOf(event.name, decision, trace)
  await addCounts(tx, accountId, [{ ...inForce, times: -1 }, counted])
  await appendAttributions(tx, accountId, [stored])
  const edges = [inForce.relationshipId, relationshipId].flatMap((id) => id ?? [])
  await refreshAudiences(tx, context, { profileId: event.profileId, edges })
  return revision
}

/** The decision and the relationships are others now: so may be the audiences of the person, and of the advocates. */
async function refreshAudiences(
  tx: Transaction,
  context: Context,
  { profileId, edges }: { profileId: string; edges: readonly string[] },
): Promise<void> {
  const { accountId, services } = context
  const { audiences } = await services.ruleSets.inForce(tx, accountId)
  if (audiences.inOrder.length === 0) return
  const where = { accountId, id: { in: [...edges] } }
  const rows = edges.length > 0 ? await tx.relationship.findMany({ where, select: { advocateId: true } }) : []
  const touches: [ids: string[], touch: Touch][] = [
    [[profileId], { qualities: [...audiences.byQuality.keys()], sides: edges.length > 0 ? ['FRIEND'] : [] }],
    [rows.map(({ advocateId }) => advocateId), { sides: ['ADVOCATE'] }],
  ]
  for (const [ids, touch] of touches) {
    const people = await findPeople(tx, accountId, ids)
    const written = people.map(({ personId }) => ({ personId, touch, cause: 'EVENT' as const }))
    await refreshPeople(tx, context, written)
  }
}

interface Locked {
  event: KnownEvent
  people: People
}

/** Locks the event's person and whoever may be credited, as ingest does; the event as it enters a batch. */
async function lockEvent(tx: Transaction, accountId: string, { event, targeting }: Asked): Promise<Locked> {
  const people = await resolvePeople(tx, [{ id: event.profileId, identifiers: [] }], { accountId, write: false })
  const [step] = people.steps
  if (!step) throw conflict('the person of the event is gone', 'input.eventId')
  const input = {
    name: event.name,
    profile: { id: event.profileId },
    occurredAt: event.occurredAt,
    data: event.data as JsonObject, // The columns hold what was accepted before.
    targeting: targeting ?? (event.targeting as TypedTargeting | null),
    context: event.context as EventContext | null,
  }
  const accepted = acceptEvent(input, { path: 'input', now: event.receivedAt })
  const known: KnownEvent = { event: { ...accepted, id: event.id, occurredAt: event.occurredAt }, step }
  const link = { accountId, people: people.before, codes: codesOf([known]), emails: emailsOf([known], people) }
  await lockPeople(tx, accountId, { people, others: await findAdvocates(tx, link) })
  return { event: known, people }
}

interface Withdrawn {
  event: Event
  inForce: InForceRow
}

/** Takes the journey's credit and the relationship's evidence back. What followed from them since stays. */
async function withdraw(
  tx: Transaction,
  accountId: string,
  { event, inForce, at }: Withdrawn & { at: Date },
): Promise<void> {
  const { journeyId, relationshipId, decidedBy } = inForce
  if (decidedBy === 'INHERITED') return
  const eventId = event.id
  if (relationshipId !== null) await withdrawEvidence(tx, accountId, { relationshipId, eventId, at })
  if (journeyId === null) return
  const step = { id: newId(), journeyId, eventId, eventName: event.name, at: event.occurredAt }
  await insertWithdrawnStep(tx, accountId, step)
  const [latest] = await findOtherCredit(tx, accountId, { journeyId, eventId, notAfter: null })
  if (!latest) return withdrawJourney(tx, accountId, journeyId)
  const occasion = occasionOf({ decidedBy: latest.decidedBy, hints: latest.hints ?? [] })
  await fallBack(tx, accountId, { ...occasion, journeyId, eventId: latest.eventId, at: latest.at })
}

/** Journeys that the event no longer ends go on. */
async function reopen(
  tx: Transaction,
  accountId: string,
  { event, journeyIds }: { event: Event; journeyIds: readonly string[] },
): Promise<void> {
  if (journeyIds.length === 0) return
  await reopenJourneys(tx, accountId, journeyIds)
  const about = { eventId: event.id, eventName: event.name, at: event.occurredAt.getTime() }
  const steps = journeyIds.map((journeyId) => ({ id: newId(), journeyId, kind: 'RESUMED' as const, ...about }))
  await insertSteps(tx, accountId, steps)
}

interface Undecided {
  world: World
  /** Journeys that the event had ended; in the world they go on. */
  reopened: readonly string[]
}

/** The world as if the event had not been decided yet: its stored decision is still there, and is left out. */
async function worldWithout(tx: Transaction, request: WorldRequest, withdrawn: Withdrawn): Promise<Undecided> {
  const { event, inForce } = withdrawn
  const world = await loadWorld(tx, request)
  const personId = request.rootOf(event.profileId)
  const person = world.people.get(personId)
  if (!person) throw new Error(`the world lacks the person of event ${event.id}`)
  world.people.set(personId, { ...person, history: newPerson(personId).history })
  const moments = [{ personId, t: event.occurredAt.getTime() }]
  await loadHistory(tx, {
    ...request,
    asks: request.rules.asks,
    moments,
    people: world.people,
    exceptEventId: event.id,
  })
  const left = person.journeys.filter(({ exitedAt }) => exitedAt !== null)
  const reopened = await findEndedBy(tx, request.accountId, { eventId: event.id, journeyIds: left.map(({ id }) => id) })
  for (const journey of left) if (reopened.includes(journey.id)) journey.exitedAt = null
  const { journeyId } = inForce
  const journey = person.journeys.find(({ id }) => id === journeyId)
  if (!journey || journeyId === null) return { world, reopened }
  const { accountId, partnerIds } = request
  const asked = { journeyId, eventId: event.id }
  const latest = [
    ...(await findOtherCredit(tx, accountId, { ...asked, notAfter: null })),
    ...(await findOtherCredit(tx, accountId, { ...asked, notAfter: event.occurredAt })),
  ]
  journey.activities.splice(0, journey.activities.length, ...latest.map(({ at }) => at.getTime()))
  journey.partnerIds.clear()
  for (const { partnerId, at } of await findOtherPartners(tx, accountId, { ...asked, partnerIds }))
    journey.partnerIds.set(partnerId, at.getTime())
  return { world, reopened }
}
