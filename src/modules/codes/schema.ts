// What callers ask and do about codes.

import { builder } from '../../builder.ts'
import { rootConnection } from '../../connections.ts'
import { foldCode } from '../../core/names.ts'
import type { CodeKind } from '../../generated/prisma/client.ts'
import { nodeKey } from '../../ids.ts'
import { byId } from '../../keyset.ts'
import { FieldWarning } from '../fields/warning-schema.ts'
import { ProfileRefInput } from '../profiles/inputs.ts'
import { personList } from '../profiles/person-list-schema.ts'
import { ProfileType, personal } from '../profiles/schema.ts'
import { createAdvocateCode, createCoupon, createPromoLink, createShare, disableCode, updateCoupon } from './service.ts'
import { AdvocateCodeType, CodeInterface, CouponType, PromoLinkType, ShareType } from './types.ts'

interface CodeNode {
  accountId: string
  id: string
  kind: CodeKind
}

const CodeEdge = builder.edgeObject({ type: CodeInterface, name: 'CodeEdge' })
const CodeConnection = builder.connectionObject({ type: CodeInterface, name: 'CodeConnection' }, CodeEdge)

builder.queryFields((t) => ({
  code: t.prismaField({
    type: CodeInterface,
    nullable: true,
    authScopes: { authenticated: true },
    description: 'The coupon, share, advocate code or promo link of that spelling; null for an unknown one.',
    args: { code: t.arg.string({ required: true, description: 'Compared trimmed and in upper case.' }) },
    resolve: (query, _root, { code }, { db, accountId }) =>
      db.code.findUnique({ ...query, where: { accountId_code: { accountId, code: foldCode(code) } } }),
  }),
  codes: t.connection(
    {
      type: CodeInterface,
      nullable: true,
      authScopes: { authenticated: true },
      description: 'All codes, in the order of creation.',
      resolve: (_root, args, context, info) =>
        rootConnection<CodeNode>(byId('code', context.accountId), { args, context, info }, (query) =>
          context.db.code.findMany(query),
        ),
    },
    CodeConnection,
    CodeEdge,
  ),
}))

builder.prismaObjectField(ProfileType, 'codes', (t) =>
  t.connection(
    {
      ...personal,
      type: CodeInterface,
      description: 'Codes whose advocate the person is, in the order of creation.',
      resolve: personList<CodeNode>('codes', { tag: 'person-code' }),
    },
    CodeConnection,
    CodeEdge,
  ),
)

const guarded = { nullable: true, authScopes: { can: 'CAMPAIGNS_WRITE' } } as const

const descriptions = {
  code: '1 to 256 characters, stored in upper case; unique among coupons, shares, advocate codes and promo links.',
  campaignId: 'The campaign that it stands for.',
  programId: 'What it stands for where no campaign is named; else the program of the campaign.',
  advocate: 'Who gets the credit; found, or created where nobody is known by it.',
  label: 'A label of programs: a soft hint, and what it stands for where neither campaign nor program is named.',
  expiresAt: 'From then on it selects nothing; default: never.',
  warnings: 'What was left out, since the definitions of fields do not allow it.',
}

builder.relayMutationField(
  'createCoupon',
  {
    inputFields: (t) => ({
      code: t.string({ required: true, description: descriptions.code }),
      campaignIds: t.idList({ required: true, description: 'The campaigns that it stands for, 1 to 100.' }),
      advocate: t.field({ type: ProfileRefInput, description: descriptions.advocate }),
      label: t.string({ description: descriptions.label }),
      expiresAt: t.field({ type: 'DateTime', description: descriptions.expiresAt }),
      fields: t.field({
        type: 'JSONObject',
        description: 'Values of the COUPON fields, by name; what has a default and is missing gets it.',
      }),
    }),
  },
  {
    ...guarded,
    description: 'Makes a coupon.',
    resolve: (_root, { input }, context) => createCoupon(context, input),
  },
  {
    outputFields: (t) => ({
      coupon: t.prismaField({
        type: CouponType,
        resolve: (query, { id }, _args, { db, accountId }) =>
          db.code.findUniqueOrThrow({ ...query, where: nodeKey(id, accountId) }),
      }),
      fieldWarnings: t.field({
        type: [FieldWarning],
        description: descriptions.warnings,
        resolve: ({ warnings }) => [...warnings],
      }),
    }),
  },
)

builder.relayMutationField(
  'updateCoupon',
  {
    inputFields: (t) => ({
      code: t.string({ required: true, description: 'Compared trimmed and in upper case.' }),
      fields: t.field({
        type: 'JSONObject',
        required: true,
        description: 'Values of the COUPON fields to set, by name; null removes one.',
      }),
    }),
  },
  {
    ...guarded,
    description: 'Changes fields of a coupon.',
    resolve: (_root, { input }, context) => updateCoupon(context, input),
  },
  {
    outputFields: (t) => ({
      coupon: t.prismaField({
        type: CouponType,
        resolve: (query, { id }, _args, { db, accountId }) =>
          db.code.findUniqueOrThrow({ ...query, where: nodeKey(id, accountId) }),
      }),
      fieldWarnings: t.field({
        type: [FieldWarning],
        description: descriptions.warnings,
        resolve: ({ warnings }) => [...warnings],
      }),
    }),
  },
)

builder.relayMutationField(
  'createShare',
  {
    inputFields: (t) => ({
      shareId: t.string({ required: true, description: descriptions.code }),
      campaignId: t.id({ description: descriptions.campaignId }),
      programId: t.id({ description: descriptions.programId }),
      advocate: t.field({ type: ProfileRefInput, required: true, description: descriptions.advocate }),
      channel: t.string({ description: 'How it was sent, in your own words.' }),
      recipients: t.stringList({
        description: 'E-mail addresses, or phone numbers in international form, that it was sent to; at most 1,000.',
      }),
      label: t.string({ description: descriptions.label }),
      expiresAt: t.field({ type: 'DateTime', description: descriptions.expiresAt }),
    }),
  },
  {
    ...guarded,
    description: 'Records a share.',
    resolve: async (_root, { input }, context) => ({ id: await createShare(context, input) }),
  },
  {
    outputFields: (t) => ({
      share: t.prismaField({
        type: ShareType,
        resolve: (query, { id }, _args, { db, accountId }) =>
          db.code.findUniqueOrThrow({ ...query, where: nodeKey(id, accountId) }),
      }),
    }),
  },
)

builder.relayMutationField(
  'createAdvocateCode',
  {
    inputFields: (t) => ({
      code: t.string({ required: true, description: descriptions.code }),
      programId: t.id({ description: descriptions.programId }),
      campaignId: t.id({ description: descriptions.campaignId }),
      advocate: t.field({ type: ProfileRefInput, required: true, description: descriptions.advocate }),
      label: t.string({ description: descriptions.label }),
      expiresAt: t.field({ type: 'DateTime', description: descriptions.expiresAt }),
    }),
  },
  {
    ...guarded,
    description: "Makes an advocate's own code.",
    resolve: async (_root, { input }, context) => ({ id: await createAdvocateCode(context, input) }),
  },
  {
    outputFields: (t) => ({
      advocateCode: t.prismaField({
        type: AdvocateCodeType,
        resolve: (query, { id }, _args, { db, accountId }) =>
          db.code.findUniqueOrThrow({ ...query, where: nodeKey(id, accountId) }),
      }),
    }),
  },
)

builder.relayMutationField(
  'createPromoLink',
  {
    inputFields: (t) => ({
      code: t.string({ required: true, description: descriptions.code }),
      campaignId: t.id({ description: descriptions.campaignId }),
      programId: t.id({ description: descriptions.programId }),
      label: t.string({ description: descriptions.label }),
      destination: t.string({ description: 'An http or https address that it takes people to.' }),
      expiresAt: t.field({ type: 'DateTime', description: descriptions.expiresAt }),
    }),
  },
  {
    ...guarded,
    description: 'Makes a promo link.',
    resolve: async (_root, { input }, context) => ({ id: await createPromoLink(context, input) }),
  },
  {
    outputFields: (t) => ({
      promoLink: t.prismaField({
        type: PromoLinkType,
        resolve: (query, { id }, _args, { db, accountId }) =>
          db.code.findUniqueOrThrow({ ...query, where: nodeKey(id, accountId) }),
      }),
    }),
  },
)

builder.relayMutationField(
  'disableCode',
  { inputFields: (t) => ({ code: t.string({ required: true, description: 'Compared trimmed and in upper case.' }) }) },
  {
    ...guarded,
    description:
      'Disables a coupon, share, advocate code or promo link: it selects nothing from now on. Disabling it again changes nothing.',
    resolve: async (_root, { input }, context) => ({ id: await disableCode(context, input) }),
  },
  {
    outputFields: (t) => ({
      code: t.prismaField({
        type: CodeInterface,
        resolve: (query, { id }, _args, { db, accountId }) =>
          db.code.findUniqueOrThrow({ ...query, where: nodeKey(id, accountId) }),
      }),
    }),
  },
)
