// Values: their normal form, what is near a misspelt one, how fields are normalised, and an account's own table of spellings.

import { setupReaders } from '../../access.ts'
import { builder } from '../../builder.ts'
import { rootConnection } from '../../connections.ts'
import { type Normalised, valueProblems } from '../../core/normalise/normalised.ts'
import { nearestOf, type Suggestion, suggestionsFor } from '../../core/normalise/suggest.ts'
import { ValueKind } from '../../generated/prisma/client.ts'
import { nodeKey } from '../../ids.ts'
import { byId } from '../../keyset.ts'
import type { Json } from '../../scalars.ts'
import {
  checkedCountry,
  normaliseValue,
  removeFieldNormaliser,
  removeValueMapping,
  setFieldNormaliser,
  setValueMapping,
} from './service.ts'

const kindDescriptions: { readonly [kind in ValueKind]: string } = {
  COUNTRY: 'ISO 3166-1 alpha-2, from any code, or a name in one of 78 languages.',
  REGION: 'ISO 3166-2, such as `US-CA`, from a code or a name within a country.',
  PHONE: 'E.164, without its extension.',
  EMAIL: 'Lower case, an international domain in its ASCII form.',
  CURRENCY: 'ISO 4217, from a code, an English name, or a sign that only one currency has.',
  DATE: 'A day of ISO 8601; one that could be two days is refused unless it is said which part comes first.',
  TRIM: 'No blanks around, one for a run of them, nothing that cannot be seen.',
  LOWER_CASE: 'As TRIM, in lower case.',
  UPPER_CASE: 'As TRIM, in upper case.',
  NAME: 'As TRIM: its case stays, and another is at most suggested.',
}

export const ValueKindEnum = builder.enumType('ValueKind', {
  description: 'What a value can be normalised as.',
  values: Object.fromEntries(
    Object.values(ValueKind).map((kind) => [kind, { value: kind, description: kindDescriptions[kind] }]),
  ) as { [kind in ValueKind]: { value: kind; description: string } }, // An entry for each of the list.
})

const problemDescriptions: { readonly [problem in (typeof valueProblems)[number]]: string } = {
  NOT_GIVEN: 'Empty, or a word for nothing, such as "n/a".',
  NOT_TEXT: 'Neither a text nor a number.',
  TOO_LONG: 'Over 500 characters.',
  UNKNOWN: 'None of the known ones.',
  MALFORMED: 'Not written as one.',
  AMBIGUOUS: 'Could be several.',
  COUNTRY_NEEDED: 'Depends on the country, which nothing tells.',
}

export const ValueProblemEnum = builder.enumType('ValueProblem', {
  description: 'Why a value has no normal form.',
  values: Object.fromEntries(
    valueProblems.map((problem) => [problem, { value: problem, description: problemDescriptions[problem] }]),
  ) as { [problem in (typeof valueProblems)[number]]: { value: problem; description: string } }, // The same.
})

export const ValueSuggestion = builder.objectRef<Suggestion>('ValueSuggestion').implement({
  description: 'A known value near a misspelt one. It is never put in its place by itself.',
  fields: (t) => ({
    value: t.exposeString('value', { description: 'In its normal form.' }),
    label: t.exposeString('label', { description: 'What people call it.' }),
    distance: t.exposeInt('distance', {
      description:
        'How many letters have to be added, removed or changed; two neighbours that changed places count as one.',
    }),
  }),
})

const NormalisedValue = builder.objectRef<Normalised & { suggestion: Suggestion | null }>('NormalisedValue').implement({
  description: 'A value in its normal form, or why it has none.',
  fields: (t) => ({
    value: t.exposeString('value', { nullable: true, description: 'Null where there is a problem.' }),
    raw: t.field({ type: 'JSON', nullable: true, resolve: ({ raw }) => raw as Json }), // As it was given.
    changed: t.exposeBoolean('changed', { description: 'There is a value, and it is not what was given.' }),
    problem: t.field({ type: ValueProblemEnum, nullable: true, resolve: ({ problem }) => problem ?? null }),
    suggestion: t.expose('suggestion', {
      type: ValueSuggestion,
      nullable: true,
      description: 'The known value that is nearer than all others, where one is near.',
    }),
  }),
})

const FieldNormaliserType = builder.prismaObject('FieldNormaliser', {
  select: { accountId: true, field: true },
  findUnique: ({ accountId, field }) => ({ accountId_field: { accountId, field } }),
  fields: (t) => ({
    field: t.exposeString('field'),
    kind: t.expose('kind', { type: ValueKindEnum }),
    country: t.exposeString('country', { nullable: true }),
    countryField: t.exposeString('countryField', { nullable: true }),
    dayFirst: t.exposeBoolean('dayFirst', { nullable: true }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
})

const ValueMappingType = builder.prismaNode('ValueMapping', {
  id: { resolve: ({ id }) => id },
  select: { accountId: true, id: true },
  findUnique: (id, { accountId }) => nodeKey(id, accountId),
  nullable: true,
  fields: (t) => ({
    field: t.string({
      nullable: true,
      select: { scope: true },
      description: 'The field that it holds in; null for one of a kind.',
      resolve: ({ scope }) => (scope.startsWith('field:') ? scope.slice('field:'.length) : null),
    }),
    kind: t.field({
      type: ValueKindEnum,
      nullable: true,
      select: { scope: true },
      description: 'It holds wherever values of the kind are normalised; null for one of a field.',
      // What is stored is one of them.
      resolve: ({ scope }) => (scope.startsWith('kind:') ? (scope.slice('kind:'.length) as ValueKind) : null),
    }),
    raw: t.exposeString('raw', { description: 'Folded: trimmed, one blank for a run of them, lower case.' }),
    value: t.exposeString('value'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
})

const settingArgs = {
  country: 'Of regions and phone numbers that do not say theirs: any spelling of a country.',
  dayFirst: 'Of dates such as 01/02/2020: true is 1 February, false is 2 January; without it they are refused.',
}

builder.queryFields((t) => ({
  normaliseValue: t.field({
    type: NormalisedValue,
    nullable: true,
    authScopes: { authenticated: true },
    description: "A value in its normal form, by the account's own mappings first. Nothing is stored.",
    args: {
      kind: t.arg({ type: ValueKindEnum, required: true }),
      value: t.arg({ type: 'JSON' }),
      field: t.arg.string({ description: "Whose mappings go before the kind's." }),
      country: t.arg.string({ description: settingArgs.country }),
      dayFirst: t.arg.boolean({ description: settingArgs.dayFirst }),
    },
    resolve: async (_root, args, context) => {
      const found = await normaliseValue(context, args)
      const isDone = found.value !== null && args.kind !== 'NAME' && args.kind !== 'EMAIL'
      return { ...found, suggestion: isDone ? null : nearestOf(suggestionsFor(args.kind, args.value, args)) }
    },
  }),
  suggestValues: t.field({
    type: [ValueSuggestion],
    nullable: true,
    authScopes: { authenticated: true },
    description:
      'The known values nearest to a misspelt one, at most three: countries, regions of a country, e-mail addresses at a domain where most people have their mail, names in title case. Empty for a value that is known, and where none is near.',
    args: {
      kind: t.arg({ type: ValueKindEnum, required: true }),
      value: t.arg.string({ required: true }),
      country: t.arg.string({ description: settingArgs.country }),
    },
    resolve: (_root, { kind, value, country }) =>
      suggestionsFor(kind, value, { country: checkedCountry(country, 'country') }),
  }),
  fieldNormalisers: t.prismaField({
    type: ['FieldNormaliser'],
    nullable: true,
    authScopes: { canAny: setupReaders },
    description: 'How fields are normalised when they are written, in the order of their names; at most 200.',
    resolve: (query, _root, _args, { db, accountId }) =>
      db.fieldNormaliser.findMany({ ...query, where: { accountId }, orderBy: { field: 'asc' } }),
  }),
  valueMappings: t.connection(
    {
      type: ValueMappingType,
      nullable: true,
      authScopes: { canAny: setupReaders },
      description: "The account's own spellings, in the order of creation; all, or those of a field or a kind.",
      args: { field: t.arg.string(), kind: t.arg({ type: ValueKindEnum }) },
      resolve: (_root, { field, kind, ...args }, context, info) => {
        const scopes = [...(field == null ? [] : [`field:${field}`]), ...(kind == null ? [] : [`kind:${kind}`])]
        return rootConnection(byId('value-mapping', context.accountId), { args, context, info }, (query) =>
          context.db.valueMapping.findMany({
            ...query,
            where: {
              accountId: context.accountId,
              ...query.where,
              ...(scopes.length ? { scope: { in: scopes } } : {}),
            },
          }),
        )
      },
    },
    { name: 'ValueMappingConnection' },
    { name: 'ValueMappingEdge' },
  ),
}))

const guarded = { nullable: true, authScopes: { can: 'CAMPAIGNS_WRITE' } } as const

builder.relayMutationField(
  'setFieldNormaliser',
  {
    inputFields: (t) => ({
      field: t.string({ required: true, description: "Its name as it stands in people's fields." }),
      kind: t.field({ type: ValueKindEnum, required: true }),
      country: t.string({ description: settingArgs.country }),
      countryField: t.string({
        description:
          'The field that names the country, which goes before `country` where it is written with the value.',
      }),
      dayFirst: t.boolean({ description: settingArgs.dayFirst }),
    }),
  },
  {
    ...guarded,
    description:
      'Says how a field is normalised whenever it is written from now on, in place of what was said before. A value without a normal form is stored as it came. What is stored already changes by previewValueMappings alone.',
    resolve: async (_root, { input }, context) => ({ field: await setFieldNormaliser(context, input) }),
  },
  {
    outputFields: (t) => ({
      fieldNormaliser: t.prismaField({
        type: FieldNormaliserType,
        resolve: (query, { field }, _args, { db, accountId }) =>
          db.fieldNormaliser.findUniqueOrThrow({ ...query, where: { accountId_field: { accountId, field } } }),
      }),
    }),
  },
)

builder.relayMutationField(
  'removeFieldNormaliser',
  { inputFields: (t) => ({ field: t.string({ required: true }) }) },
  {
    ...guarded,
    description: 'Stores values of the field as they come from now on; what is stored stays.',
    resolve: async (_root, { input }, context) => ({ field: await removeFieldNormaliser(context, input) }),
  },
  { outputFields: (t) => ({ field: t.exposeString('field') }) },
)

builder.relayMutationField(
  'setValueMapping',
  {
    inputFields: (t) => ({
      field: t.string({ description: 'It holds in this field; instead of `kind`.' }),
      kind: t.field({
        type: ValueKindEnum,
        description: 'It holds wherever values of this kind are normalised; instead of `field`.',
      }),
      raw: t.string({ required: true, description: 'A spelling; case and blanks make no difference.' }),
      value: t.string({
        required: true,
        description: "What it stands for: a value of the kind or of the field's normaliser; any text for other fields.",
      }),
    }),
  },
  {
    ...guarded,
    description:
      'Says what a spelling stands for, before any normaliser is asked; in place of what was said of it before. CONFLICT for a chain: a value that another mapping of the same field or kind takes or gives.',
    resolve: async (_root, { input }, context) => ({ mappingId: await setValueMapping(context, input) }),
  },
  {
    outputFields: (t) => ({
      valueMapping: t.prismaField({
        type: ValueMappingType,
        resolve: (query, { mappingId }, _args, { db, accountId }) =>
          db.valueMapping.findUniqueOrThrow({ ...query, where: nodeKey(mappingId, accountId) }),
      }),
    }),
  },
)

builder.relayMutationField(
  'removeValueMapping',
  { inputFields: (t) => ({ id: t.id({ required: true }) }) },
  {
    ...guarded,
    description: 'Forgets what a spelling stands for; values that it changed stay.',
    resolve: async (_root, { input }, context) => ({ mappingId: await removeValueMapping(context, input) }),
  },
  { outputFields: (t) => ({ valueMappingId: t.exposeID('mappingId') }) },
)
