// What callers see of the reports on data quality.

import { builder } from '../../builder.ts'
import type { CanonicalValue, InvalidValue } from '../../core/normalise/field-quality.ts'
import { nearestOf, suggestionsFor } from '../../core/normalise/suggest.ts'
import type { ValueKind } from '../../generated/prisma/client.ts'
import {
  dataQuality,
  type FieldReport,
  predictionReadiness,
  type QualityReport,
  type Readiness,
  readinessCriteria,
} from './report.ts'
import { ValueKindEnum, ValueProblemEnum, ValueSuggestion } from './schema.ts'

const ValueSpelling = builder.objectRef<CanonicalValue['spellings'][number]>('ValueSpelling').implement({
  fields: (t) => ({ raw: t.exposeString('raw', { description: 'As it was given.' }), people: t.exposeInt('people') }),
})

const ValueSpellings = builder.objectRef<CanonicalValue>('ValueSpellings').implement({
  description: 'A value with the spellings in which it was given.',
  fields: (t) => ({
    value: t.exposeString('value', { description: 'In its normal form.' }),
    people: t.exposeInt('people'),
    spellingCount: t.exposeInt('spellingCount'),
    spellings: t.expose('spellings', { type: [ValueSpelling], description: 'The ten of the most people.' }),
  }),
})

const InvalidValueType = builder.objectRef<InvalidValue & { kind: ValueKind | null }>('InvalidValue').implement({
  description: 'A stored value that its normaliser does not take.',
  fields: (t) => ({
    value: t.exposeString('value'),
    problem: t.expose('problem', { type: ValueProblemEnum }),
    people: t.exposeInt('people'),
    suggestion: t.field({
      type: ValueSuggestion,
      nullable: true,
      description: 'The known value that is nearer than all others, where one is near.',
      resolve: ({ kind, value }) => (kind === null ? null : nearestOf(suggestionsFor(kind, value))),
    }),
  }),
})

const FieldQualityType = builder.objectRef<FieldReport>('FieldQuality').implement({
  description: 'How good the values of one field are, over all people; merged ones are one. Rates are from 0 to 1.',
  fields: (t) => ({
    field: t.exposeString('field'),
    kind: t.expose('kind', { type: ValueKindEnum, nullable: true, description: 'What it is normalised as.' }),
    filled: t.exposeInt('filled', { description: 'People who have a value that is not blank.' }),
    fillRate: t.exposeFloat('fillRate', { description: 'Of all people, those who have a value.' }),
    validity: t.exposeFloat('validity', {
      nullable: true,
      description: 'Of the values looked at, those that the normaliser takes; null for a field without one.',
    }),
    uniqueness: t.exposeFloat('uniqueness', {
      nullable: true,
      description: 'How many different values there are for each that is held: 1 where no two people share one.',
    }),
    distinct: t.exposeInt('distinct', { description: 'How many different values are stored.' }),
    consistency: t.exposeFloat('consistency', {
      nullable: true,
      description:
        'Of the valid values, those stored in the spelling that is usual for their normal form. A field without a normaliser goes by case and blanks alone.',
    }),
    spellingsPerValue: t.exposeFloat('spellingsPerValue', {
      nullable: true,
      description: 'In how many spellings a value was given, before it was normalised: 1 where each has one.',
    }),
    worstSpelled: t.field({
      type: [ValueSpellings],
      description: 'The ten values that were given in the most spellings, two at least.',
      resolve: ({ worst }) => worst,
    }),
    invalid: t.field({
      type: [InvalidValueType],
      description: 'The ten invalid values of the most people.',
      resolve: ({ invalid, kind }) => invalid.map((row) => ({ ...row, kind })),
    }),
    newestAt: t.expose('newestAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'When a value was last written, as far as that is known: of fields with a normaliser, since they have it.',
    }),
    medianAgeDays: t.exposeFloat('medianAgeDays', {
      nullable: true,
      description: 'How long ago half of the values were written or later, as far as that is known.',
    }),
    checked: t.exposeInt('checked', {
      description:
        'How many values validity and spellings were worked out from: all where there are at most 2,000 spellings, else those of the most people and a choice of the others.',
    }),
    score: t.exposeFloat('score', {
      description:
        '100 × (2 × fillRate + 2 × validity + 1 × consistency) / 5; what is null is left out with its weight, and a field that nobody has is 0. So 0.8 filled, 0.75 valid and 0.9 consistent make 100 × (1.6 + 1.5 + 0.9) / 5 = 80.',
    }),
  }),
})

const DataQuality = builder.objectRef<QualityReport>('DataQuality').implement({
  description: 'How good what is known of people is.',
  fields: (t) => ({
    people: t.exposeInt('people', { description: 'All people of the account; merged ones are one.' }),
    score: t.exposeFloat('score', { nullable: true, description: 'The mean of the fields’ scores.' }),
    fields: t.expose('fields', { type: [FieldQualityType] }),
  }),
})

const ReadinessCriterion = builder.enumType('ReadinessCriterion', {
  description: 'What predictions of repeated buying need enough of.',
  values: {
    CUSTOMERS: { value: readinessCriteria[0], description: 'People who ordered.' },
    REPEAT_BUYERS: { value: readinessCriteria[1], description: 'People who ordered on more than one day (UTC).' },
    WEEKS_OBSERVED: { value: readinessCriteria[2], description: 'Whole weeks from the first order to the newest.' },
  },
})

const ReadinessCheck = builder.objectRef<Readiness>('ReadinessCheck').implement({
  fields: (t) => ({
    criterion: t.expose('criterion', { type: ReadinessCriterion }),
    value: t.exposeInt('value'),
    needed: t.exposeInt('needed'),
    ok: t.exposeBoolean('ok'),
  }),
})

const PredictionReadiness = builder.objectRef<Readiness[]>('PredictionReadiness').implement({
  description: 'Whether there is enough data for predictions.',
  fields: (t) => ({
    ready: t.boolean({ description: 'Every criterion is met.', resolve: (checks) => checks.every(({ ok }) => ok) }),
    criteria: t.field({ type: [ReadinessCheck], resolve: (checks) => checks }),
  }),
})

builder.queryFields((t) => ({
  dataQuality: t.field({
    type: DataQuality,
    nullable: true,
    authScopes: { $all: { can: 'PROFILES_READ', canAny: ['PII_READ'] } },
    complexity: { field: 100, multiplier: 20 },
    description:
      'A report on fields of people. It reads everybody, once for every four fields: 300,000 people take some seconds.',
    args: {
      fields: t.arg.stringList({
        description:
          'Names of fields, at most 20; `email` and `phone` are the identifiers. Default: all fields with a normaliser or mappings, and those two.',
      }),
    },
    resolve: (_root, { fields }, context) => dataQuality(context, fields),
  }),
  predictionReadiness: t.field({
    type: PredictionReadiness,
    nullable: true,
    authScopes: { can: 'PROFILES_READ' },
    complexity: { field: 100, multiplier: 3 },
    description:
      'Whether there is enough data to predict who will buy again, by the events that tell of orders (purchase, order_completed). Events of one transaction are one order.',
    resolve: (_root, _args, context) => predictionReadiness(context),
  }),
}))
