// The API of definitions: what fields an account has, what their values must be, what depends on them.

import { setupReaders } from '../../access.ts'
import { builder } from '../../builder.ts'
import type { Context } from '../../context.ts'
import { keyOf } from '../../core/fields/definition.ts'
import { encodeId } from '../../core/ids.ts'
import { foldEventName } from '../../core/names.ts'
import { idInput, nodeKey } from '../../ids.ts'
import { FieldOwnerEnum, FieldTypeEnum, FieldVerdictEnum } from './enums.ts'
import { defineField, deleteField, setFieldPolicy, updateField } from './service.ts'
import type { RuleUse } from './sql.ts'
import { type AudienceUse, type FieldUsage, fieldUsage } from './usage.ts'

const FieldDefinitionType = builder.prismaNode('FieldDefinition', {
  id: { resolve: ({ id }) => id },
  select: { accountId: true, id: true, name: true, apiName: true },
  findUnique: (id, { accountId }) => nodeKey(id, accountId),
  nullable: true,
  fields: (t) => ({
    owner: t.expose('owner', { type: FieldOwnerEnum }),
    eventName: t.string({
      nullable: true,
      description: 'Of fields of events: the name, folded.',
      select: { eventName: true },
      resolve: ({ eventName }) => eventName || null,
    }),
    name: t.exposeString('name', { description: 'As the CRM calls it, exactly.' }),
    apiName: t.exposeString('apiName', { description: 'Derived from the name; senders may use either.' }),
    key: t.string({
      description:
        'What values are stored under and rules name: the name, or the `apiName` where that holds a dot or a bracket.',
      resolve: keyOf,
    }),
    type: t.expose('type', { type: FieldTypeEnum }),
    itemType: t.expose('itemType', { type: FieldTypeEnum, nullable: true, description: 'Of the elements of a list.' }),
    required: t.exposeBoolean('required', {
      description:
        'Of data that come whole (events, objects, campaigns, coupons): it has to be there. Of people and relationships: it is not removed.',
    }),
    default: t.field({
      type: 'JSON',
      nullable: true,
      description:
        'What data that come whole get where it is missing, and what a new person begins with, until anything is stated of the field.',
      select: { default: true },
      resolve: ({ default: usual }) => usual as string, // JSON as it was stored.
    }),
    min: t.exposeFloat('min', {
      nullable: true,
      description: 'Of numbers the value, of texts the length, of lists how many.',
    }),
    max: t.exposeFloat('max', { nullable: true }),
    pattern: t.exposeString('pattern', { nullable: true }),
    values: t.exposeStringList('values', { description: 'Of an enum.' }),
    pii: t.exposeBoolean('pii', { description: 'It tells who the person is.' }),
    description: t.exposeString('description', { nullable: true }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
})

builder.prismaObjectFields(FieldDefinitionType, (t) => ({
  parts: t.field({
    type: [FieldDefinitionType],
    description: 'What is defined inside an object, or the objects of a list.',
    resolve: async ({ id }, _args, context) => (await definitionsOf(context)).filter(({ place }) => place === id),
  }),
}))

/** At most a thousand, so all are read at once. */
const definitionsOf = (context: Context) =>
  context.memo('field definitions', () =>
    context.db.fieldDefinition.findMany({
      where: { accountId: context.accountId, deletedAt: null },
      orderBy: { id: 'asc' },
    }),
  )

const RuleUseType = builder.objectRef<RuleUse>('FieldRuleUse').implement({
  description: 'A journey of a campaign that is not over, whose rules name the field or a part of it.',
  fields: (t) => ({
    campaignId: t.id({ resolve: ({ campaignId }) => encodeId('Campaign', campaignId) }),
    campaign: t.exposeString('campaign'),
    revision: t.exposeInt('revision'),
    journey: t.exposeString('journey'),
  }),
})

const AudienceUseType = builder.objectRef<AudienceUse>('FieldAudienceUse').implement({
  description: 'A dynamic audience whose rule names the field or a part of it.',
  fields: (t) => ({
    audienceId: t.id({ resolve: ({ id }) => encodeId('Audience', id) }),
    audience: t.exposeString('name'),
  }),
})

const FieldUsageType = builder.objectRef<FieldUsage>('FieldUsage').implement({
  description: 'What depends on a field. While rules name it, it is not deleted.',
  fields: (t) => ({
    rules: t.field({ type: [RuleUseType], description: 'At most 100.', resolve: ({ rules }) => [...rules] }),
    audiences: t.field({
      type: [AudienceUseType],
      description: 'Dynamic audiences whose rule in force names it, in the order of creation.',
      resolve: ({ audiences }) => [...audiences],
    }),
    pii: t.boolean({ resolve: ({ definition }) => definition.pii }),
    profileCount: t.exposeInt('profileCount', {
      nullable: true,
      description:
        'How many profiles hold a value of it; null for fields that are not kept with people, or within lists.',
    }),
  }),
})

const FieldPolicyType = builder.prismaObject('FieldPolicy', {
  description: 'What is done with what the definitions of an owner do not allow.',
  select: { accountId: true, owner: true, eventName: true },
  fields: (t) => ({
    owner: t.expose('owner', { type: FieldOwnerEnum }),
    eventName: t.string({ nullable: true, resolve: ({ eventName }) => eventName || null }),
    unknownKeys: t.expose('unknownKeys', { type: FieldVerdictEnum }),
    wrongType: t.expose('wrongType', { type: FieldVerdictEnum }),
  }),
})

const readable = { nullable: true, authScopes: { canAny: setupReaders } } as const

builder.queryFields((t) => ({
  fieldDefinitions: t.field({
    ...readable,
    type: [FieldDefinitionType],
    description: 'The fields of an owner, without the parts of others; in the order in which they were defined first.',
    args: {
      owner: t.arg({ type: FieldOwnerEnum }),
      eventName: t.arg.string({ description: 'Only fields of that event.' }),
    },
    resolve: async (_root, { owner, eventName }, context) =>
      (await definitionsOf(context)).filter(
        (one) =>
          one.place === '' &&
          (owner == null || one.owner === owner) &&
          (eventName == null || one.eventName === foldEventName(eventName)),
      ),
  }),
  fieldPolicies: t.prismaField({
    ...readable,
    type: [FieldPolicyType],
    description: 'Where nothing was said: unknown keys are accepted, and values of a wrong type are refused.',
    resolve: (query, _root, _args, { db, accountId }) => db.fieldPolicy.findMany({ ...query, where: { accountId } }),
  }),
  fieldUsage: t.field({
    type: FieldUsageType,
    nullable: true,
    authScopes: { can: 'PROFILES_READ' },
    description: 'What depends on a field. Counting looks through all people.',
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, context) => fieldUsage(context, idInput('FieldDefinition', id, 'id')),
  }),
}))

const FieldRulesInput = builder.inputType('FieldRulesInput', {
  description: 'What values of a field must be.',
  fields: (t) => ({
    required: t.boolean({
      description: 'Of data that come whole: it has to be there. Of people and relationships: it is not removed.',
    }),
    default: t.field({
      type: 'JSON',
      description:
        'What data that come whole get where it is missing. Of people: what who comes from now on begins with; anything that is stated of the field, of whatever time, takes its place.',
    }),
    min: t.float({
      description: 'Of numbers the least value, of texts the least length, of lists the fewest elements.',
    }),
    max: t.float(),
    pattern: t.string({
      description:
        'A regular expression that the whole text is of, at most 200 characters: groups, classes, alternatives and repetitions up to 100 times, without look-around and back-references; it is matched in linear time. Texts over 1,024 characters are of no pattern.',
    }),
    values: t.stringList({ description: 'Of an enum; at most 500.' }),
    pii: t.boolean({ description: 'It tells who the person is.' }),
    description: t.string({ description: 'At most 1,000 characters.' }),
  }),
})

const guarded = { nullable: true, authScopes: { can: 'CAMPAIGNS_WRITE' } } as const

builder.relayMutationField(
  'defineField',
  {
    inputFields: (t) => ({
      owner: t.field({ type: FieldOwnerEnum, required: true }),
      eventName: t.string({ description: 'Of fields of events, and only of these.' }),
      partOf: t.id({ description: 'The object, or list of objects, that it is a part of; at most 3 levels.' }),
      name: t.string({ required: true, description: 'As the CRM calls it, exactly; any text of 1 to 200 characters.' }),
      type: t.field({ type: FieldTypeEnum, required: true }),
      itemType: t.field({ type: FieldTypeEnum, description: 'Of lists, and only of these.' }),
      rules: t.field({ type: FieldRulesInput }),
    }),
  },
  {
    ...guarded,
    description:
      'Defines a field. From then on values are held to it; those that are there stay as they are. CONFLICT for a name that is taken, or that is an identifier of people.',
    resolve: async (_root, { input }, context) => ({ id: await defineField(context, input) }),
  },
  {
    outputFields: (t) => ({
      field: t.prismaField({
        type: FieldDefinitionType,
        resolve: (query, { id }, _args, { db, accountId }) =>
          db.fieldDefinition.findUniqueOrThrow({ ...query, where: nodeKey(id, accountId) }),
      }),
    }),
  },
)

builder.relayMutationField(
  'updateField',
  {
    inputFields: (t) => ({
      fieldId: t.id({ required: true }),
      rules: t.field({
        type: FieldRulesInput,
        required: true,
        description: 'What is left out stays as it was; null takes it away.',
      }),
    }),
  },
  {
    ...guarded,
    description: 'Changes what values must be from now on; those that are there stay as they are.',
    resolve: async (_root, { input }, context) => ({ id: await updateField(context, input) }),
  },
  {
    outputFields: (t) => ({
      field: t.prismaField({
        type: FieldDefinitionType,
        resolve: (query, { id }, _args, { db, accountId }) =>
          db.fieldDefinition.findUniqueOrThrow({ ...query, where: nodeKey(id, accountId) }),
      }),
    }),
  },
)

builder.relayMutationField(
  'deleteField',
  { inputFields: (t) => ({ fieldId: t.id({ required: true }) }) },
  {
    ...guarded,
    description:
      'Deletes a definition with those of its parts; values stay as they are, and rules must not name it any more. CONFLICT while rules do.',
    resolve: async (_root, { input }, context) => ({ id: await deleteField(context, input) }),
  },
  { outputFields: (t) => ({ fieldId: t.id({ resolve: ({ id }) => encodeId('FieldDefinition', id) }) }) },
)

builder.relayMutationField(
  'setFieldPolicy',
  {
    inputFields: (t) => ({
      owner: t.field({ type: FieldOwnerEnum, required: true }),
      eventName: t.string({ description: 'Of fields of events, and only of these.' }),
      unknownKeys: t.field({ type: FieldVerdictEnum, description: 'Keys that are not defined. Left out: as before.' }),
      wrongType: t.field({ type: FieldVerdictEnum, description: 'Values that do not fit. Left out: as before.' }),
    }),
  },
  {
    ...guarded,
    description: 'Says what is done with what the definitions of an owner do not allow.',
    resolve: async (_root, { input }, context) => ({ policy: await setFieldPolicy(context, input) }),
  },
  { outputFields: (t) => ({ policy: t.expose('policy', { type: FieldPolicyType }) }) },
)
