// The type Profile and how people are looked up and changed. Other modules add their own fields to it.

import { builder } from '../../builder.ts'
import type { Context } from '../../context.ts'
import { IdentityKind } from '../../generated/prisma/client.ts'
import { nodeKey } from '../../ids.ts'
import type { JsonObject } from '../../scalars.ts'
import { whole } from '../../whole.ts'
import { FieldWarning } from '../fields/warning-schema.ts'
import { shown, shownFields } from './hidden.ts'
import { fieldsThen, identifiersThen, type PersonThen } from './history.ts'
import { ProfileKeyInput, ProfileRefInput } from './inputs.ts'
import { findPersonId } from './look-up.ts'
import { fieldsOfPerson, firstEncounterOf, identifiersOfPerson, personOf, personRow } from './members.ts'
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
      resolve: async (person: PersonThen, _args, context) =>
        person.asOf
          ? ((await identifiersThen(context, person)).find(({ kind }) => kind === 'SOURCE_ID')?.value ?? null)
          : sourceIdOf(context, person.id),
    }),
    identities: t.field({
      ...personal,
      type: [Identity],
      description: 'All identifiers, those of merged profiles included; oldest first, at most 200 of each profile.',
      resolve: (person: PersonThen, _args, context) => identifiersThen(context, person),
    }),
    fields: t.field({
      ...personal,
      type: 'JSONObject',
      description:
        "The brand's own fields, each with the value stated last, whichever of the person's merged profiles it was stated of, unless a merge says otherwise. A value that ended is missing. To keys without PII_READ values that tell who the person is are null.",
      resolve: async ({ id, asOf }: PersonThen, _args, context, info) => {
        const fields = await (asOf ? fieldsThen(context, id, asOf) : fieldsOfPerson(context, id))
        return shownFields(context, info, { values: fields as JsonObject }) // JSON objects only.
      },
    }),
    createdAt: t.field({
      ...personal,
      type: 'DateTime',
      description: 'The first encounter.',
      resolve: ({ id }, _args, context) => firstEncounterOf(context, id),
    }),
  }),
})

builder.queryFields((t) => ({
  profile: t.field({
    type: ProfileType,
    nullable: true,
    authScopes: { can: 'PROFILES_READ' },
    description: 'The person that the key names; null for unknown and for foreign ones alike.',
    args: {
      by: t.arg({ type: ProfileKeyInput, required: true }),
      asOf: t.arg({
        type: 'DateTime',
        description:
          'The person as of then: `fields` as they held, by their history, and of `identities` and `sourceId` those that had come. All else is as of now, and so is which profiles are the person. Values from before histories were kept count as there ever since.',
      }),
    },
    resolve: async (_root, { by, asOf }, context) => {
      const id = await findPersonId(context, by, 'by')
      return id === null ? null : whole({ accountId: context.accountId, id, ...(asOf ? { asOf } : {}) })
    },
  }),
}))

const ValueUntilInput = builder.inputType('ValueUntilInput', {
  fields: (t) => ({
    name: t.string({ required: true }),
    value: t.field({ type: 'JSON', required: true }),
    until: t.field({
      type: 'DateTime',
      required: true,
      description: 'After now; at that instant the field is missing.',
    }),
  }),
})

export const { payloadType: UpdateProfilePayload } = builder.relayMutationField(
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
      setUntil: t.field({
        type: [ValueUntilInput],
        description: 'Fields to set for a time: from its end on they read as missing.',
      }),
      setOnce: t.field({ type: 'JSONObject', description: 'Fields to set where they are missing.' }),
      increment: t.field({
        type: 'JSONObject',
        description: 'Numbers to add to fields, by name; a missing field counts from 0.',
      }),
      append: t.field({
        type: 'JSONObject',
        description: 'What to append to lists, by name: a value, or each of a list. A missing field is an empty list.',
      }),
      remove: t.field({
        type: 'JSONObject',
        description: 'What to take out of lists, by name: every element that is the value, or one of the list.',
      }),
    }),
  },
  {
    nullable: true,
    authScopes: { can: 'PROFILES_WRITE' },
    description:
      "Changes the brand's own fields of a person: all that is asked, or nothing. Two operations about one field, by whichever of its names, are refused, but for `set` with `unset`, which removes it; `id` and `sourceId` never change, and identifiers come in `profile`. A name with a dot or a bracket is refused.",
    resolve: (_root, { input }, context) => updateProfile(context, input),
  },
  {
    outputFields: (t) => ({
      profile: t.field({
        type: ProfileType,
        resolve: ({ profileId }, _args, context) => personRow(context, profileId),
      }),
      fieldWarnings: t.field({
        type: [FieldWarning],
        description:
          'What was left out, since the definitions of fields do not allow it, and what stayed as it came, since its normaliser could not read it.',
        resolve: ({ warnings }) => [...warnings],
      }),
    }),
  },
)
