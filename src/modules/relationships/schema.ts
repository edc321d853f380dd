// The type Relationship, and a person's relationships both ways.

import { builder } from '../../builder.ts'
import { type ListStatement, nestedConnection, rowById } from '../../connections.ts'
import type { EvidenceKind } from '../../generated/prisma/client.ts'
import { nodeKey } from '../../ids.ts'
import { byId } from '../../keyset.ts'
import type { JsonObject } from '../../scalars.ts'
import { CodeInterface } from '../codes/types.ts'
import { EventType } from '../events/event-type.ts'
import { FieldWarning } from '../fields/warning-schema.ts'
import { shownFields } from '../profiles/hidden.ts'
import { meetPeople, personRow } from '../profiles/members.ts'
import { personList } from '../profiles/person-list-schema.ts'
import { ProfileType, personal } from '../profiles/schema.ts'
import { campaignColumns, campaignRow } from '../programs/campaign-row.ts'
import { findRelationshipPages, relationshipColumns } from './list-sql.ts'
import { isUsableAt, marksOf, type RelationshipMark } from './marks.ts'
import { updateRelationship } from './service.ts'

const EvidenceKindEnum = builder.enumType('EvidenceKind', {
  description: 'What showed a relationship.',
  values: {
    COUPON_CODE: { description: 'The friend came with a coupon of the advocate.' },
    SHARE_ID: { description: 'The friend came by a share of the advocate.' },
    ADVOCATE_CODE: { description: 'The friend came with the advocate’s code.' },
    EMAIL_MATCH: { description: 'The advocate had sent a share to the friend’s own e-mail address.' },
  } as const satisfies { [kind in EvidenceKind]: object },
})

const RelationshipMarkEnum = builder.enumType('RelationshipMark', {
  description: 'What there is to know of a relationship beside its evidence.',
  values: {
    MUTUAL: {
      description:
        'The friend had referred the advocate in the program before; the quality is LOW unless the program allows it.',
    },
    DISPLACED: {
      description: 'Another advocate referred the friend in the program since. For display: both may be credited.',
    },
    WITHDRAWN: {
      description: 'It has no evidence left, since its only event was credited elsewhere; it cannot be used.',
    },
  } as const satisfies { [mark in RelationshipMark]: object },
})

const EvidenceType = builder.prismaNode('Evidence', {
  id: { resolve: ({ id }) => id },
  select: { accountId: true, id: true },
  findUnique: (id, { accountId }) => nodeKey(id, accountId),
  nullable: true,
  authScopes: { authenticated: true },
  fields: (t) => ({
    kind: t.expose('kind', { type: EvidenceKindEnum }),
    at: t.expose('at', {
      type: 'DateTime',
      description: 'The effective time of the event that showed it; of an EMAIL_MATCH, when the share was made.',
    }),
    code: t.prismaField({
      type: CodeInterface,
      nullable: true,
      description: 'The coupon, share or advocate code that showed it.',
      select: { codeId: true },
      resolve: (query, { codeId: id }, _args, context) =>
        id === null ? null : rowById(context, { model: 'code', query }, id),
    }),
    event: t.prismaField({
      type: EventType,
      nullable: true,
      description: 'The event that showed it; null where it is no longer kept.',
      select: { eventId: true },
      resolve: (query, { eventId: id }, _args, context) =>
        id === null ? null : rowById(context, { model: 'event', query }, id),
    }),
  }),
})

export const RelationshipType = builder.prismaNode('Relationship', {
  id: { resolve: ({ id }) => id },
  select: { accountId: true, id: true },
  findUnique: (id, { accountId }) => nodeKey(id, accountId),
  nullable: true,
  authScopes: { authenticated: true },
  fields: (t) => ({
    advocate: t.field({
      type: ProfileType,
      select: { advocateId: true },
      resolve: ({ advocateId }, _args, context) => personRow(context, advocateId),
    }),
    friend: t.field({
      type: ProfileType,
      select: { friendId: true },
      resolve: ({ friendId }, _args, context) => personRow(context, friendId),
    }),
    program: t.relation('program', { description: 'It may be used in every campaign of the program it arose in.' }),
    campaign: t.relation('campaign', { nullable: true, description: 'The campaign it arose in.' }),
    firstEvidenceAt: t.expose('firstEvidenceAt', { type: 'DateTime' }),
    latestEvidenceAt: t.expose('latestEvidenceAt', {
      type: 'DateTime',
      description: 'The look-back counts from here.',
    }),
    marks: t.field({
      type: [RelationshipMarkEnum],
      description: 'What else there is to know of it, in the order of the enum.',
      select: { advocateId: true, friendId: true, programId: true, withdrawnAt: true },
      resolve: (relationship, _args, context) => marksOf(context, relationship),
    }),
    isUsable: t.boolean({
      description:
        'Whether its advocate may be credited at that time: not before the first evidence, nor once the look-back of the program, from the latest evidence up to then, is over.',
      args: { at: t.arg({ type: 'DateTime', description: 'Default: now.' }) },
      select: {
        firstEvidenceAt: true,
        latestEvidenceAt: true,
        withdrawnAt: true,
        program: { select: { lookbackDays: true } },
      },
      resolve: (relationship, { at }, context) => isUsableAt(context, relationship, at ?? context.now),
    }),
    evidence: t.connection(
      {
        type: EvidenceType,
        resolve: ({ id }, args, context, info) =>
          nestedConnection(
            byId('evidence', context.accountId),
            { args, context, info },
            { parent: 'relationship', relation: 'evidence', members: [id] },
          ),
      },
      { name: 'EvidenceConnection' },
      { name: 'EvidenceEdge' },
    ),
    fields: t.field({
      ...personal,
      type: 'JSONObject',
      select: { fields: true },
      description:
        "The brand's own, as its RELATIONSHIP fields are defined; to keys without PII_READ values that tell who somebody is are null.",
      // The column holds JSON objects only.
      resolve: ({ fields }, _args, context, info) =>
        shownFields(context, info, { owner: 'RELATIONSHIP', values: fields as JsonObject }),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
})

builder.relayMutationField(
  'updateRelationship',
  {
    inputFields: (t) => ({
      relationshipId: t.id({ required: true }),
      fields: t.field({
        type: 'JSONObject',
        required: true,
        description: 'Values of the RELATIONSHIP fields to set, by name; null removes one.',
      }),
    }),
  },
  {
    nullable: true,
    authScopes: { can: 'PROFILES_WRITE' },
    description: 'Changes fields of a relationship. CONFLICT where one of the two people was erased.',
    resolve: (_root, { input }, context) => updateRelationship(context, input),
  },
  {
    outputFields: (t) => ({
      relationship: t.prismaField({
        type: RelationshipType,
        resolve: (query, { relationshipId }, _args, { db, accountId }) =>
          db.relationship.findUniqueOrThrow({ ...query, where: nodeKey(relationshipId, accountId) }),
      }),
      fieldWarnings: t.field({
        type: [FieldWarning],
        description: 'What was left out, since the definitions of fields do not allow it.',
        resolve: ({ warnings }) => [...warnings],
      }),
    }),
  },
)

const RelationshipEdge = builder.edgeObject({ type: RelationshipType, name: 'RelationshipEdge' })
const RelationshipConnection = builder.connectionObject(
  { type: RelationshipType, name: 'RelationshipConnection' },
  RelationshipEdge,
)

const listOf = (side: 'advocateId' | 'friendId'): ListStatement => ({
  columns: relationshipColumns,
  parent: side,
  related: { campaign: { columns: campaignColumns, key: 'campaignId', load: campaignRow } },
  ahead: { advocateId: meetPeople, friendId: meetPeople },
  find: findRelationshipPages(side),
})

builder.prismaObjectFields(ProfileType, (t) => ({
  advocates: t.connection(
    {
      ...personal,
      type: RelationshipType,
      description: 'Relationships in which this person is the friend.',
      resolve: personList('asFriend', { tag: 'advocates', statement: listOf('friendId') }),
    },
    RelationshipConnection,
    RelationshipEdge,
  ),
  friends: t.connection(
    {
      ...personal,
      type: RelationshipType,
      description: 'Relationships in which this person is the advocate.',
      resolve: personList('asAdvocate', { tag: 'friends', statement: listOf('advocateId') }),
    },
    RelationshipConnection,
    RelationshipEdge,
  ),
}))
