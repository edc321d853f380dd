// Orders as callers tell them: saved many at once, cancelled, given back.

import { builder } from '../../builder.ts'
import { rowById } from '../../connections.ts'
import { ApiError } from '../../errors.ts'
import { ItemError, itemErrorOf } from '../events/item-error-schema.ts'
import { FieldWarning } from '../fields/warning-schema.ts'
import { DifferenceType, SavedStatusEnum } from '../products/product-schema.ts'
import { OrderInput, OrderKeyInput, RefundItemInput } from './inputs.ts'
import { OrderStatusEnum, OrderType } from './order-schema.ts'
import type { SavedOrder } from './saving.ts'
import { saveOrders } from './service.ts'
import { cancelOrder, refundOrder, returnOrder, setOrderStatus, type Turned } from './turns.ts'

interface OrderResult {
  readonly index: number
  readonly outcome: SavedOrder | ApiError
}

const savedIn = ({ outcome }: OrderResult): SavedOrder | null => (outcome instanceof ApiError ? null : outcome)

const SaveOrderResult = builder.objectRef<OrderResult>('SaveOrderResult').implement({
  description: 'What became of one order of the list.',
  fields: (t) => ({
    index: t.exposeInt('index', { description: 'Its place in the list, from 0.' }),
    status: t.field({ type: SavedStatusEnum, nullable: true, resolve: (result) => savedIn(result)?.status ?? null }),
    order: t.prismaField({
      type: OrderType,
      nullable: true,
      resolve: (query, result, _args, context) => {
        const saved = savedIn(result)
        return saved && rowById(context, { model: 'order', query }, saved.id)
      },
    }),
    differences: t.field({ type: [DifferenceType], resolve: (result) => [...(savedIn(result)?.differences ?? [])] }),
    warnings: t.field({
      type: [FieldWarning],
      description: 'What was left out by the definitions of fields, and what does not add up and is kept as told.',
      resolve: (result) => [...(savedIn(result)?.warnings ?? [])],
    }),
    error: t.field({ type: ItemError, nullable: true, resolve: ({ outcome }) => itemErrorOf(outcome) }),
  }),
})

builder.relayMutationField(
  'saveOrders',
  { inputFields: (t) => ({ orders: t.field({ type: [OrderInput], required: true, description: 'At most 500.' }) }) },
  {
    nullable: true,
    authScopes: { can: 'PROFILES_WRITE' },
    description:
      'Stores orders, or changes those that are known by their source id, whoever told of them before; each succeeds or fails alone. No event is made of it, and nobody is credited.',
    resolve: async (_root, { input }, context) => ({ outcomes: await saveOrders(context, input) }),
  },
  {
    outputFields: (t) => ({
      results: t.field({
        type: [SaveOrderResult],
        description: 'One for each order, in the order of the list.',
        resolve: ({ outcomes }) => outcomes.map((outcome, index) => ({ index, outcome })),
      }),
    }),
  },
)

type PayloadFields = PothosSchemaTypes.ObjectFieldBuilder<typeof builder.$inferSchemaTypes, Turned>

const turnedFields = {
  outputFields: (t: PayloadFields) => ({
    order: t.prismaField({
      type: OrderType,
      nullable: true,
      resolve: (query, { orderId }, _args, context) => rowById(context, { model: 'order', query }, orderId),
    }),
    isChanged: t.exposeBoolean('isChanged', { description: 'False where it was told before, or changes nothing.' }),
  }),
}

const writes = { nullable: true, authScopes: { can: 'PROFILES_WRITE' } } as const
const at = { type: 'DateTime', description: 'When it happened; default: now.' } as const
const reason = { description: 'At most 500 characters.' }

builder.relayMutationField(
  'cancelOrder',
  {
    inputFields: (t) => ({
      order: t.field({ type: OrderKeyInput, required: true }),
      at: t.field(at),
      reason: t.string(reason),
    }),
  },
  {
    ...writes,
    description: 'From then on it counts as no order. Cancelling it again changes nothing.',
    resolve: (_root, { input }, context) => cancelOrder(context, input),
  },
  turnedFields,
)

builder.relayMutationField(
  'setOrderStatus',
  {
    inputFields: (t) => ({
      order: t.field({ type: OrderKeyInput, required: true }),
      status: t.field({ type: OrderStatusEnum, required: true }),
      at: t.field(at),
      reason: t.string(reason),
    }),
  },
  {
    ...writes,
    description: 'Notes how far the order has come.',
    resolve: (_root, { input }, context) => setOrderStatus(context, input),
  },
  turnedFields,
)

const refundId = { description: 'The sender’s own id of it: the same again changes nothing. At most 256 characters.' }

builder.relayMutationField(
  'refundOrder',
  {
    inputFields: (t) => ({
      order: t.field({ type: OrderKeyInput, required: true }),
      refundId: t.string(refundId),
      amount: t.field({ type: 'Decimal', description: 'In the order’s currency; default: what the items cost.' }),
      items: t.field({ type: [RefundItemInput], description: 'What comes back.' }),
      at: t.field(at),
      reason: t.string(reason),
    }),
  },
  {
    ...writes,
    description: 'Gives back a part of an order, by amount or by items. More than was paid or bought is BAD_INPUT.',
    resolve: (_root, { input }, context) => refundOrder(context, input),
  },
  turnedFields,
)

builder.relayMutationField(
  'returnOrder',
  {
    inputFields: (t) => ({
      order: t.field({ type: OrderKeyInput, required: true }),
      refundId: t.string(refundId),
      amount: t.field({
        type: 'Decimal',
        description: 'Default: what the items cost; of a whole order all that is left.',
      }),
      items: t.field({ type: [RefundItemInput], description: 'Default: all of them.' }),
      at: t.field(at),
      reason: t.string(reason),
    }),
  },
  {
    ...writes,
    description:
      'The order came back, or the items named, and what they cost is given back. All of it: the order is RETURNED.',
    resolve: (_root, { input }, context) => returnOrder(context, input),
  },
  turnedFields,
)
