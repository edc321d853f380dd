// What callers ask and say of an account's identity rules.

import { setupReaders } from '../../access.ts'
import { builder } from '../../builder.ts'
import type { IdentityRules } from '../../core/identity-rules.ts'
import { identityRules, updateIdentityRules } from './identity-rules.ts'

const descriptions = {
  maxEmails: 'E-mail addresses that one person may have.',
  maxPartnerUserIds: 'Partner user ids that one person may have.',
  maxPhones: 'Phone numbers that one person may have.',
  maxDevices: 'Devices that one person may have.',
  blockedValues:
    'Values that name nobody, beside "null", "anonymous", zeros and their like; compared in any letter case.',
  partnerUserIdIsUnique: 'False: several people may have one partner user id, and it names nobody.',
  maxPeoplePerDevice: 'A device that more known people were seen with tells nobody apart.',
}

const IdentityRulesType = builder.objectRef<IdentityRules>('IdentityRules').implement({
  description: 'What names a person, and how many of it they may have. Of source ids a person has one.',
  fields: (t) => ({
    maxEmails: t.int({ description: descriptions.maxEmails, resolve: ({ maxOf }) => maxOf.EMAIL }),
    maxPartnerUserIds: t.int({
      description: descriptions.maxPartnerUserIds,
      resolve: ({ maxOf }) => maxOf.PARTNER_USER_ID,
    }),
    maxPhones: t.int({ description: descriptions.maxPhones, resolve: ({ maxOf }) => maxOf.PHONE }),
    maxDevices: t.int({ description: descriptions.maxDevices, resolve: ({ maxOf }) => maxOf.DEVICE }),
    blockedValues: t.stringList({
      description: descriptions.blockedValues,
      resolve: ({ blockedValues }) => [...blockedValues],
    }),
    partnerUserIdIsUnique: t.exposeBoolean('partnerUserIdIsUnique', {
      description: descriptions.partnerUserIdIsUnique,
    }),
    maxPeoplePerDevice: t.exposeInt('maxPeoplePerDevice', { description: descriptions.maxPeoplePerDevice }),
  }),
})

builder.queryField('identityRules', (t) =>
  t.field({
    type: IdentityRulesType,
    nullable: true,
    authScopes: { canAny: setupReaders },
    description: 'What names a person in this account.',
    resolve: (_root, _args, context) => identityRules(context),
  }),
)

builder.relayMutationField(
  'updateIdentityRules',
  {
    inputFields: (t) => ({
      maxEmails: t.int({ description: `${descriptions.maxEmails} Default: 20.` }),
      maxPartnerUserIds: t.int({ description: `${descriptions.maxPartnerUserIds} Default: 20.` }),
      maxPhones: t.int({ description: `${descriptions.maxPhones} Default: 20.` }),
      maxDevices: t.int({ description: `${descriptions.maxDevices} Default: 100. All kinds together: at most 200.` }),
      blockedValues: t.stringList({
        description: `${descriptions.blockedValues} At most 500; they replace the old ones.`,
      }),
      partnerUserIdIsUnique: t.boolean({ description: `${descriptions.partnerUserIdIsUnique} Default: true.` }),
      maxPeoplePerDevice: t.int({ description: `${descriptions.maxPeoplePerDevice} 1 to 100; default: 1.` }),
    }),
  },
  {
    nullable: true,
    authScopes: { can: 'ADMIN' },
    description: 'Changes the rules that are given. They count for what comes from then on; what is stored stays.',
    resolve: (_root, { input }, context) => updateIdentityRules(context, input),
  },
  {
    outputFields: (t) => ({ identityRules: t.field({ type: IdentityRulesType, resolve: (rules) => rules }) }),
  },
)
