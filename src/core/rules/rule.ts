// The form of a rule: the same tree in the database and in the API's RuleInput. Exactly one key per node.

import type { ConsentChannel, ConsentState } from '../consent.ts'

/** A condition on a person. A missing value is UNKNOWN, neither true nor false, and so is its negation. */
export type Rule =
  | { readonly all: readonly Rule[] }
  | { readonly any: readonly Rule[] }
  | { readonly not: Rule }
  | { readonly field: FieldRule }
  | { readonly event: EventRule }
  | { readonly order: OrderRule }
  | { readonly product: ProductRule }
  | { readonly audience: AudienceRule }
  | { readonly relationship: RelationshipRule }
  | { readonly quality: QualityRule }
  | { readonly consent: ConsentRule }
  /** The same as `field`, on the data of the event at hand; where there is no event, everything is missing. */
  | { readonly eventData: FieldRule }

export const fieldOperators = [
  'EQ',
  'NE',
  'LT',
  'LTE',
  'GT',
  'GTE',
  'IN',
  'NOT_IN',
  'CONTAINS',
  'STARTS_WITH',
  'ENDS_WITH',
  'EXISTS',
  'MISSING',
  'WITHIN_LAST_DAYS',
] as const

export type FieldOperator = (typeof fieldOperators)[number]

export interface FieldRule {
  /** A path into the person's fields, `a.b[].c` for any element of a list, or an identity such as `email`. */
  readonly field: string
  readonly op: FieldOperator
  readonly value?: unknown
  /** A missing value satisfies. */
  readonly orMissing?: boolean | null
}

/**
 * How many there must be: at least 1 unless a bound says otherwise; `atMost` alone allows none. All that count are known, so
 * these conditions are TRUE or FALSE, never UNKNOWN.
 */
export interface CountBounds {
  /** 0 to 1,000. */
  readonly atLeast?: number | null
  /** 0 to 1,000, not below `atLeast`. */
  readonly atMost?: number | null
  /** Only what happened from so many days before the event's time up to it, both included; more than 0, up to 36,500. */
  readonly withinLastDays?: number | null
}

/** How often the person performed an event, the one at hand not counted; nothing counts that happened after it. */
export interface EventRule extends CountBounds {
  /** Compared folded; 1 to 100 characters then. */
  readonly name: string
  /** False: not so often; the negation of the count. Default true. */
  readonly performed?: boolean | null
}

export const orderAggregates = [
  'COUNT',
  'TOTAL_MINOR',
  'AVERAGE_MINOR',
  'LARGEST_MINOR',
  'FIRST_MINOR',
  'DAYS_SINCE_LAST',
  'DAYS_SINCE_FIRST',
] as const

export type OrderAggregate = (typeof orderAggregates)[number]

export const orderOperators = ['EQ', 'NE', 'LT', 'LTE', 'GT', 'GTE'] as const

export type OrderOperator = (typeof orderOperators)[number]

/**
 * A figure of the person's latest 1,000 orders, what the event at hand tells not counted, nor orders that were cancelled by then;
 * amounts are without what was given back by then. Without orders COUNT and TOTAL_MINOR are 0, the others UNKNOWN. FIRST_MINOR
 * is of the first of them all, unknown where that is in another currency or before the window. Days are whole, of 24 hours.
 */
export interface OrderRule {
  readonly aggregate: OrderAggregate
  readonly op: OrderOperator
  /** Of money: minor units. */
  readonly value: number
  /** ISO 4217, in any letter case; needed with money, where orders in other currencies or without a readable amount do not count; refused otherwise. */
  readonly currency?: string | null
  readonly withinLastDays?: number | null
}

/**
 * How many pieces of a product the person bought, or in how many orders: of all orders that were not cancelled by then, without
 * what was given back of them by then. Items are those that were told last. Exactly one of `id`, `sku` and `category`.
 */
export interface ProductRule extends CountBounds {
  /** The shop's own id of the product; 1 to 256 characters. */
  readonly id?: string | null
  readonly sku?: string | null
  /** What the product's category begins with, from the widest to the narrowest; 1 to 10 names. */
  readonly category?: readonly string[] | null
  /** QUANTITY: pieces; ORDERS: orders that have any of it. Default QUANTITY. */
  readonly counting?: (typeof productCountings)[number] | null
}

export const productCountings = ['QUANTITY', 'ORDERS'] as const

export const ruleSides = ['FRIEND', 'ADVOCATE'] as const

/** How many relationships the person has that were shown by then; `withinLastDays` asks for their latest evidence. */
export interface RelationshipRule extends CountBounds {
  /** FRIEND: advocates of theirs are counted; ADVOCATE: friends of theirs. */
  readonly as: (typeof ruleSides)[number]
  /** The program's UUID or global id; default: any. */
  readonly programId?: string | null
  /**
   * Only those of which it is TRUE of the other person; it asks about no relationships of theirs with a condition of its own. Of
   * audiences and lists alone: an event's criteria know no others.
   */
  readonly where?: Rule | null
}

export const ruleQualities = ['HIGH', 'LOW', 'NONE'] as const

/** How many of the person's earlier events were decided with a quality. */
export interface QualityRule extends CountBounds {
  readonly is: (typeof ruleQualities)[number]
}

/**
 * What is in force of a channel: the latest that the person said of it. Of what nothing was said, no state is: TRUE or FALSE, never
 * UNKNOWN. Of audiences and lists alone: an event's criteria know no consents.
 */
export interface ConsentRule {
  /** Default: any of them. */
  readonly channel?: ConsentChannel | null
  /** Default OPTED_IN. */
  readonly state?: ConsentState | null
}

export interface AudienceRule {
  /** The audience's UUID or global id. */
  readonly id: string
  /** Default true. */
  readonly member?: boolean | null
}

/** Nesting: a lone leaf has depth 1. */
export const maxRuleDepth = 16

/** Members of one `all` or `any`, and values of one `IN`. */
export const maxRuleWidth = 200

/** Conditions of one rule together. */
export const maxRuleLeaves = 1_000

/** Different event names that one rule asks about. */
export const maxRuleEvents = 50

/** The largest bound of a count. */
export const maxRuleCount = 1000

/** The widest window, in days. */
export const maxRuleDays = 36_500
