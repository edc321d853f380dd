// What dynamic audiences ask about people, as of now: one statement, whatever is asked and of however many.

import type { DynamicAudience } from '../../core/audiences/dynamic.ts'
import { type ConsentChannel, type ConsentState, consentChannels } from '../../core/consent.ts'
import { groupBy } from '../../core/group.ts'
import type { Quality } from '../../core/targeting/decision.ts'
import type { ConsentFacts, Instant, PersonFacts } from '../../core/targeting/facts.ts'
import { factsOf, newPerson } from '../../core/targeting/people.ts'
import type { Sql } from '../../platform/database.ts'
import { foldPerson, marksOfMerge, type PersonRow } from '../member-fields/rows.ts'
import { maxChanges, orderFactSql, readOrderFact } from '../orders/facts-sql.ts'

/** A person under the id that all merges lead to, and all profiles that are the person. */
export interface Somebody {
  readonly personId: string
  readonly members: readonly string[]
}

/** A row of a membership, which is that of one of the person's profiles. */
export interface Seat {
  readonly audienceId: string
  readonly profileId: string
  readonly since: Date
}

export interface Known {
  readonly person: PersonFacts
  readonly seats: readonly Seat[]
  /** Who was erased is in no audience. */
  readonly erased: boolean
  /** Not all of the friends are there, only the latest; a program's are enough to count them, not to ask about them. */
  readonly friendsCut: boolean
}

interface FactRow {
  kind: 'FIELDS' | 'IDENTITY' | 'AUDIENCE' | 'CONSENT' | 'EVENT' | 'ORDER' | 'QUALITY' | 'ADVOCATE' | 'FRIEND'
  personId: string
  name: string
  at: Date | null
  value: unknown
}

// As the hot path's loaders have them.
/** Of each program that is asked about. */
const maxEdges = 1001
const anyProgram = '00000000-0000-0000-0000-000000000000'
const maxIdentifiers = 100

/** By person, what the audiences ask, of others whom they are related to as well. What is told ahead of its time is there too: it counts when its time comes. */
export async function loadFacts(sql: Sql, accountId: string, asked: Asked): Promise<ReadonlyMap<string, Known>> {
  const { audiences, now } = asked
  const known = await loadOwn(sql, accountId, asked)
  const others = audiences.flatMap((audience) => audience.others.map((other) => other.audience))
  if (others.length === 0) return known
  const edges = [...known.values()].flatMap(({ person: { history, relationships } }) => [
    ...history.friends.map((edge) => ({ edge, otherId: edge.friendId })),
    ...relationships.map((edge) => ({ edge, otherId: edge.advocateId })),
  ])
  const ids = [...new Set(edges.flatMap(({ otherId }) => otherId ?? []))]
  if (!asked.findPeople) throw new Error('who asks about others says how they are found')
  const people = await asked.findPeople(ids)
  const facts = await loadOwn(sql, accountId, { ...asked, people, audiences: others, now })
  const rootOf = new Map(people.flatMap(({ personId, members }) => members.map((id) => [id, personId])))
  for (const { edge, otherId } of edges) {
    const other = facts.get(rootOf.get(otherId ?? '') ?? '')
    if (other) edge.other = other.person
  }
  return known
}

export interface Asked {
  readonly people: readonly Somebody[]
  readonly audiences: readonly DynamicAudience[]
  readonly now: Date
  /** The people whom the profiles belong to; needed where an audience asks about others. */
  findPeople?(profileIds: readonly string[]): Promise<readonly Somebody[]>
}

async function loadOwn(
  sql: Sql,
  accountId: string,
  { people, audiences, now }: Omit<Asked, 'findPeople'>,
): Promise<ReadonlyMap<string, Known>> {
  const known = new Map(
    people.map(({ personId }) => [
      personId,
      { person: newPerson(personId), seats: [] as Seat[], erased: false, friendsCut: false },
    ]),
  )
  const rows = await findFacts(sql, accountId, { people, need: needOf(audiences), now })
  const fields = groupBy(
    rows.filter(({ kind }) => kind === 'FIELDS'),
    ({ personId }) => personId,
  )
  for (const [personId, own] of fields) {
    const told = own.map(({ name: id, at, value }) => ({
      id,
      blocked: false,
      fieldsEndAt: at,
      ...(value as ToldFields),
    })) // As the statement builds it.
    const one = known.get(personId)
    if (!one) continue
    Object.assign(one.person, factsOf(foldPerson(told, personId)))
    one.erased = told.some(({ erased }) => erased)
  }
  const seen = new Set<string>()
  for (const row of rows) {
    const one = known.get(row.personId)
    // An edge that several programs' conditions count comes several times.
    const edge = row.kind === 'ADVOCATE' ? `${row.personId} ${row.name}` : null
    if (!one || (edge !== null && seen.has(edge))) continue
    if (edge !== null) seen.add(edge)
    take(one, row)
    one.friendsCut ||= one.person.history.friends.length >= maxEdges
  }
  return known
}

function take({ person, seats }: { person: PersonFacts; seats: Seat[] }, { kind, name, at, value }: FactRow): void {
  const { history } = person
  const t = at?.getTime() ?? 0
  switch (kind) {
    case 'IDENTITY':
      ;((person.identities as Record<string, string[]>)[name] ??= []).push(String(value)) // This person is still being made.
      return
    case 'AUDIENCE':
      ;(person.audienceIds as Set<string>).add(name) // The same.
      seats.push({ audienceId: name, profileId: String(value), since: new Date(t) })
      return
    case 'CONSENT': {
      const consents = (person.consents ?? new Map()) as Map<ConsentChannel, ConsentFacts> // The same.
      const [state, id] = value as [ConsentState, string] // As the statement builds it.
      const known = consents.get(name as ConsentChannel) // The column's own values.
      if (!known || t > known.at || (t === known.at && id > known.id))
        consents.set(name as ConsentChannel, { state, at: t, id })
      Object.assign(person, { consents })
      return
    }
    case 'EVENT': {
      const times = history.events.get(name)
      if (times) times.push(t)
      else history.events.set(name, [t])
      return
    }
    case 'ORDER':
      history.orders.push(readOrderFact(value))
      return
    case 'QUALITY':
      history.qualities.push({ quality: name as Quality, at: t }) // The column's own values.
      return
    case 'ADVOCATE':
    case 'FRIEND':
      takeEdge(person, { kind, id: name, t, edge: value as Edge }) // As the statement builds it.
  }
}

type ToldFields = Pick<PersonRow, 'fields' | 'fieldMeta' | 'marks'> & { erased: boolean }

interface Edge {
  readonly programId: string
  readonly otherId: string
  readonly evidence: Instant[]
}

function takeEdge(
  person: PersonFacts,
  { kind, id, t, edge }: { kind: string; id: string; t: Instant; edge: Edge },
): void {
  const { programId, otherId, evidence } = edge
  const shown = { id, programId, firstEvidenceAt: t, evidence }
  if (kind === 'ADVOCATE') person.history.friends.push({ ...shown, friendId: otherId })
  else
    person.relationships.push({
      ...shown,
      ...{ advocateId: otherId, friendId: person.id, campaignId: null, matchedCodeIds: new Set() },
    })
}

interface Need {
  readonly audienceIds: ReadonlySet<string>
  readonly eventCaps: ReadonlyMap<string, number>
  readonly qualityCaps: ReadonlyMap<Quality, number>
  readonly orders: boolean
  readonly items: boolean
  readonly identities: boolean
  readonly consents: boolean
  /** Programs; `anyProgram` for any. */
  readonly friendPrograms: ReadonlySet<string>
  readonly advocates: boolean
}

function needOf(audiences: Iterable<DynamicAudience>): Need {
  const audienceIds = new Set<string>()
  const [eventCaps, qualityCaps] = [new Map<string, number>(), new Map<Quality, number>()]
  const friendPrograms = new Set<string>()
  let [orders, items, identities, consents, advocates] = [false, false, false, false, false]
  const raise = <Key>(caps: Map<Key, number>, more: ReadonlyMap<Key, number>) => {
    for (const [key, cap] of more) caps.set(key, Math.max(cap, caps.get(key) ?? 0))
  }
  for (const { id, asks, asksIdentities, asksAdvocates, asksConsents, friendPrograms: own } of audiences) {
    for (const one of [id, ...asks.audienceIds]) audienceIds.add(one)
    raise(eventCaps, asks.eventCaps)
    raise(qualityCaps, asks.qualityCaps)
    orders ||= asks.orders
    items ||= asks.items
    identities ||= asksIdentities
    consents ||= asksConsents
    for (const programId of own) friendPrograms.add(programId ?? anyProgram)
    advocates ||= asksAdvocates
  }
  return { audienceIds, eventCaps, qualityCaps, orders, items, identities, consents, friendPrograms, advocates }
}

// Each kind is one branch, which finds nothing where it is not asked for. Of what is counted the latest up to now are read, and
// all that is yet to come, which is little: an event is at most minutes ahead of its receipt.
function findFacts(
  sql: Sql,
  accountId: string,
  { people, need, now }: { people: readonly Somebody[]; need: Need; now: Date },
): Promise<FactRow[]> {
  const pairs = people.flatMap(({ personId, members }) => members.map((profileId) => ({ personId, profileId })))
  return sql.$queryRaw<FactRow[]>`
    WITH asked AS MATERIALIZED (
      SELECT * FROM unnest(${pairs.map(({ profileId }) => profileId)}::uuid[], ${pairs.map(({ personId }) => personId)}::uuid[]) AS one (profile_id, person_id)
    )
    SELECT 'FIELDS' AS kind, asked.person_id AS "personId", profile.id::text AS name, profile.fields_end_at AS at,
      jsonb_build_object('fields', profile.fields, 'fieldMeta', profile.field_meta, 'erased', profile.erased_at IS NOT NULL, 'marks', (
        WITH RECURSIVE way AS (
          SELECT asked.profile_id AS reached, '{}'::jsonb AS marks, 0 AS far
          UNION ALL
          SELECT merge.survivor_id, way.marks || ${marksOfMerge}, way.far + 1 FROM way
          CROSS JOIN LATERAL (SELECT * FROM merge WHERE merge.account_id = ${accountId}::uuid AND merge.loser_id = way.reached OFFSET 0) AS merge
        ) SELECT way.marks FROM way ORDER BY way.far DESC LIMIT 1
      )) AS value
    FROM asked CROSS JOIN LATERAL (
      SELECT id, fields, field_meta, fields_end_at, erased_at FROM profile WHERE profile.account_id = ${accountId}::uuid AND profile.id = asked.profile_id OFFSET 0) AS profile
    UNION ALL
    SELECT 'IDENTITY', asked.person_id, identity.kind::text, identity.created_at, to_jsonb(identity.value)
    FROM asked CROSS JOIN LATERAL (
      SELECT kind, created_at, value FROM identity
      WHERE ${need.identities}::boolean AND identity.account_id = ${accountId}::uuid AND identity.profile_id = asked.profile_id
      ORDER BY created_at, kind, value LIMIT ${maxIdentifiers}::int) AS identity
    UNION ALL
    SELECT 'AUDIENCE', asked.person_id, member.audience_id::text, member.since, to_jsonb(asked.profile_id)
    FROM asked CROSS JOIN LATERAL (
      SELECT audience_id, since FROM audience_member WHERE audience_member.account_id = ${accountId}::uuid
        AND audience_member.profile_id = asked.profile_id AND audience_id = ANY (${[...need.audienceIds]}::uuid[]) OFFSET 0) AS member
    UNION ALL
    SELECT 'CONSENT', asked.person_id, told.channel::text, told.at, jsonb_build_array(told.state, told.id)
    FROM asked CROSS JOIN unnest(${need.consents ? consentChannels : []}::text[]::consent_channel[]) AS wanted (channel)
    CROSS JOIN LATERAL (
      SELECT id, channel, state, at FROM consent WHERE consent.account_id = ${accountId}::uuid AND consent.profile_id = asked.profile_id
        AND consent.channel = wanted.channel ORDER BY at DESC, id DESC LIMIT 1
    ) AS told
    UNION ALL
    SELECT 'EVENT', asked.person_id, wanted.name, event.at, NULL
    FROM asked CROSS JOIN unnest(${[...need.eventCaps.keys()]}::text[], ${[...need.eventCaps.values()]}::int[]) AS wanted (name, cap)
    CROSS JOIN LATERAL (
      (SELECT occurred_at AS at FROM event WHERE event.account_id = ${accountId}::uuid AND event.profile_id = asked.profile_id
        AND event.name = wanted.name AND occurred_at <= ${now}::timestamptz ORDER BY occurred_at DESC LIMIT wanted.cap)
      UNION ALL
      (SELECT occurred_at FROM event WHERE event.account_id = ${accountId}::uuid AND event.profile_id = asked.profile_id
        AND event.name = wanted.name AND occurred_at > ${now}::timestamptz)
    ) AS event
    UNION ALL
    SELECT 'ORDER', asked.person_id, change.id::text, change.at, ${orderFactSql(accountId, need.items)}
    FROM asked CROSS JOIN LATERAL (
      SELECT * FROM order_change WHERE ${need.orders}::boolean AND order_change.account_id = ${accountId}::uuid AND order_change.profile_id = asked.profile_id
      ORDER BY order_change.at DESC, order_change.id DESC LIMIT ${maxChanges}::int) AS change
    UNION ALL
    SELECT 'QUALITY', asked.person_id, wanted.quality::text, decision.at, NULL
    FROM asked CROSS JOIN unnest(${[...need.qualityCaps.keys()]}::text[]::quality[], ${[...need.qualityCaps.values()]}::int[]) AS wanted (quality, cap)
    CROSS JOIN LATERAL (
      SELECT occurred_at AS at FROM attribution AS decision
      WHERE decision.account_id = ${accountId}::uuid AND decision.profile_id = asked.profile_id AND decision.quality = wanted.quality
        AND NOT EXISTS (SELECT FROM attribution AS later WHERE later.account_id = ${accountId}::uuid
          AND later.event_id = decision.event_id AND later.revision > decision.revision)
      ORDER BY decision.occurred_at DESC LIMIT wanted.cap + (
        SELECT count(*) FROM attribution AS ahead WHERE ahead.account_id = ${accountId}::uuid
          AND ahead.profile_id = asked.profile_id AND ahead.occurred_at > ${now}::timestamptz)
    ) AS decision
    UNION ALL
    SELECT CASE WHEN edge.advocate_id = asked.profile_id THEN 'ADVOCATE' ELSE 'FRIEND' END, asked.person_id, edge.id::text, edge.first_evidence_at,
      jsonb_build_object('programId', edge.program_id, 'otherId', edge.other_id, 'evidence', (
        SELECT coalesce(jsonb_agg((extract(epoch FROM shown.at) * 1000)::bigint), '[]') FROM (
          (SELECT at FROM evidence WHERE evidence.account_id = ${accountId}::uuid AND evidence.relationship_id = edge.id
            AND at <= ${now}::timestamptz ORDER BY at DESC LIMIT 1)
          UNION ALL
          (SELECT at FROM evidence WHERE evidence.account_id = ${accountId}::uuid AND evidence.relationship_id = edge.id AND at > ${now}::timestamptz)
          UNION ALL SELECT edge.latest_evidence_at
        ) AS shown))
    FROM asked CROSS JOIN LATERAL (
      (SELECT own.* FROM unnest(${[...need.friendPrograms]}::uuid[]) AS wanted (program_id) CROSS JOIN LATERAL (
        SELECT id, program_id, first_evidence_at, latest_evidence_at, advocate_id, friend_id AS other_id FROM relationship
        WHERE relationship.account_id = ${accountId}::uuid AND relationship.advocate_id = asked.profile_id
          AND (wanted.program_id = ${anyProgram}::uuid OR relationship.program_id = wanted.program_id)
          AND withdrawn_at IS NULL ORDER BY latest_evidence_at DESC LIMIT ${maxEdges}::int) AS own)
      UNION ALL
      (SELECT id, program_id, first_evidence_at, latest_evidence_at, NULL, advocate_id FROM relationship
        WHERE ${need.advocates}::boolean AND relationship.account_id = ${accountId}::uuid AND relationship.friend_id = asked.profile_id
          AND withdrawn_at IS NULL)
    ) AS edge`
}
