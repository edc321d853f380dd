// What callers tell of orders.

import { builder } from '../../builder.ts'
import { ProfileKeyInput, ProfileRefInput } from '../profiles/inputs.ts'
import { OrderStatusEnum } from './order-schema.ts'

const OrderAddressInput = builder.inputType('OrderAddressInput', {
  description: 'Country, region and postal code are kept as given, and beside it in one form.',
  fields: (t) => ({
    name: t.string(),
    lines: t.stringList(),
    postalCode: t.string(),
    city: t.string(),
    region: t.string(),
    country: t.string(),
  }),
})

const OrderItemInput = builder.inputType('OrderItemInput', {
  fields: (t) => ({
    product: t.string({
      required: true,
      description: 'Its source id. A product that nobody told of yet is noted, to be filled in later.',
    }),
    sku: t.string(),
    name: t.string(),
    quantity: t.int({ description: 'From 1, which is the default.' }),
    unitPrice: t.field({
      type: 'Decimal',
      description: 'Of one, exact: the line is worked out from it, then rounded.',
    }),
    discount: t.field({ type: 'Decimal', description: 'Off the whole line.' }),
    total: t.field({
      type: 'Decimal',
      description: 'Of the whole line; default: what quantity, price and discount make.',
    }),
    fields: t.field({ type: 'JSONObject' }),
  }),
})

export const OrderInput = builder.inputType('OrderInput', {
  description: 'What is left out stays as it is; null takes it away.',
  fields: (t) => ({
    sourceId: t.string({
      required: true,
      description:
        'The shop’s own number, at most 256 characters: the same that events tell as `transaction_id` or `order_id`.',
    }),
    profile: t.field({ type: ProfileRefInput, description: 'Whose it is; left out: a guest’s, or as known.' }),
    placedAt: t.field({ type: 'DateTime', description: 'A new order needs it.' }),
    updatedAt: t.field({
      type: 'DateTime',
      description:
        'When this held: what was said of a later time stays. Default: of a new order when it was placed, else now.',
    }),
    status: t.field({ type: OrderStatusEnum }),
    currency: t.string({ description: 'By code, sign or English name; amounts need it.' }),
    total: t.field({
      type: 'Decimal',
      description: 'What was to be paid. Kept as told, also where the parts make another; default: what they make.',
    }),
    discount: t.field({ type: 'Decimal', description: 'Off the whole order, beside those of lines.' }),
    shipping: t.field({ type: 'Decimal' }),
    tax: t.field({ type: 'Decimal' }),
    taxIncluded: t.boolean({ description: 'The lines have the tax in them already. Default: false.' }),
    items: t.field({ type: [OrderItemInput], description: 'All of its lines, at most 2,000.' }),
    couponCodes: t.stringList({ description: 'At most 50.' }),
    shippingAddress: t.field({ type: OrderAddressInput }),
    billingAddress: t.field({ type: OrderAddressInput }),
    fields: t.field({ type: 'JSONObject', description: 'All of its own fields, by name.' }),
  }),
})

export const OrderKeyInput = builder.inputType('OrderKeyInput', {
  isOneOf: true,
  description: 'Names an order.',
  fields: (t) => ({ id: t.id(), sourceId: t.string() }),
})

export const OrderFilter = builder.inputType('OrderFilter', {
  description: 'All of them must hold.',
  fields: (t) => ({
    statuses: t.field({ type: [OrderStatusEnum] }),
    profile: t.field({ type: ProfileKeyInput }),
    placedFrom: t.field({ type: 'DateTime', description: 'Inclusive.' }),
    placedTo: t.field({ type: 'DateTime', description: 'Exclusive.' }),
    totalsDiffer: t.boolean({ description: 'Those whose parts make, or do not make, the total that was told.' }),
  }),
})

export const RefundItemInput = builder.inputType('RefundItemInput', {
  description: 'Some of a line, by its number; or of all lines of a product or SKU, the first ones first.',
  fields: (t) => ({
    line: t.int(),
    product: t.string({ description: 'Its source id.' }),
    sku: t.string(),
    quantity: t.int({ description: 'Default: all that is left of it.' }),
  }),
})
