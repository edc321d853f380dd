// The caller's account and its API keys.

import { builder } from '../../builder.ts'
import { rootConnection } from '../../connections.ts'
import type { Context } from '../../context.ts'
import { nodeKey } from '../../ids.ts'
import { byId } from '../../keyset.ts'
import { createApiKey, revokeApiKey } from './service.ts'

const ApiScopeEnum = builder.enumType('ApiScope', {
  description: 'What an API key may do.',
  values: {
    EVENTS_WRITE: {
      description:
        'Send events, with the identifiers and traits that come with them. Alone it may stand in a page: it verifies no address and reads nothing of the set-up of people.',
    },
    PROFILES_WRITE: {
      description:
        'Change people beyond their events: fields, addresses, interests, consents, blocks and merges, and verify addresses; save orders and products, and bring in files.',
    },
    PROFILES_READ: { description: 'Read what is known of people.' },
    CAMPAIGNS_WRITE: { description: 'Set up programs, campaigns, codes and audiences.' },
    ATTRIBUTIONS_READ: { description: 'Read and follow decisions.' },
    ADMIN: { description: 'Everything, API keys included.' },
    PII_READ: {
      description:
        'With PROFILES_READ: see values that tell who a person is, such as e-mail addresses. Without it they are null, and `extensions.hidden` names their paths.',
    },
    PREFERENCES_WRITE: { description: 'Of a person’s own token (`createPersonToken`): read and set own preferences.' },
  } as const,
})

const AccountType = builder.objectRef<{ id: string; name: string }>('Account')

builder.node(AccountType, {
  description: "A brand's own space. Nothing in one account can see or name anything in another.",
  id: { resolve: ({ id }) => id },
  brandLoadedObjects: true,
  loadWithoutCache: (id, context) => (id === context.accountId ? ownAccount(context) : null),
  fields: (t) => ({ name: t.exposeString('name') }),
})

// The table of accounts has no column that names an account, so it is read through the system's door.
const ownAccount = ({ accountId, services }: Context) =>
  services.database.system.account.findUniqueOrThrow({ where: { id: accountId }, select: { id: true, name: true } })

const ApiKeyType = builder.prismaNode('ApiKey', {
  id: { resolve: ({ id }) => id },
  select: { accountId: true, id: true },
  findUnique: (id, { accountId }) => nodeKey(id, accountId),
  nullable: true,
  authScopes: { can: 'ADMIN' },
  fields: (t) => ({
    name: t.exposeString('name'),
    prefix: t.exposeString('prefix', { description: 'How its secret begins, to tell keys apart.' }),
    scopes: t.expose('scopes', { type: [ApiScopeEnum] }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', nullable: true, description: 'From then on it is refused.' }),
    revokedAt: t.expose('revokedAt', { type: 'DateTime', nullable: true }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
})

builder.queryFields((t) => ({
  account: t.field({
    type: AccountType,
    nullable: true,
    authScopes: { authenticated: true },
    description: 'The account that the key belongs to.',
    resolve: (_root, _args, context) => ownAccount(context),
  }),
  apiKeys: t.connection(
    {
      type: ApiKeyType,
      nullable: true,
      authScopes: { can: 'ADMIN' },
      description:
        'All API keys, revoked and expired ones included, in the order of creation; without tokens of persons.',
      resolve: (_root, args, context, info) =>
        rootConnection(byId('api-key', context.accountId), { args, context, info }, (query) =>
          context.db.apiKey.findMany({ ...query, where: { ...query.where, profileId: null } }),
        ),
    },
    { name: 'ApiKeyConnection' },
    { name: 'ApiKeyEdge' },
  ),
}))

builder.relayMutationField(
  'createApiKey',
  {
    inputFields: (t) => ({
      name: t.string({ required: true, description: 'What the key is for; 1 to 200 characters.' }),
      scopes: t.field({ type: [ApiScopeEnum], required: true }),
      expiresAt: t.field({ type: 'DateTime', description: 'Default: never.' }),
    }),
  },
  {
    nullable: true,
    authScopes: { can: 'ADMIN' },
    description: 'Makes an API key.',
    resolve: (_root, { input }, context) => createApiKey(context, input),
  },
  {
    outputFields: (t) => ({
      apiKey: t.prismaField({
        type: ApiKeyType,
        resolve: (query, { apiKeyId }, _args, { db, accountId }) =>
          db.apiKey.findUniqueOrThrow({ ...query, where: nodeKey(apiKeyId, accountId) }),
      }),
      secret: t.exposeString('secret', {
        description: 'What callers send as `Authorization: Bearer <secret>`. It is shown this once.',
      }),
    }),
  },
)

builder.relayMutationField(
  'revokeApiKey',
  { inputFields: (t) => ({ apiKeyId: t.id({ required: true }) }) },
  {
    nullable: true,
    authScopes: { can: 'ADMIN' },
    description: "Ends a key's use, at once and for good. Revoking it again changes nothing.",
    resolve: async (_root, { input }, context) => ({ apiKeyId: await revokeApiKey(context, input) }),
  },
  {
    outputFields: (t) => ({
      apiKey: t.prismaField({
        type: ApiKeyType,
        resolve: (query, { apiKeyId }, _args, { db, accountId }) =>
          db.apiKey.findUniqueOrThrow({ ...query, where: nodeKey(apiKeyId, accountId) }),
      }),
    }),
  },
)
