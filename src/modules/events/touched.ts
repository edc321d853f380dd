// Whom a batch touched, and how, as far as audiences may depend on it.

import type { DynamicAudience, Touch } from '../../core/audiences/dynamic.ts'
import { consentsIn, tellsConsent } from '../../core/consent.ts'
import { groupBy } from '../../core/group.ts'
import { orderTellers } from '../../core/orders/telling.ts'
import type { Quality } from '../../core/targeting/decision.ts'
import type { Instant, JsonObject, World } from '../../core/targeting/facts.ts'
import type { Cause, Touched } from '../memberships/refresh.ts'
import type { People } from '../profiles/resolve.ts'
import type { MemberNow } from '../profiles/sql.ts'
import type { DecidedBatch, KnownEvent, Result } from './decide-batch.ts'

export interface BatchTouch {
  readonly people: People
  readonly events: readonly KnownEvent[]
  /** The events' translated names, in their order. */
  readonly rows: readonly { readonly id: string; readonly name: string; readonly data: object }[]
  readonly decided: DecidedBatch
  readonly world: World
  readonly locked: readonly MemberNow[]
}

/** What an event did to a person. */
interface Trace {
  readonly eventId: string
  readonly name: string
  readonly fields: readonly string[]
  readonly identities: readonly string[]
  readonly quality: Quality | null
  readonly at: Instant
  readonly sides: readonly ('FRIEND' | 'ADVOCATE')[]
  readonly absorbed: boolean
  readonly consents?: boolean
}

/** The events' people, and the advocates whom relationships of theirs were shown to belong to. */
export function touchedBy(batch: BatchTouch): Touched[] {
  const { people } = batch
  const traces = new Map<string, Trace[]>()
  const add = (personId: string, trace: Trace) => {
    const known = traces.get(personId)
    if (known) known.push(trace)
    else traces.set(personId, [trace])
  }
  for (const [index, { step }] of batch.events.entries()) {
    const [row, result] = [batch.rows[index], batch.decided.results[index]]
    if (!row || !result) continue
    const personId = people.rootOf(step.personId)
    const advocateId = advocateShown(batch.world, personId, result)
    const { set = {}, unset = [] } = step.fields ?? {}
    const about = { eventId: row.id, name: row.name, at: result.decision.t }
    add(personId, {
      ...about,
      fields: [...Object.keys(set), ...unset],
      identities: step.attached.map(({ kind }) => kind),
      quality: result.decision.quality,
      sides: advocateId === null ? [] : ['FRIEND'],
      absorbed: step.absorbed.length > 0,
      consents: tellsConsent(row.name) && consentsIn(row.name, row.data as JsonObject).told.length > 0, // What was accepted as JSON.
    })
    const asAdvocate = { fields: [], identities: [], quality: null, sides: ['ADVOCATE' as const], absorbed: false }
    if (advocateId !== null) add(people.rootOf(advocateId), { ...about, name: '', ...asAdvocate })
    // Whose identifier became this person's.
    for (const { personId: loserId, identifier } of step.lost ?? [])
      add(people.rootOf(loserId), { ...about, name: '', ...asAdvocate, sides: [], identities: [identifier.kind] })
  }
  const created = new Set(people.created)
  const members = groupBy(batch.locked, ({ rootId }) => people.rootOf(rootId))
  return [...traces].map(([personId, own]) => {
    const locked = members.get(personId)?.map(({ profileId }) => profileId) ?? []
    return {
      personId,
      members: [...new Set([personId, ...locked, ...people.membersOf(personId)])],
      touch: own.some(({ absorbed }) => absorbed) ? 'ALL' : touchOf(own, created.has(personId)),
      causeOf: (audience) => causeIn(own, audience),
      decided: own.flatMap(({ quality, at }) => (quality === null ? [] : [{ quality, at }])),
    }
  })
}

/** The advocate of the relationship that the event began or gave evidence of. */
function advocateShown(world: World, friendId: string, { effects }: Result): string | null {
  const { relationshipCreated: created, evidenceAdded: evidence } = effects
  if (created) return created.advocateId
  const [first] = evidence
  if (!first) return null
  const edges = world.people.get(friendId)?.relationships ?? []
  return edges.find(({ id }) => id === first.relationshipId)?.advocateId ?? null
}

const touchOf = (own: readonly Trace[], isNew: boolean): Touch => ({
  events: own.map(({ name }) => name),
  fields: own.flatMap(({ fields }) => fields),
  identities: own.flatMap(({ identities }) => identities),
  qualities: own.flatMap(({ quality }) => quality ?? []),
  sides: own.flatMap(({ sides }) => sides),
  consents: own.some(({ consents }) => consents),
  isNew,
})

/** The latest of the person's events that the audience asks about, else the latest that did anything else to them. */
function causeIn(own: readonly Trace[], audience: DynamicAudience): Cause {
  const { asks, fields, asksIdentities, asksAdvocates, asksConsents } = audience
  const isAsked = ({ name, quality, consents }: Trace) =>
    (asksConsents && consents) ||
    asks.eventCaps.has(name) ||
    (asks.orders && orderTellers.includes(name)) ||
    (quality !== null && asks.qualityCaps.has(quality))
  const event = own.findLast(isAsked)
  if (event) return { cause: 'EVENT', eventId: event.eventId }
  const eventId = own.at(-1)?.eventId ?? null
  if (own.some(({ absorbed }) => absorbed)) return { cause: 'MERGE', eventId }
  if (
    own.some(
      (trace) => trace.fields.some((name) => fields.has(name)) || (asksIdentities && trace.identities.length > 0),
    )
  )
    return { cause: 'FIELDS', eventId }
  if (asks.friends || asksAdvocates) return { cause: 'RELATIONSHIP', eventId }
  return { cause: asks.audienceIds.size > 0 ? 'AUDIENCE' : 'EVENT', eventId }
}
