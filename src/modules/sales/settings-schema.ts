// Settings of orders: the account's own currency, what others are worth in it, and when a cart counts as abandoned.

import { builder } from '../../builder.ts'
import { idInput } from '../../ids.ts'
import {
  currencyRates,
  type OrderSettings,
  orderSettings,
  recomputeBaseAmounts,
  setCurrencyRates,
  setOrderSettings,
} from './currency-rates.ts'

const OrderSettingsType = builder.objectRef<OrderSettings>('OrderSettings').implement({
  fields: (t) => ({
    baseCurrency: t.exposeString('baseCurrency', {
      nullable: true,
      description: 'ISO 4217: what orders’ totals are also told in.',
    }),
    cartMinutes: t.exposeInt('cartMinutes', {
      nullable: true,
      description: 'A cart counts as abandoned so long after what was done with it last; null: never.',
    }),
  }),
})

const CurrencyRateType = builder.prismaObject('CurrencyRate', {
  description: 'What one unit of a currency is worth in the account’s own, from an instant on until the next rate.',
  fields: (t) => ({
    currency: t.exposeString('currency'),
    baseCurrency: t.exposeString('baseCurrency'),
    rate: t.field({ type: 'Decimal', select: { rate: true }, resolve: ({ rate }) => rate.toFixed() }),
    validFrom: t.expose('validFrom', { type: 'DateTime' }),
  }),
})

builder.queryFields((t) => ({
  orderSettings: t.field({
    type: OrderSettingsType,
    nullable: true,
    authScopes: { authenticated: true },
    resolve: (_root, _args, context) => orderSettings(context),
  }),
  currencyRates: t.field({
    type: [CurrencyRateType],
    nullable: true,
    authScopes: { authenticated: true },
    description: 'The latest first, at most 1,000.',
    args: { currency: t.arg.string() },
    resolve: (_root, { currency }, context) => currencyRates(context, currency ?? null),
  }),
}))

const admin = { nullable: true, authScopes: { can: 'CAMPAIGNS_WRITE' } } as const

builder.relayMutationField(
  'setOrderSettings',
  {
    inputFields: (t) => ({
      baseCurrency: t.string({
        description: 'By code, sign or English name. Orders that are stored keep their amounts.',
      }),
      cartMinutes: t.int({ description: 'From 1 to 43,200; null: no cart is ever abandoned. It begins at 60.' }),
    }),
  },
  {
    ...admin,
    description: 'What is left out stays as it is.',
    resolve: async (_root, { input }, context) => ({ settings: await setOrderSettings(context, input) }),
  },
  { outputFields: (t) => ({ settings: t.field({ type: OrderSettingsType, resolve: ({ settings }) => settings }) }) },
)

const CurrencyRateInput = builder.inputType('CurrencyRateInput', {
  fields: (t) => ({
    currency: t.string({ required: true }),
    rate: t.field({
      type: 'Decimal',
      required: true,
      description: 'What one unit of it is worth in the account’s own.',
    }),
    validFrom: t.field({ type: 'DateTime', required: true }),
  }),
})

builder.relayMutationField(
  'setCurrencyRates',
  {
    inputFields: (t) => ({
      rates: t.field({ type: [CurrencyRateInput], required: true, description: 'At most 1,000.' }),
    }),
  },
  {
    ...admin,
    description:
      'Sets rates, each from an instant on. An order goes by the rate that held when it was placed, and keeps what it was stored with: later rates change none.',
    resolve: async (_root, { input }, context) => ({ count: await setCurrencyRates(context, input) }),
  },
  { outputFields: (t) => ({ count: t.exposeInt('count', { description: 'How many were set.' }) }) },
)

builder.relayMutationField(
  'recomputeBaseAmounts',
  {
    inputFields: (t) => ({
      placedFrom: t.field({ type: 'DateTime', required: true, description: 'Inclusive.' }),
      placedTo: t.field({ type: 'DateTime', required: true, description: 'Exclusive.' }),
      after: t.id({ description: 'Where an earlier call left off.' }),
    }),
  },
  {
    ...admin,
    description:
      'Works the amounts in the account’s own currency out anew, by its currency and rates of now: 1,000 orders a call. Nothing else changes what is stored.',
    resolve: (_root, { input: { after, ...span } }, context) =>
      recomputeBaseAmounts(context, {
        ...span,
        after: after == null ? null : idInput('Order', after, 'input.after'),
      }),
  },
  {
    outputFields: (t) => ({
      changed: t.exposeInt('changed', { description: 'How many have an amount now.' }),
      missing: t.exposeInt('missing', { description: 'How many have none for want of a rate.' }),
      after: t.exposeID('after', {
        nullable: true,
        description: 'What the next call takes; null: all were looked at.',
      }),
    }),
  },
)
