// Changing stored values: a preview that makes a plan, and the plan's execution.

import { builder } from '../../builder.ts'
import type { Json } from '../../scalars.ts'
import { applyValueMappings, previewValueMappings, type UnreadValue, type ValueChange } from './plan.ts'
import { ValueProblemEnum, ValueSuggestion } from './schema.ts'

const ValueChangeType = builder.objectRef<ValueChange>('ValueChange').implement({
  description: 'A stored value and what it would become.',
  fields: (t) => ({
    before: t.field({ type: 'JSON', nullable: true, resolve: ({ before }) => before as Json }), // As it is stored.
    after: t.exposeString('after'),
    profiles: t.exposeInt('profiles', { description: 'How many profiles hold it.' }),
  }),
})

const UnreadValueType = builder.objectRef<UnreadValue>('UnreadValue').implement({
  description: 'A stored value that has no normal form. It stays as it is; a mapping can say what it stands for.',
  fields: (t) => ({
    value: t.field({ type: 'JSON', nullable: true, resolve: ({ value }) => value as Json }), // As it is stored.
    problem: t.expose('problem', { type: ValueProblemEnum }),
    suggestion: t.expose('suggestion', {
      type: ValueSuggestion,
      nullable: true,
      description: 'The known value that is nearer than all others, where one is near.',
    }),
    profiles: t.exposeInt('profiles', { description: 'How many profiles hold it.' }),
  }),
})

builder.relayMutationField(
  'previewValueMappings',
  {
    inputFields: (t) => ({
      field: t.string({ required: true, description: 'A field with a normaliser or mappings.' }),
    }),
  },
  {
    nullable: true,
    authScopes: { $all: { can: 'PROFILES_READ', canAny: ['PII_READ'] } },
    description:
      "What the account's mappings and the field's normaliser would make of what is stored. It changes nobody, and makes a plan that applyValueMappings carries out within a day.",
    resolve: (_root, { input }, context) => previewValueMappings(context, input),
  },
  {
    outputFields: (t) => ({
      plan: t.id({ description: 'Stands for exactly these changes.', resolve: ({ plan }) => plan }),
      people: t.exposeInt('people', { description: 'How many people would change; merged profiles are one.' }),
      profiles: t.exposeInt('profiles', { description: 'How many profiles would change.' }),
      unchanged: t.exposeInt('unchanged', { description: 'Profiles whose value is in its normal form.' }),
      changes: t.field({
        type: [ValueChangeType],
        description: 'The 20 changes of the most profiles.',
        resolve: ({ changes }) => changes,
      }),
      unreadProfiles: t.exposeInt('unreadProfiles', { description: 'Profiles whose value has no normal form.' }),
      unread: t.field({
        type: [UnreadValueType],
        description: 'The 20 of those values that the most profiles hold.',
        resolve: ({ unread }) => unread,
      }),
    }),
  },
)

builder.relayMutationField(
  'applyValueMappings',
  {
    inputFields: (t) => ({
      plan: t.id({ required: true, description: 'From previewValueMappings, at most a day ago.' }),
    }),
  },
  {
    nullable: true,
    authScopes: { can: 'PROFILES_WRITE' },
    description:
      'Does exactly what was previewed, at most 20,000 profiles a call: call it again while some remain. A value that changed since the preview is left alone and counted. What it was before stays known as its raw value.',
    resolve: (_root, { input }, context) => applyValueMappings(context, input),
  },
  {
    outputFields: (t) => ({
      plan: t.id({ resolve: ({ plan }) => plan }),
      field: t.exposeString('field'),
      changed: t.exposeInt('changed', { description: 'Profiles that the plan has changed, by all calls.' }),
      skipped: t.exposeInt('skipped', { description: 'Profiles that it left alone, since their value had changed.' }),
      remaining: t.exposeInt('remaining', { description: 'Profiles that are still to be changed.' }),
    }),
  },
)
