// What accounts of an industry usually send: event types and the fields of them and of orders, ready to be taken over.

import type { FieldOwner, FieldType } from './fields/definition.ts'

export const templateNames = ['RETAIL', 'SERVICES', 'TRAVEL', 'FOOD_DELIVERY'] as const

export type TemplateName = (typeof templateNames)[number]

export interface TemplateField {
  readonly owner: FieldOwner
  /** Of fields of events, else empty. */
  readonly eventName: string
  readonly name: string
  readonly type: FieldType
  readonly itemType: FieldType | null
  /** Of an ENUM. */
  readonly values: readonly string[]
}

export interface TemplateEvent {
  /** Folded. */
  readonly name: string
  /** It inherits the decision of what it follows. */
  readonly followsTransaction: boolean
}

export interface Template {
  readonly name: TemplateName
  readonly description: string
  readonly events: readonly TemplateEvent[]
  readonly fields: readonly TemplateField[]
}

/** A type; of an enum its values; of a list the type of its elements. */
type Shape = FieldType | readonly string[] | { readonly listOf: FieldType }
type Fields = Readonly<Record<string, Shape>>

function fieldsOf(owner: FieldOwner, fields: Fields, eventName = ''): TemplateField[] {
  return Object.entries(fields).map(([name, shape]) => {
    const plain = { owner, eventName, name, itemType: null, values: [] }
    if (typeof shape === 'string') return { ...plain, type: shape }
    return 'listOf' in shape
      ? { ...plain, type: 'LIST', itemType: shape.listOf }
      : { ...plain, type: 'ENUM', values: shape }
  })
}

interface Sample {
  readonly description: string
  readonly events: Readonly<Record<string, Fields>>
  /** Those of the events that follow a transaction. */
  readonly follows?: readonly string[]
  readonly PRODUCT?: Fields
  readonly ORDER?: Fields
  readonly ORDER_ITEM?: Fields
}

const product: Fields = {
  ...{ product_id: 'STRING', sku: 'STRING', name: 'STRING', category: 'STRING', price: 'NUMBER', currency: 'CURRENCY' },
}
const cart: Fields = { cart_id: 'STRING', products: { listOf: 'OBJECT' }, value: 'NUMBER', currency: 'CURRENCY' }
const order: Fields = {
  ...{
    order_id: 'STRING',
    total: 'NUMBER',
    currency: 'CURRENCY',
    discount: 'NUMBER',
    shipping: 'NUMBER',
    tax: 'NUMBER',
  },
  ...{ coupon: 'STRING', products: { listOf: 'OBJECT' } },
}
const turn: Fields = { order_id: 'STRING', reason: 'STRING' }
const refund: Fields = { ...turn, refund_id: 'STRING', amount: 'NUMBER', currency: 'CURRENCY' }

/** What every shop has, whatever it sells. */
const shopping = {
  product_viewed: product,
  product_added: { ...product, cart_id: 'STRING', quantity: 'INTEGER' },
  checkout_started: { ...cart, checkout_id: 'STRING' },
  cart_abandoned: { ...cart, checkout_id: 'STRING', last_event: 'STRING', last_event_id: 'STRING' },
  order_completed: order,
  order_cancelled: turn,
  order_refunded: refund,
} as const satisfies Sample['events']

const follows = ['order_cancelled', 'order_refunded']

const samples: Readonly<Record<TemplateName, Sample>> = {
  RETAIL: {
    description: 'Goods that are looked at, put into a cart, ordered, sent and given back.',
    events: { ...shopping, order_shipped: { order_id: 'STRING', carrier: 'STRING', tracking_url: 'URL' } },
    follows: [...follows, 'order_shipped'],
    PRODUCT: { brand: 'STRING', colour: 'STRING', size: 'STRING', material: 'STRING', rating: 'NUMBER' },
    ORDER: { delivery: ['STANDARD', 'EXPRESS', 'PICK_UP'], gift: 'BOOLEAN', store: 'STRING' },
    ORDER_ITEM: { gift_wrap: 'BOOLEAN' },
  },
  SERVICES: {
    description: 'Appointments and subscriptions: asked for, booked, kept or missed.',
    events: {
      ...shopping,
      quote_requested: { service: 'STRING', budget: 'NUMBER', currency: 'CURRENCY' },
      appointment_booked: { appointment_id: 'STRING', service: 'STRING', starts_at: 'DATETIME', location: 'STRING' },
      appointment_cancelled: { appointment_id: 'STRING', reason: 'STRING' },
      appointment_completed: { appointment_id: 'STRING', rating: 'NUMBER' },
      subscription_started: { plan: 'STRING', interval: ['MONTH', 'YEAR'], price: 'NUMBER', currency: 'CURRENCY' },
      subscription_ended: { plan: 'STRING', reason: 'STRING' },
    },
    follows,
    PRODUCT: { duration_minutes: 'INTEGER', on_site: 'BOOLEAN' },
    ORDER: { appointment_at: 'DATETIME', location: 'STRING' },
    ORDER_ITEM: { staff: 'STRING', starts_at: 'DATETIME' },
  },
  TRAVEL: {
    description: 'Trips and stays: searched, booked, changed and travelled.',
    events: {
      ...shopping,
      trip_searched: {
        ...{ origin: 'STRING', destination: 'STRING', departs_on: 'DATE', returns_on: 'DATE', travellers: 'INTEGER' },
      },
      booking_changed: { order_id: 'STRING', departs_on: 'DATE', returns_on: 'DATE' },
      checked_in: { order_id: 'STRING', at: 'DATETIME' },
      trip_completed: { order_id: 'STRING', rating: 'NUMBER' },
    },
    follows: [...follows, 'booking_changed', 'checked_in', 'trip_completed'],
    PRODUCT: { destination: 'STRING', country: 'COUNTRY', stars: 'NUMBER' },
    ORDER: { departs_on: 'DATE', returns_on: 'DATE', travellers: 'INTEGER', destination: 'STRING' },
    ORDER_ITEM: { cabin: ['ECONOMY', 'PREMIUM', 'BUSINESS', 'FIRST'], board: 'STRING', nights: 'INTEGER' },
  },
  FOOD_DELIVERY: {
    description: 'Meals that are chosen, ordered and brought.',
    events: {
      ...shopping,
      restaurant_viewed: { restaurant_id: 'STRING', name: 'STRING', cuisine: 'STRING' },
      order_delivered: { order_id: 'STRING', minutes: 'INTEGER', courier_id: 'STRING' },
      order_rated: { order_id: 'STRING', rating: 'NUMBER', comment: 'STRING' },
    },
    follows: [...follows, 'order_delivered', 'order_rated'],
    PRODUCT: { restaurant_id: 'STRING', cuisine: 'STRING', vegetarian: 'BOOLEAN', allergens: { listOf: 'STRING' } },
    ORDER: { restaurant_id: 'STRING', service: ['DELIVERY', 'PICK_UP'], promised_at: 'DATETIME', tip: 'NUMBER' },
    ORDER_ITEM: { options: { listOf: 'STRING' }, note: 'STRING' },
  },
}

function templateOf(name: TemplateName): Template {
  const { description, events, follows: after = [], PRODUCT = {}, ORDER = {}, ORDER_ITEM = {} } = samples[name]
  return {
    ...{ name, description },
    events: Object.keys(events).map((event) => ({ name: event, followsTransaction: after.includes(event) })),
    fields: [
      ...Object.entries(events).flatMap(([event, fields]) => fieldsOf('EVENT', fields, event)),
      ...fieldsOf('PRODUCT', PRODUCT),
      ...fieldsOf('ORDER', ORDER),
      ...fieldsOf('ORDER_ITEM', ORDER_ITEM),
    ],
  }
}

/** All of them, by name. */
export const templates: readonly Template[] = templateNames.map(templateOf)
