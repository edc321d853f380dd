// Codes: coupons, shares, advocate codes and promo links. One namespace holds them all, and the interface Code is what they share.

import { builder } from '../../builder.ts'
import type { CodeKind } from '../../generated/prisma/client.ts'
import { nodeKey } from '../../ids.ts'
import type { JsonObject } from '../../scalars.ts'
import { shown, shownFields } from '../profiles/hidden.ts'
import { personRow } from '../profiles/members.ts'
import { ProfileType, personal } from '../profiles/schema.ts'
import { CampaignType } from '../programs/schema.ts'

const typeNames: Record<CodeKind, string> = {
  COUPON: 'Coupon',
  SHARE: 'Share',
  ADVOCATE_CODE: 'AdvocateCode',
  PROMO_LINK: 'PromoLink',
}

const key = { accountId: true, id: true, kind: true } as const

export const CodeInterface = builder.prismaInterface('Code', {
  description: 'A coupon, share, advocate code or promo link.',
  select: key,
  resolveType: ({ kind }) => typeNames[kind],
  fields: (t) => ({
    id: t.globalID({ resolve: ({ id, kind }) => ({ type: typeNames[kind], id }) }),
    code: t.exposeString('code', { description: 'As it is compared: upper case.' }),
    label: t.exposeString('label', { nullable: true, description: 'A label of programs; it acts as a soft hint.' }),
    program: t.relation('program', { nullable: true, description: 'What it stands for where it names no campaign.' }),
    campaigns: t.field({
      type: [CampaignType],
      description: 'What it stands for, in the order of creation; at most 100.',
      select: (_args, _context, nestedSelection) => ({
        campaigns: { select: { campaign: nestedSelection() }, orderBy: { campaignId: 'asc' } },
      }),
      resolve: ({ campaigns }) => campaigns.map(({ campaign }) => campaign),
    }),
    advocate: t.field({
      type: ProfileType,
      nullable: true,
      description: 'Who gets the credit for friends that come by it.',
      select: { advocateId: true },
      resolve: ({ advocateId }, _args, context) => (advocateId === null ? null : personRow(context, advocateId)),
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'From then on it selects nothing.',
    }),
    disabledAt: t.expose('disabledAt', {
      type: 'DateTime',
      nullable: true,
      description: 'From then on it selects nothing.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
})

export const CouponType = builder.prismaNode('Code', {
  variant: 'Coupon',
  description: 'A code that is redeemed; it stands for one campaign or several.',
  interfaces: [CodeInterface],
  id: { resolve: ({ id }) => id },
  select: key,
  findUnique: (id, { accountId }) => ({ ...nodeKey(id, accountId), kind: 'COUPON' }),
  nullable: true,
  fields: (t) => ({
    fields: t.field({
      type: 'JSONObject',
      nullable: true,
      select: { fields: true },
      description:
        "The brand's own, as its COUPON fields are defined; to keys without PII_READ values that tell who somebody is are null.",
      // The column holds JSON objects only.
      resolve: (...[{ fields }, , context, info]) =>
        shownFields(context, info, { owner: 'COUPON', values: fields as JsonObject }),
    }),
  }),
})

export const ShareType = builder.prismaNode('Code', {
  variant: 'Share',
  description: 'One act of sharing: an advocate sent a link to somebody.',
  interfaces: [CodeInterface],
  id: { resolve: ({ id }) => id },
  select: key,
  findUnique: (id, { accountId }) => ({ ...nodeKey(id, accountId), kind: 'SHARE' }),
  nullable: true,
  fields: (t) => ({
    shareId: t.exposeString('code', { description: 'What events carry as `shareIds`; the same as `code`.' }),
    channel: t.exposeString('channel', {
      nullable: true,
      description: 'How it was sent, in the words of whoever created it.',
    }),
    recipients: t.stringList({
      ...personal,
      description: 'E-mail addresses and phone numbers that it was sent to; null to keys without PII_READ.',
      select: { recipients: true },
      resolve: (...[{ recipients }, , context, info]) => shown(context, info, recipients),
    }),
  }),
})

export const AdvocateCodeType = builder.prismaNode('Code', {
  variant: 'AdvocateCode',
  description: "An advocate's own code.",
  interfaces: [CodeInterface],
  id: { resolve: ({ id }) => id },
  select: key,
  findUnique: (id, { accountId }) => ({ ...nodeKey(id, accountId), kind: 'ADVOCATE_CODE' }),
  nullable: true,
})

export const PromoLinkType = builder.prismaNode('Code', {
  variant: 'PromoLink',
  description: 'A link of a brand; it leads to a campaign, a program or the programs of a label.',
  interfaces: [CodeInterface],
  id: { resolve: ({ id }) => id },
  select: key,
  findUnique: (id, { accountId }) => ({ ...nodeKey(id, accountId), kind: 'PROMO_LINK' }),
  nullable: true,
  fields: (t) => ({
    destination: t.exposeString('destination', { nullable: true, description: 'Where it takes whoever follows it.' }),
  }),
})
