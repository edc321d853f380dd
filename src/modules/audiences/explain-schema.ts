// Why somebody is in an audience, and whom a rule would find.

import { builder } from '../../builder.ts'
import { nodeKinds, type RuleNode } from '../../core/rules/explain.ts'
import { truthNames } from '../../core/rules/truth.ts'
import { badInput } from '../../errors.ts'
import { nodeKey } from '../../ids.ts'
import type { Json } from '../../scalars.ts'
import { shownField } from '../profiles/hidden.ts'
import { ProfileKeyInput } from '../profiles/inputs.ts'
import { personRow } from '../profiles/members.ts'
import { ProfileType } from '../profiles/schema.ts'
import { RuleInput } from '../programs/rule-input.ts'
import { audiencePreview, type Branch, type Explanation, explainMembership, type Preview } from './explain.ts'
import { AudienceType } from './schema.ts'

const maxSample = 100
const defaultSample = 10

const RuleTruthEnum = builder.enumType('RuleTruth', {
  description: 'What a condition says of somebody. What is missing is unknown, and so is its negation.',
  values: truthNames,
})

const RuleNodeType = builder.objectRef<RuleNode>('RuleNode').implement({
  description: 'A node of a rule, and what it says of a person.',
  fields: (t) => ({
    at: t.exposeString('at', { description: 'Its place in the rule, such as `all[2].field`; empty for the whole.' }),
    kind: t.string({ description: `One of ${nodeKinds.join(', ')}.`, resolve: ({ kind }) => kind }),
    truth: t.field({ type: RuleTruthEnum, resolve: ({ truth }) => truth }),
    seen: t.field({
      type: 'JSON',
      nullable: true,
      description:
        'Of a condition the value or the figure that it went by; null where there is none. A count goes no further than the rule needs.',
      resolve: ({ leaf, kind }, _args, context, info) => {
        const value = (leaf?.seen ?? null) as Json // Plain values and short lists.
        const ofEvent = kind === 'eventData'
        return leaf?.field === undefined ? value : shownField(context, info, { path: leaf.field, value, ofEvent })
      },
    }),
    condition: t.field({
      type: 'JSON',
      nullable: true,
      description: 'Of a condition, what it asks.',
      resolve: ({ leaf }) => {
        if (!leaf) return null
        const { seen: _seen, ...asked } = leaf
        return asked as Json // As the rule has it.
      },
    }),
  }),
})

const ExplanationType = builder.objectRef<Explanation>('MembershipExplanation').implement({
  description: 'Why a person is in an audience, or is not.',
  fields: (t) => ({
    isMember: t.exposeBoolean('isMember'),
    since: t.expose('since', { type: 'DateTime', nullable: true }),
    nextChangeAt: t.expose('nextChangeAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When time alone may next change it, though nothing happens; null: never.',
    }),
    nodes: t.expose('nodes', {
      type: [RuleNodeType],
      description: 'The rule as a tree: the whole first, each node before its members. Empty for a static audience.',
    }),
    audience: t.prismaField({
      type: AudienceType,
      resolve: (query, { audienceId }, _args, { db, accountId }) =>
        db.audience.findUniqueOrThrow({ ...query, where: nodeKey(audienceId, accountId) }),
    }),
    profile: t.field({ type: ProfileType, resolve: ({ profileId }, _args, context) => personRow(context, profileId) }),
  }),
})

const BranchType = builder.objectRef<Branch>('AudienceBranch').implement({
  description: 'A part of a rule, and how many people it alone holds for.',
  fields: (t) => ({
    at: t.exposeString('at', { description: 'Its place in the rule, such as `all[2]`.' }),
    rule: t.field({
      type: 'JSON',
      description: 'As `RuleInput` takes it.',
      resolve: ({ rule }) => JSON.parse(JSON.stringify(rule)) as Json,
    }),
    count: t.exposeInt('count'),
  }),
})

const PreviewType = builder.objectRef<Preview>('AudiencePreview').implement({
  description: 'Whom a rule holds for now.',
  fields: (t) => ({
    count: t.exposeInt('count', { description: 'How many people.' }),
    sample: t.field({
      type: [ProfileType],
      description: 'The first of them, in the order of their first encounter.',
      resolve: ({ profileIds }, _args, context) => Promise.all(profileIds.map((id) => personRow(context, id))),
    }),
    branches: t.expose('branches', {
      type: [BranchType],
      description: 'The parts of the rule, each before its members; the first 20.',
    }),
  }),
})

builder.queryFields((t) => ({
  explainMembership: t.field({
    type: ExplanationType,
    nullable: true,
    authScopes: { can: 'PROFILES_READ' },
    description:
      'Why a person is in an audience or is not: what each condition of its rule says, and the value it saw.',
    args: { audienceId: t.arg.id({ required: true }), profile: t.arg({ type: ProfileKeyInput, required: true }) },
    resolve: (_root, args, context) => explainMembership(context, args),
  }),
  audiencePreview: t.field({
    type: PreviewType,
    nullable: true,
    authScopes: { can: 'PROFILES_READ' },
    description:
      'Whom a rule would find if an audience had it: how many, some of them, and how many each of its parts.',
    args: {
      rule: t.arg({ type: RuleInput, required: true, description: 'At most 200 conditions.' }),
      sample: t.arg.int({ description: `How many people to tell of, up to ${maxSample}; default ${defaultSample}.` }),
    },
    resolve: (_root, { rule, sample }, context) => {
      const size = sample ?? defaultSample
      if (size < 0 || size > maxSample) throw badInput(`0 to ${maxSample}`, 'sample')
      return audiencePreview(context, { rule, sample: size })
    },
  }),
}))
