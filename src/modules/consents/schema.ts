// What a person allows: consents in force and their history, set by a brand or with a person's own token.

import { builder } from '../../builder.ts'
import type { Context } from '../../context.ts'
import type { Consent, ConsentSource } from '../../generated/prisma/client.ts'
import { ProfileKeyInput, ProfileRefInput } from '../profiles/inputs.ts'
import { personRow } from '../profiles/members.ts'
import { personList } from '../profiles/person-list-schema.ts'
import { ProfileType, personal } from '../profiles/schema.ts'
import { ConsentChannelEnum, ConsentStateEnum } from './enums.ts'
import { consentsOfPerson, setConsent } from './service.ts'
import { createPersonToken } from './tokens.ts'

const ConsentSourceEnum = builder.enumType('ConsentSource', {
  description: 'Where a person said it.',
  values: {
    IN_STORE: {},
    PREFERENCE_CENTRE: {},
    ACCOUNT_CREATION: {},
    POP_UP: {},
    IMPORT: {},
    EVENT: { description: 'An event that named no other source.' },
    API: { description: 'Set by a key that named no other source.' },
  } as const satisfies { [source in ConsentSource]: object },
})

const ConsentType = builder.prismaObject('Consent', {
  description: 'What a person said about a channel, and when. Of each channel the latest is in force.',
  fields: (t) => ({
    channel: t.expose('channel', { type: ConsentChannelEnum }),
    state: t.expose('state', { type: ConsentStateEnum }),
    source: t.expose('source', { type: ConsentSourceEnum }),
    at: t.expose('at', { type: 'DateTime', description: 'When the person said it.' }),
    recordedAt: t.expose('recordedAt', { type: 'DateTime' }),
  }),
})

const ConsentEdge = builder.edgeObject({ type: ConsentType, name: 'ConsentEdge' })
const ConsentConnection = builder.connectionObject({ type: ConsentType, name: 'ConsentConnection' }, ConsentEdge)

builder.prismaObjectFields(ProfileType, (t) => ({
  consents: t.field({
    ...personal,
    type: [ConsentType],
    description: 'What is in force, by channel: the latest that the person said, whenever it came in.',
    resolve: ({ id }, _args, context) => consentsOfPerson(context, id),
  }),
  consentHistory: t.connection(
    {
      ...personal,
      type: ConsentType,
      description: 'All that the person ever said about channels, in the order in which it was recorded.',
      resolve: personList<Consent>('consents', { tag: 'consent-history' }),
    },
    ConsentConnection,
    ConsentEdge,
  ),
}))

/** Of a person's own token: the person's profile. */
const OwnPreferences = builder.objectRef<{ id: string }>('OwnPreferences').implement({
  description: 'What the person of a token allows.',
  fields: (t) => ({
    consents: t.field({
      type: [ConsentType],
      description: 'What is in force, by channel.',
      resolve: ({ id }, _args, context) => consentsOfPerson(context, id),
    }),
    consentHistory: t.connection(
      {
        type: ConsentType,
        description: 'All that the person ever said about channels, in the order in which it was recorded.',
        resolve: personList<Consent>('consents', { tag: 'consent-history' }),
      },
      ConsentConnection,
      ConsentEdge,
    ),
  }),
})

const ownOf = ({ principal }: Context) => (principal?.profileId ? { id: principal.profileId } : null)

builder.queryField('ownPreferences', (t) =>
  t.field({
    type: OwnPreferences,
    nullable: true,
    authScopes: { can: 'PREFERENCES_WRITE' },
    extensions: { forPersons: true },
    description: 'What the person allows whom the token is of; null for other keys.',
    resolve: (_root, _args, context) => ownOf(context),
  }),
)

builder.relayMutationField(
  'setConsent',
  {
    inputFields: (t) => ({
      profile: t.field({
        type: ProfileRefInput,
        description:
          'Found, or created where nobody is known by it. Left out with a person’s own token, which is for that person alone.',
      }),
      channel: t.field({ type: ConsentChannelEnum, required: true }),
      state: t.field({ type: ConsentStateEnum, required: true }),
      source: t.field({
        type: ConsentSourceEnum,
        description: 'Default: API, with a person’s own token PREFERENCE_CENTRE.',
      }),
      at: t.field({ type: 'DateTime', description: 'When the person said it; default: now.' }),
    }),
  },
  {
    nullable: true,
    authScopes: { canAny: ['PROFILES_WRITE', 'PREFERENCES_WRITE'] },
    extensions: { forPersons: true },
    description:
      'Records what a person said about a channel; the same as the events `opt_in` and `opt_out` with `data.channel` and `data.source`, which tell in `fieldWarnings` what they could not read. What was said earlier than what is known goes into the history alone.',
    resolve: (_root, { input }, context) => setConsent(context, input),
  },
  {
    outputFields: (t) => ({
      consent: t.field({ type: ConsentType, description: 'As it was recorded.', resolve: (row) => row }),
      consents: t.field({
        type: [ConsentType],
        description: 'What is in force now, by channel; null to keys that may not read people.',
        nullable: true,
        authScopes: { canAny: ['PROFILES_READ', 'PREFERENCES_WRITE'] },
        resolve: ({ profileId }, _args, context) => consentsOfPerson(context, profileId),
      }),
      profile: t.field({
        type: ProfileType,
        nullable: true,
        authScopes: { authenticated: true },
        resolve: ({ profileId }, _args, context) => personRow(context, profileId),
      }),
    }),
  },
)

builder.relayMutationField(
  'createPersonToken',
  {
    inputFields: (t) => ({
      profile: t.field({ type: ProfileKeyInput, required: true }),
      expiresInMinutes: t.int({ required: true, description: 'From 1 to 43,200, which are 30 days.' }),
    }),
  },
  {
    nullable: true,
    authScopes: { $all: { can: 'PROFILES_WRITE', canAny: ['PROFILES_READ'] } },
    description:
      'Makes a token for a person, to be used in a preference centre: with it `ownPreferences` and `setConsent` work for that person, and nothing else does.',
    resolve: (_root, { input }, context) => createPersonToken(context, input),
  },
  {
    outputFields: (t) => ({
      secret: t.exposeString('secret', {
        description: 'What the person’s browser sends as `Authorization: Bearer <secret>`. It is shown this once.',
      }),
      expiresAt: t.expose('expiresAt', { type: 'DateTime' }),
    }),
  },
)
