// Addresses and interests as callers see and set them.

import { builder } from '../../builder.ts'
import type { Address, AddressKind, Interest } from '../../generated/prisma/client.ts'
import { shown } from '../profiles/hidden.ts'
import { ProfileRefInput } from '../profiles/inputs.ts'
import { personRow } from '../profiles/members.ts'
import { ProfileType, personal } from '../profiles/schema.ts'
import { addressesOfPerson, interestsOfPerson, setAddresses, setInterests } from './belongings.ts'

const AddressKindEnum = builder.enumType('AddressKind', {
  description: 'What an address is for.',
  values: { HOME: {}, WORK: {}, BILLING: {}, SHIPPING: {}, OTHER: {} } as const satisfies {
    [kind in AddressKind]: object
  },
})

const AddressType = builder.objectRef<Address>('Address').implement({
  description: 'An address of a person, as it was given.',
  fields: (t) => ({
    kind: t.expose('kind', { type: AddressKindEnum }),
    name: t.exposeString('name', { nullable: true, description: 'Who is addressed there.' }),
    lines: t.exposeStringList('lines', { description: 'Street, house and the like, in the order of an envelope.' }),
    postalCode: t.exposeString('postalCode', { nullable: true }),
    city: t.exposeString('city', { nullable: true }),
    region: t.exposeString('region', { nullable: true }),
    country: t.exposeString('country', { nullable: true, description: 'As it was given.' }),
  }),
})

const InterestType = builder.objectRef<Interest>('Interest').implement({
  description: 'Something that a person cares for, in the brand’s own words.',
  fields: (t) => ({ name: t.exposeString('name'), since: t.expose('since', { type: 'DateTime' }) }),
})

const AddressInput = builder.inputType('AddressInput', {
  description: 'Texts have at most 200 characters.',
  fields: (t) => ({
    kind: t.field({ type: AddressKindEnum, required: true }),
    name: t.string(),
    lines: t.stringList({ required: true, description: 'At most 10, none of them blank.' }),
    postalCode: t.string(),
    city: t.string(),
    region: t.string(),
    country: t.string(),
  }),
})

builder.prismaObjectFields(ProfileType, (t) => ({
  addresses: t.field({
    ...personal,
    type: [AddressType],
    description: 'In the order in which they were set; null to keys without PII_READ.',
    resolve: async ({ id }, _args, context, info) => shown(context, info, await addressesOfPerson(context, id)),
  }),
  interests: t.field({
    ...personal,
    type: [InterestType],
    description: 'What the person cares for, by name.',
    resolve: ({ id }, _args, context) => interestsOfPerson(context, id),
  }),
}))

const person = { type: ProfileRefInput, required: true } as const

builder.relayMutationField(
  'setAddresses',
  {
    inputFields: (t) => ({
      profile: t.field(person),
      addresses: t.field({ type: [AddressInput], required: true, description: 'At most 20.' }),
    }),
  },
  {
    nullable: true,
    authScopes: { can: 'PROFILES_WRITE' },
    description: 'Sets all addresses of a person at once; those of before are gone.',
    resolve: async (_root, { input }, context) => ({ profileId: await setAddresses(context, input) }),
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

builder.relayMutationField(
  'setInterests',
  {
    inputFields: (t) => ({
      profile: t.field(person),
      interests: t.stringList({ required: true, description: 'At most 100, of 1 to 200 characters each.' }),
    }),
  },
  {
    nullable: true,
    authScopes: { can: 'PROFILES_WRITE' },
    description: 'Sets all interests of a person at once; those that stay keep since when.',
    resolve: async (_root, { input }, context) => ({ profileId: await setInterests(context, input) }),
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
