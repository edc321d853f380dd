// Orders looked up and listed: by themselves, of a person, of an event.

import { builder } from '../../builder.ts'
import { rootConnection, rowById } from '../../connections.ts'
import type { Context } from '../../context.ts'
import type { Order, Prisma } from '../../generated/prisma/client.ts'
import { idInput } from '../../ids.ts'
import { byId } from '../../keyset.ts'
import { EventType } from '../events/event-type.ts'
import { findPersonId } from '../profiles/look-up.ts'
import { membersOf } from '../profiles/members.ts'
import { personList } from '../profiles/person-list-schema.ts'
import { ProfileType, personal } from '../profiles/schema.ts'
import { figuresOfPerson, type OrderFigures, type OrdersOfCurrency } from './figures.ts'
import { OrderFilter, OrderKeyInput } from './inputs.ts'
import { orderOfEvent } from './of-event.ts'
import { OrderType } from './order-schema.ts'

const OrderEdge = builder.edgeObject({ type: OrderType, name: 'OrderEdge' })
const OrderConnection = builder.connectionObject({ type: OrderType, name: 'OrderConnection' }, OrderEdge)

interface Asked {
  statuses?: readonly Order['status'][] | null
  profile?: Parameters<typeof findPersonId>[1] | null
  placedFrom?: Date | null
  placedTo?: Date | null
}

/** Null where nobody is known by the key. */
async function whereOf(context: Context, asked: Asked): Promise<Prisma.OrderWhereInput | null> {
  const { statuses, profile, placedFrom, placedTo } = asked
  const personId = profile ? await findPersonId(context, profile, 'filter.profile') : null
  if (profile && personId === null) return null
  return {
    ...(statuses ? { status: { in: [...statuses] } } : {}),
    ...(personId === null ? {} : { profileId: { in: [...(await membersOf(context, personId))] } }),
    ...(placedFrom || placedTo
      ? { placedAt: { ...(placedFrom ? { gte: placedFrom } : {}), ...(placedTo ? { lt: placedTo } : {}) } }
      : {}),
  }
}

builder.queryFields((t) => ({
  order: t.prismaField({
    type: OrderType,
    nullable: true,
    authScopes: { can: 'PROFILES_READ' },
    args: { by: t.arg({ type: OrderKeyInput, required: true }) },
    resolve: (query, _root, { by }, { db, accountId }) =>
      db.order.findUnique({
        ...query,
        where:
          by.id == null
            ? { accountId_sourceId: { accountId, sourceId: by.sourceId?.trim() ?? '' } }
            : { accountId_id: { accountId, id: idInput('Order', by.id, 'by.id') } },
      }),
  }),
  orders: t.connection(
    {
      type: OrderType,
      nullable: true,
      authScopes: { can: 'PROFILES_READ' },
      description: 'In the order in which they were first told of.',
      args: { filter: t.arg({ type: OrderFilter }) },
      resolve: async (_root, args, context, info) => {
        const own = await whereOf(context, args.filter ?? {})
        return rootConnection(byId('order', context.accountId), { args, context, info }, async ({ where, ...query }) =>
          own === null
            ? []
            : context.db.order.findMany({ ...query, where: { accountId: context.accountId, ...where, ...own } }),
        )
      },
    },
    OrderConnection,
    OrderEdge,
  ),
}))

const OrdersOfCurrencyType = builder.objectRef<OrdersOfCurrency>('OrdersOfCurrency').implement({
  description: 'What a person’s orders of one currency come to.',
  fields: (t) => ({
    currency: t.exposeString('currency', { nullable: true, description: 'Null: of orders that tell none.' }),
    count: t.exposeInt('count'),
    grossMinor: t.expose('grossMinor', { type: 'MinorUnits', nullable: true, description: 'Of their totals.' }),
    refundedMinor: t.expose('refundedMinor', { type: 'MinorUnits', nullable: true }),
    netMinor: t.expose('netMinor', {
      type: 'MinorUnits',
      nullable: true,
      description: 'Without what was given back.',
    }),
    averageMinor: t.expose('averageMinor', {
      type: 'MinorUnits',
      nullable: true,
      description: 'Net of one order, of those that tell a total; rounded, halves away from zero.',
    }),
  }),
})

const OrderFiguresType = builder.objectRef<OrderFigures>('OrderFigures').implement({
  description: 'What a person ordered, over all profiles that are the person; cancelled orders do not count.',
  fields: (t) => ({
    count: t.exposeInt('count'),
    firstAt: t.expose('firstAt', { type: 'DateTime', nullable: true, description: 'When the first was placed.' }),
    lastAt: t.expose('lastAt', { type: 'DateTime', nullable: true }),
    cancelled: t.exposeInt('cancelled', { description: 'How many were cancelled.' }),
    currencies: t.expose('currencies', { type: [OrdersOfCurrencyType], description: 'By code.' }),
    base: t.field({
      type: OrdersOfCurrencyType,
      nullable: true,
      description: 'Of those whose amount in the account’s own currency is known, in that.',
      resolve: ({ base }) => base,
    }),
  }),
})

builder.prismaObjectFields(ProfileType, (t) => ({
  orders: t.connection(
    {
      ...personal,
      type: OrderType,
      description: 'In the order in which they were first told of.',
      resolve: personList<Order>('orders', { tag: 'orders-of-person' }),
    },
    OrderConnection,
    OrderEdge,
  ),
  orderFigures: t.field({
    ...personal,
    type: OrderFiguresType,
    resolve: ({ id }, _args, context) => figuresOfPerson(context, id),
  }),
}))

builder.prismaObjectField(EventType, 'order', (t) =>
  t.prismaField({
    type: OrderType,
    nullable: true,
    authScopes: { can: 'PROFILES_READ' },
    description: 'The order that the event told of.',
    resolve: async (query, { id }, _args, context) => {
      const orderId = await orderOfEvent(context, id)
      return orderId === null ? null : rowById(context, { model: 'order', query }, orderId)
    },
  }),
)
