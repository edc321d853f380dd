// The type Profile and how people are looked up and changed. Other modules add their own fields to it.

import { builder } from '../../builder.ts'
import type { Context } from '../../context.ts'
import { IdentityKind } from '../../generated/prisma/client.ts'
import { nodeKey } from '../../ids.ts'
import type { JsonObject } from '../../scalars.ts'
import { shown, shownFields } from './hidden.ts'
import { ProfileKeyInput, ProfileRefInput } from './inputs.ts'
import { findPersonId } from './look-up.ts'
import { fieldsOfPerson, identifiersOfPerson, personOf, personRow } from './members.ts'
import { updateProfile } from './service.ts'
import type { OwnIdentityRow } from './sql.ts'

/** What tells of a person needs the scope; the fields are nullable, so that a refused one hides no other. */
export const personal = { authScopes: { can: 'PROFILES_READ' }, nullable: true } as const

export const IdentityKindEnum = builder.enumType(IdentityKind, {
  name: 'IdentityKind',
  description: 'What a person can be recognised by.',
})

const Identity = builder.objectRef<Omit<OwnIdentityRow, 'profileId'>>('Identity').implement({
  description: 'One identifier of a person, in its normalised form.',
  fields: (t) => ({
    kind: t.expose('kind', { type: IdentityKindEnum }),
    value: t.string({
      nullable: true,
      description: 'Null to keys without PII_READ, but for the SOURCE_ID, which is the brand’s own.',
      resolve: ({ kind, value }, _args, context, info) => (kind === 'SOURCE_ID' ? value : shown(context, info, value)),
    }),
    verifiedAt: t.expose('verifiedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When a caller first said that it was verified to be the person’s; null: a claim.',
    }),
    shared: t.exposeBoolean('shared', {
      description: 'Somebody else’s too: the person was seen with it, and it names nobody.',
    }),
  }),
})

/** Of two merged people who have one each, the survivor's. */
async function sourceIdOf(context: Context, id: string): Promise<string | null> {
  const { rootId } = await personOf(context, id)
  const own = (await identifiersOfPerson(context, id)).filter(({ kind }) => kind === 'SOURCE_ID')
  return (own.find(({ profileId }) => profileId === rootId) ?? own[0])?.value ?? null
}

export const ProfileType = builder.prismaNode('Profile', {
  id: { resolve: ({ id }) => id },
  select: { accountId: true, id: true },
  findUnique: (id, { accountId }) => nodeKey(id, accountId),
  nullable: true,
  fields: (t) => ({
    sourceId: t.string({
      ...personal,
      description: "The person's id in the brand's own system.",
      resolve: ({ id }, _args, context) => sourceIdOf(context, id),
    }),
    identities: t.field({
      ...personal,
      type: [Identity],
      description: 'All identifiers, those of merged profiles included; oldest first, at most 200 of each profile.',
      resolve: ({ id }, _args, context) => identifiersOfPerson(context, id),
    }),
    fields: t.field({
      ...personal,
      type: 'JSONObject',
      description:
        "The brand's own fields; those of the survivor cover those of profiles merged into it, unless the merge says otherwise or a later write named the merged profile. To keys without PII_READ values that tell who the person is are null.",
      resolve: async ({ id }, _args, context, info) =>
        shownFields(context, info, (await fieldsOfPerson(context, id)) as JsonObject), // JSON objects only.
    }),
    createdAt: t.expose('createdAt', { ...personal, type: 'DateTime', description: 'The first encounter.' }),
  }),
})

builder.queryFields((t) => ({
  profile: t.field({
    type: ProfileType,
    nullable: true,
    authScopes: { can: 'PROFILES_READ' },
    description: 'The person that the key names; null for unknown and for foreign ones alike.',
    args: { by: t.arg({ type: ProfileKeyInput, required: true }) },
    resolve: async (_root, { by }, context) => {
      const id = await findPersonId(context, by, 'by')
      return id === null ? null : { accountId: context.accountId, id }
    },
  }),
}))

builder.relayMutationField(
  'updateProfile',
  {
    inputFields: (t) => ({
      profile: t.field({
        type: ProfileRefInput,
        required: true,
        description: 'Found, or created where nobody is known by it.',
      }),
      set: t.field({
        type: 'JSONObject',
        description: 'Fields to set, by name; a nested object replaces the old one.',
      }),
      unset: t.stringList({ description: 'Names of fields to remove.' }),
    }),
  },
  {
    nullable: true,
    authScopes: { can: 'EVENTS_WRITE' },
    description: "Sets and removes the brand's own fields of a person.",
    resolve: async (_root, { input }, context) => ({ profileId: await updateProfile(context, input) }),
  },
  {
    outputFields: (t) => ({
      profile: t.field({
        type: ProfileType,
        resolve: ({ profileId }, _args, context) => personRow(context, profileId),
      }),
    }),
  },
)
