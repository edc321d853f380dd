// The type Order, its lines and its changes.

import { builder } from '../../builder.ts'
import { netOf } from '../../core/orders/fold.ts'
import { computedTotalOf, type OrderTotals, totalsDiffer } from '../../core/orders/order-totals.ts'
import type { OrderChangeKind, OrderSource, OrderStatus } from '../../generated/prisma/client.ts'
import { nodeKey } from '../../ids.ts'
import type { Json, JsonObject } from '../../scalars.ts'
import { ProductType } from '../products/product-schema.ts'
import { shown, shownFields } from '../profiles/hidden.ts'
import { personRow } from '../profiles/members.ts'
import { ProfileType } from '../profiles/schema.ts'

export const OrderStatusEnum = builder.enumType('OrderStatus', {
  description: 'How far an order has come.',
  values: {
    PLACED: {},
    PAID: {},
    FULFILLED: {},
    CANCELLED: { description: 'It counts as no order.' },
    RETURNED: { description: 'All of it came back.' },
  } as const satisfies { [status in OrderStatus]: object },
})

const OrderSourceEnum = builder.enumType('OrderSource', {
  description: 'Where something was told of an order.',
  values: { EVENT: {}, API: {}, IMPORT: {} } as const satisfies { [source in OrderSource]: object },
})

const OrderChangeKindEnum = builder.enumType('OrderChangeKind', {
  description: 'What a change says of an order.',
  values: {
    STATED: { description: 'Its content.' },
    STATUS: { description: 'How far it has come.' },
    REFUND: { description: 'Something was given back.' },
  } as const satisfies { [kind in OrderChangeKind]: object },
})

const amount = { type: 'MinorUnits', nullable: true } as const

const OrderChangeType = builder.prismaObject('OrderChange', {
  description: 'One thing that was told of an order.',
  fields: (t) => ({
    kind: t.expose('kind', { type: OrderChangeKindEnum }),
    at: t.expose('at', { type: 'DateTime', description: 'Since when it holds.' }),
    source: t.expose('source', { type: OrderSourceEnum }),
    recordedAt: t.expose('recordedAt', { type: 'DateTime' }),
    placedAt: t.expose('placedAt', { type: 'DateTime', nullable: true, description: 'Of a statement.' }),
    currency: t.exposeString('currency', { nullable: true, description: 'Of a statement.' }),
    totalMinor: t.expose('totalMinor', { ...amount, description: 'Of a statement.' }),
    status: t.expose('status', { type: OrderStatusEnum, nullable: true }),
    refundMinor: t.expose('refundMinor', {
      ...amount,
      description: 'What was given back; null where goods came back without money of their own.',
    }),
    line: t.exposeInt('line', { nullable: true, description: 'Of which line something came back.' }),
    quantity: t.exposeInt('quantity', { nullable: true }),
    refundId: t.exposeString('sourceId', { nullable: true, description: 'The sender’s own id of the refund.' }),
    reason: t.field({
      type: 'String',
      nullable: true,
      select: { reason: true },
      description: 'Null to keys without PII_READ.',
      resolve: ({ reason }, _args, context, info) => shown(context, info, reason),
    }),
  }),
})

const OrderItemType = builder.prismaObject('OrderItem', {
  description: 'One line of an order.',
  fields: (t) => ({
    line: t.exposeInt('line', { description: 'From 1.' }),
    product: t.relation('product', { type: ProductType, description: 'A placeholder where nobody told of it yet.' }),
    sku: t.exposeString('sku', { nullable: true }),
    name: t.exposeString('name', { nullable: true, description: 'The product’s, as the order called it.' }),
    quantity: t.exposeInt('quantity'),
    unitPriceMinor: t.expose('unitPriceMinor', {
      ...amount,
      description: 'Of one, rounded; the line goes by the exact one.',
    }),
    discountMinor: t.expose('discountMinor', { ...amount, description: 'Off the whole line.' }),
    totalMinor: t.expose('totalMinor', { ...amount, description: 'Of the whole line.' }),
    refundedQuantity: t.exposeInt('refundedQuantity'),
    refundedMinor: t.expose('refundedMinor', { type: 'MinorUnits' }),
    fields: t.field({
      type: 'JSONObject',
      select: { fields: true },
      // The column holds JSON objects only.
      resolve: ({ fields }, _args, context, info) =>
        shownFields(context, info, { owner: 'ORDER_ITEM', values: fields as JsonObject }),
    }),
  }),
})

interface BaseAmount {
  readonly currency: string
  readonly rate: string
  readonly totalMinor: bigint
}

const BaseAmountType = builder.objectRef<BaseAmount>('BaseAmount').implement({
  description: 'A total in the account’s own currency, by the rate that held when the order was placed.',
  fields: (t) => ({
    currency: t.exposeString('currency'),
    rate: t.expose('rate', { type: 'Decimal', description: 'What one unit of the order’s currency was worth.' }),
    totalMinor: t.expose('totalMinor', { type: 'MinorUnits' }),
  }),
})

const totals = {
  ...{
    totalMinor: true,
    itemsMinor: true,
    discountMinor: true,
    shippingMinor: true,
    taxMinor: true,
    taxIncluded: true,
  },
} as const

export const OrderType = builder.prismaNode('Order', {
  id: { resolve: ({ id }) => id },
  select: { accountId: true, id: true },
  findUnique: (id, { accountId }) => nodeKey(id, accountId),
  nullable: true,
  authScopes: { canAny: ['PROFILES_READ', 'PROFILES_WRITE'] },
  fields: (t) => ({
    sourceId: t.exposeString('sourceId', {
      description: 'The shop’s own number of it; a hash of it where its person was erased.',
    }),
    profile: t.field({
      type: ProfileType,
      nullable: true,
      select: { profileId: true },
      description: 'Null for a guest’s.',
      resolve: ({ profileId }, _args, context) => (profileId === null ? null : personRow(context, profileId)),
    }),
    status: t.expose('status', { type: OrderStatusEnum }),
    placedAt: t.expose('placedAt', { type: 'DateTime' }),
    cancelledAt: t.expose('cancelledAt', { type: 'DateTime', nullable: true }),
    couponCodes: t.exposeStringList('couponCodes'),
    shippingAddress: t.field({
      type: 'JSON',
      nullable: true,
      select: { shippingAddress: true },
      description: 'As it was given, with `normalised` country, region and postal code; null to keys without PII_READ.',
      resolve: ({ shippingAddress }, _args, context, info) => shown(context, info, shippingAddress as Json), // JSON.
    }),
    billingAddress: t.field({
      type: 'JSON',
      nullable: true,
      select: { billingAddress: true },
      description: 'Likewise.',
      resolve: ({ billingAddress }, _args, context, info) => shown(context, info, billingAddress as Json), // JSON.
    }),
    fields: t.field({
      type: 'JSONObject',
      select: { fields: true },
      description:
        'The brand’s own fields of it. To keys without PII_READ values that tell who the person is are null.',
      // The column holds JSON objects only.
      resolve: ({ fields }, _args, context, info) =>
        shownFields(context, info, { owner: 'ORDER', values: fields as JsonObject }),
    }),
    source: t.expose('source', { type: OrderSourceEnum, description: 'Where it was told of first.' }),
    statedAt: t.expose('statedAt', { type: 'DateTime', description: 'The time of the statement in force.' }),
    items: t.relation('items', {
      type: OrderItemType,
      query: { orderBy: { line: 'asc' } },
      description: 'By line; at most 500.',
    }),
    changes: t.relation('changes', {
      type: OrderChangeType,
      query: { orderBy: [{ at: 'asc' }, { id: 'asc' }], take: 500 },
      description: 'All that was told of it, in the order of their times; the first 500.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
  }),
})

builder.prismaObjectFields(OrderType, (t) => ({
  currency: t.exposeString('currency', { nullable: true, description: 'ISO 4217; null where none was told.' }),
  totalMinor: t.expose('totalMinor', {
    ...amount,
    description: 'What was to be paid, as told; else what its parts make.',
  }),
  refundedMinor: t.expose('refundedMinor', { type: 'MinorUnits' }),
  netMinor: t.field({
    ...amount,
    select: { totalMinor: true, refundedMinor: true },
    description: 'The total without what was given back.',
    resolve: ({ totalMinor, refundedMinor }) => {
      const net = netOf(totalMinor === null ? null : Number(totalMinor), Number(refundedMinor))
      return net === null ? null : BigInt(net)
    },
  }),
  discountMinor: t.expose('discountMinor', { ...amount, description: 'Off the whole order, beside those of lines.' }),
  shippingMinor: t.expose('shippingMinor', amount),
  taxMinor: t.expose('taxMinor', amount),
  taxIncluded: t.exposeBoolean('taxIncluded', { description: 'The lines have the tax in them already.' }),
  itemsMinor: t.expose('itemsMinor', {
    ...amount,
    description: 'The sum of its lines, where all tell what they cost.',
  }),
  computedTotalMinor: t.field({
    ...amount,
    select: totals,
    description: 'What its parts make: lines - discount + shipping + tax. Null without them.',
    resolve: (order: OrderTotals) => computedTotalOf(order),
  }),
  totalsDiffer: t.boolean({
    select: totals,
    description: 'The total that was told is not what its parts make; both are kept.',
    resolve: (order) => totalsDiffer(order),
  }),
  base: t.field({
    type: BaseAmountType,
    nullable: true,
    select: { baseCurrency: true, baseRate: true, baseTotalMinor: true },
    description: 'Null where the account has no currency of its own, or none held for that time.',
    resolve: ({ baseCurrency, baseRate, baseTotalMinor }) =>
      baseCurrency === null || baseRate === null || baseTotalMinor === null
        ? null
        : { currency: baseCurrency, rate: baseRate.toFixed(), totalMinor: baseTotalMinor },
  }),
}))
