// The type Relationship, and a person's relationships both ways.

import { builder } from '../../builder.ts'
import { nestedConnection } from '../../connections.ts'
import { EvidenceKind } from '../../generated/prisma/client.ts'
import { nodeKey } from '../../ids.ts'
import { byId } from '../../keyset.ts'
import { personRow } from '../profiles/members.ts'
import { personList } from '../profiles/person-list-schema.ts'
import { ProfileType, personal } from '../profiles/schema.ts'

const EvidenceKindEnum = builder.enumType(EvidenceKind, {
  name: 'EvidenceKind',
  description: 'What showed a relationship.',
})

const EvidenceType = builder.prismaNode('Evidence', {
  id: { resolve: ({ id }) => id },
  select: { accountId: true, id: true },
  findUnique: (id, { accountId }) => nodeKey(id, accountId),
  nullable: true,
  authScopes: { authenticated: true },
  fields: (t) => ({
    kind: t.expose('kind', { type: EvidenceKindEnum }),
    at: t.expose('at', { type: 'DateTime', description: 'The effective time of the event that showed it.' }),
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
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
})

const RelationshipEdge = builder.edgeObject({ type: RelationshipType, name: 'RelationshipEdge' })
const RelationshipConnection = builder.connectionObject(
  { type: RelationshipType, name: 'RelationshipConnection' },
  RelationshipEdge,
)

builder.prismaObjectFields(ProfileType, (t) => ({
  advocates: t.connection(
    {
      ...personal,
      type: RelationshipType,
      description: 'Relationships in which this person is the friend.',
      resolve: personList('asFriend', 'advocates'),
    },
    RelationshipConnection,
    RelationshipEdge,
  ),
  friends: t.connection(
    {
      ...personal,
      type: RelationshipType,
      description: 'Relationships in which this person is the advocate.',
      resolve: personList('asAdvocate', 'friends'),
    },
    RelationshipConnection,
    RelationshipEdge,
  ),
}))
