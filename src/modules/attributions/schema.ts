// The type Attribution, its list and its subscription.

import { z } from 'zod'
import { builder } from '../../builder.ts'
import { nestedConnection, rootConnection } from '../../connections.ts'
import type { Warning } from '../../core/targeting/decision.ts'
import { idInput, nodeKey } from '../../ids.ts'
import { placeOf } from '../../place.ts'
import { ProfileKeyInput } from '../profiles/inputs.ts'
import { membersOf, personRow } from '../profiles/members.ts'
import { ProfileType, personal } from '../profiles/schema.ts'
import { ProgramType } from '../programs/schema.ts'
import { feedKeyset, feedPlace } from './cursor.ts'
import { AttributionStatusEnum, DecidedByEnum, QualityEnum, ReasonEnum } from './enums.ts'
import { attributionWhere, checkFilter } from './filter.ts'
import { attributionKey, parseAttributionId } from './id.ts'
import { decisionInForce } from './in-force.ts'
import { decisionRow } from './rows.ts'
import { traceColumns, traceOf } from './stored-trace.ts'
import { type AttributionUpdate, subscribeToAttributions } from './subscription.ts'
import { summaryFor } from './summary.ts'
import { TargetingTrace, TargetingWarning } from './trace.ts'

export const AttributionType = builder.prismaNode('Attribution', {
  id: { resolve: ({ eventId, revision }) => `${eventId}.${revision}` },
  select: { accountId: true, eventId: true, revision: true },
  findUnique: (id, { accountId }) => attributionKey(accountId, parseAttributionId(id)),
  nullable: true,
  authScopes: { canAny: ['ATTRIBUTIONS_READ', 'EVENTS_WRITE'] },
  fields: (t) => ({
    status: t.expose('status', { type: AttributionStatusEnum }),
    event: t.relation('event'),
    profile: t.field({
      type: ProfileType,
      select: { profileId: true },
      resolve: ({ profileId }, _args, context) => personRow(context, profileId),
    }),
    campaign: t.relation('campaign', { nullable: true }),
    campaignRevision: t.exposeInt('campaignRevision', {
      nullable: true,
      description: 'The published revision that decided.',
    }),
    journey: t.relation('journey', { nullable: true }),
    relationship: t.relation('relationship', { nullable: true, description: 'Of a FRIEND flow.' }),
    advocate: t.field({
      type: ProfileType,
      nullable: true,
      description: 'Who gets the credit beside the campaign.',
      select: { relationship: { select: { advocateId: true } } },
      resolve: ({ relationship }, _args, context) =>
        relationship ? personRow(context, relationship.advocateId) : null,
    }),
    quality: t.expose('quality', { type: QualityEnum }),
    decidedBy: t.expose('decidedBy', { type: DecidedByEnum, nullable: true }),
    reason: t.expose('reason', { type: ReasonEnum, nullable: true, description: 'Why nobody got the credit.' }),
    reasonDetail: t.expose('reasonDetail', {
      type: ReasonEnum,
      nullable: true,
      description: 'With REQUIRED_TARGET_UNMATCHED: how the campaigns that match every target failed.',
    }),
    warnings: t.field({
      type: [TargetingWarning],
      select: { warnings: true },
      resolve: ({ warnings }) => warningsIn(warnings),
    }),
    summary: t.string({
      description:
        'The decision in one to five plain sentences, fit to be read aloud: who got the credit and what settled it, or why nobody did and what would have helped. Days are UTC. People are named to keys with PROFILES_READ and PII_READ only, by `firstName`, `first_name` or `name`.',
      select: {
        ...traceColumns,
        reason: true,
        reasonDetail: true,
        decidedBy: true,
        quality: true,
        warnings: true,
        campaignId: true,
        occurredAt: true,
        journey: { select: { definition: true } },
        relationship: { select: { advocateId: true } },
      },
      resolve: async (row, _args, context) =>
        summaryFor(context, {
          ...row,
          warnings: warningsIn(row.warnings),
          trace: await traceOf(context, row),
          advocateId: row.relationship?.advocateId ?? null,
          event: { name: row.event.name, at: row.occurredAt.getTime() },
          journeyName: row.journey?.definition ?? null,
        }),
    }),
    trace: t.field({
      type: TargetingTrace,
      description: 'Hints, candidates with the phase where each fell, ranking vectors, near miss.',
      select: traceColumns,
      resolve: (row, _args, context) => traceOf(context, row),
    }),
    decidedAt: t.expose('decidedAt', { type: 'DateTime' }),
  }),
})

// Stored as the resolver gave them.
const warningsIn = (json: unknown) => json as Warning[]

builder.prismaObjectFields(AttributionType, (t) => ({
  note: t.exposeString('note', {
    nullable: true,
    description: 'Why the event was decided anew; null where it was not.',
  }),
  reattributedBy: t.string({
    nullable: true,
    description: 'The name of the API key by which the event was decided anew.',
    select: { apiKeyId: true },
    resolve: async ({ apiKeyId }, _args, { db, accountId }) => {
      if (apiKeyId === null) return null
      const key = await db.apiKey.findUnique({ where: nodeKey(apiKeyId, accountId), select: { name: true } })
      return key?.name ?? null
    },
  }),
  program: t.field({
    type: ProgramType,
    nullable: true,
    select: (_args, _context, nestedSelection) => ({ campaign: { select: { program: nestedSelection() } } }),
    resolve: ({ campaign }) => campaign?.program ?? null,
  }),
  supersedes: t.field({
    type: AttributionType,
    nullable: true,
    description: 'The decision that this one replaced.',
    resolve: ({ accountId, eventId, revision }) =>
      revision > 1 ? { accountId, eventId, revision: revision - 1 } : null,
  }),
  supersededBy: t.field({
    type: AttributionType,
    nullable: true,
    description: 'The decision that replaced this one.',
    resolve: ({ eventId, revision }, _args, { db, accountId }) =>
      db.attribution.findUnique({
        where: attributionKey(accountId, { eventId, revision: revision + 1 }),
        select: { accountId: true, eventId: true, revision: true },
      }),
  }),
}))

const AttributionEdge = builder.edgeObject({ type: AttributionType, name: 'AttributionEdge' })
const AttributionConnection = builder.connectionObject(
  { type: AttributionType, name: 'AttributionConnection' },
  AttributionEdge,
)

builder.prismaObjectField(ProfileType, 'attributions', (t) =>
  t.connection(
    {
      ...personal,
      type: AttributionType,
      description: "The decisions about this person's events, in the order of the feed.",
      resolve: async ({ id }, args, context, info) =>
        nestedConnection(
          feedKeyset<FeedNode>({ accountId: context.accountId, epoch: context.services.live.epoch }),
          { args, context, info },
          { parent: 'profile', relation: 'attributions', members: await membersOf(context, id) },
        ),
    },
    AttributionConnection,
    AttributionEdge,
  ),
)

interface FeedNode {
  accountId: string
  eventId: string
  revision: number
  position: bigint
}

const maxListed = 100
const listed = z.array(z.unknown()).max(maxListed, `over ${maxListed} values`)

const AttributionFilter = builder.inputType('AttributionFilter', {
  description: `All of them must hold. Lists take at most ${maxListed} values.`,
  fields: (t) => ({
    programIds: t.idList({ validate: listed }),
    campaignIds: t.idList({ validate: listed }),
    profile: t.field({ type: ProfileKeyInput }),
    advocate: t.field({ type: ProfileKeyInput }),
    eventNames: t.stringList({ validate: listed }),
    status: t.field({ type: AttributionStatusEnum }),
    quality: t.field({ type: QualityEnum }),
  }),
})

builder.queryFields((t) => ({
  attribution: t.field({
    type: AttributionType,
    nullable: true,
    authScopes: { can: 'ATTRIBUTIONS_READ' },
    description: 'The decision in force about an event.',
    args: { eventId: t.arg.id({ required: true }) },
    resolve: (_root, { eventId }, context) => decisionInForce(context, idInput('Event', eventId, 'eventId')),
  }),
  attributions: t.connection(
    {
      type: AttributionType,
      nullable: true,
      authScopes: { can: 'ATTRIBUTIONS_READ' },
      description:
        "Oldest first, the order and the cursors of the subscription; `last: 50` is the newest 50, and its endCursor is what the subscription's `after` takes.",
      args: { filter: t.arg({ type: AttributionFilter }) },
      resolve: async (_root, { filter, ...args }, context, info) => {
        const { db } = context
        const asked = await attributionWhere(context, await checkFilter(context, filter ?? {}))
        const keyset = feedKeyset<FeedNode>(await feedPlace(context, args))
        return rootConnection(keyset, { args, context, info }, async ({ where, ...query }) =>
          asked === null ? [] : db.attribution.findMany({ ...query, where: { ...where, AND: [asked] } }),
        )
      },
    },
    AttributionConnection,
    AttributionEdge,
  ),
}))

export const Lagged = builder.objectRef<NonNullable<AttributionUpdate['lagged']>>('Lagged').implement({
  description: 'The subscriber was too slow; what it missed can be read from `resumeFrom`.',
  fields: (t) => ({
    missed: t.exposeInt('missed', { description: 'How many messages.' }),
    resumeFrom: t.exposeString('resumeFrom', { description: 'A cursor for `after`.' }),
  }),
})

const AttributionUpdateType = builder.objectRef<AttributionUpdate>('AttributionUpdate').implement({
  description:
    'Neither `attribution` nor `lagged`: a checkpoint, sent once when the replay has caught up and then at most every 15 s if others’ attributions passed by, so that a quiet subscriber’s cursor does not grow old.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: 'Where to go on from after this message.' }),
    attribution: t.prismaField({
      type: AttributionType,
      nullable: true,
      resolve: (query, { told }, _args, context, info) =>
        told && decisionRow(context, { place: placeOf(info), query }, told),
    }),
    lagged: t.expose('lagged', { type: Lagged, nullable: true }),
  }),
})

builder.subscriptionField('attributions', (t) =>
  t.field({
    type: AttributionUpdateType,
    authScopes: { can: 'ATTRIBUTIONS_READ' },
    description:
      'Attributions as they are decided; with `after`, first all since that cursor. Nothing is left out or sent twice.',
    args: { filter: t.arg({ type: AttributionFilter }), after: t.arg.string() },
    subscribe: (_root, args, context) => subscribeToAttributions(context, args),
    resolve: (update) => update,
  }),
)
