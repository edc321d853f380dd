// A person's rights as callers use them: blocks, export and erasure, and what is permitted.

import { builder } from '../../builder.ts'
import { ProfileKeyInput } from '../profiles/inputs.ts'
import { personRow } from '../profiles/members.ts'
import { ProfileType, personal } from '../profiles/schema.ts'
import { blockPerson, blocksOfPerson, marksOfPerson, unblockPerson } from './blocks.ts'
import type { BlockRow } from './blocks-sql.ts'
import { eraseProfile } from './erase.ts'
import { exportProfile } from './export.ts'

const kinds = {
  EVENTS: { description: 'Their events are stored, and nobody is credited for them; nor are they as an advocate.' },
  REWARDS: { description: 'They get no rewards.' },
} as const

const BlockKindEnum = builder.enumType('BlockKind', { description: 'What a person is kept from.', values: kinds })

const BlockedEnum = builder.enumType('Blocked', {
  description: 'What to keep a person from, or to let go.',
  values: { ...kinds, BOTH: { description: 'Events and rewards.' } } as const,
})

const Block = builder.objectRef<BlockRow>('Block').implement({
  description: 'What a person is kept from.',
  fields: (t) => ({
    kind: t.expose('kind', { type: BlockKindEnum }),
    reason: t.exposeString('reason', { nullable: true, description: 'In the words of who blocked the person.' }),
    since: t.field({ type: 'DateTime', resolve: ({ at }) => at }),
  }),
})

builder.prismaObjectFields(ProfileType, (t) => ({
  blocks: t.field({
    ...personal,
    type: [Block],
    description: 'What the person is kept from, the oldest first.',
    resolve: ({ id }, _args, context) => blocksOfPerson(context, id),
  }),
  permitsEvents: t.boolean({
    ...personal,
    description: 'Whether events of the person can be credited.',
    resolve: async ({ id }, _args, context) => (await marksOfPerson(context, id)).eventsBlockedAt === null,
  }),
  permitsRewards: t.boolean({
    ...personal,
    description: 'Whether the person can get rewards.',
    resolve: async ({ id }, _args, context) => (await marksOfPerson(context, id)).rewardsBlockedAt === null,
  }),
  erasedAt: t.field({
    ...personal,
    type: 'DateTime',
    description: 'Since when nobody can tell who this was; null for everybody else.',
    resolve: async ({ id }, _args, context) => (await marksOfPerson(context, id)).erasedAt,
  }),
}))

const profileOf = { profile: { type: ProfileKeyInput, required: true } } as const

builder.relayMutationField(
  'blockPerson',
  {
    inputFields: (t) => ({
      profile: t.field(profileOf.profile),
      what: t.field({ type: BlockedEnum, required: true }),
      reason: t.string({ description: 'At most 500 characters.' }),
    }),
  },
  {
    nullable: true,
    authScopes: { can: 'PROFILES_WRITE' },
    description: 'Keeps a person from events’ credit, from rewards, or from both. Blocking again changes nothing.',
    resolve: async (_root, { input }, context) => ({ profileId: await blockPerson(context, input) }),
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
  'unblockPerson',
  {
    inputFields: (t) => ({
      profile: t.field(profileOf.profile),
      what: t.field({ type: BlockedEnum, required: true }),
    }),
  },
  {
    nullable: true,
    authScopes: { can: 'PROFILES_WRITE' },
    description: 'Lets a person go. Events of the time before stay without credit.',
    resolve: async (_root, { input }, context) => ({ profileId: await unblockPerson(context, input) }),
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
  'eraseProfile',
  { inputFields: (t) => ({ profile: t.field(profileOf.profile) }) },
  {
    nullable: true,
    authScopes: { can: 'ADMIN' },
    description:
      'Makes it impossible to tell who a person was, for good: identifiers, fields, consents, addresses, and what events carried are gone, codes are disabled; counts, decisions and relationships stay under a pseudonym. What is sent again of before the erasure is refused with CONFLICT, and so is erasing twice.',
    resolve: (_root, { input }, context) => eraseProfile(context, input),
  },
  {
    outputFields: (t) => ({
      erasedAt: t.expose('erasedAt', { type: 'DateTime' }),
      profile: t.field({
        type: ProfileType,
        description: 'The pseudonym that is left.',
        resolve: ({ profileId }, _args, context) => personRow(context, profileId),
      }),
    }),
  },
)

builder.relayMutationField(
  'exportProfile',
  { inputFields: (t) => ({ profile: t.field(profileOf.profile) }) },
  {
    nullable: true,
    authScopes: { $all: { can: 'PROFILES_READ', canAny: ['PII_READ'] } },
    description: 'Everything that is kept of a person, of all profiles that are the person. It changes nothing.',
    resolve: (_root, { input }, context) => exportProfile(context, input),
  },
  {
    outputFields: (t) => ({
      document: t.expose('document', {
        type: 'JSONObject',
        description: 'Rows by the name of their table, in the order of creation, with `profileIds` and `exportedAt`.',
      }),
    }),
  },
)
