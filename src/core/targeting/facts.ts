// What the resolver is given: plain data about one batch of events, and the rule set in force.
// Nothing here knows a clock, a database or a package; every instant is milliseconds since the epoch, UTC.

import type { ConsentChannel, ConsentState } from '../consent.ts'
import type { FieldMeta } from '../fields/fold.ts'
import type { OrderChange } from '../orders/fold.ts'
import type { Rule } from '../rules/rule.ts'
import type { Quality, UnattributedReason } from './decision.ts'

export type Instant = number

export type JsonObject = { readonly [key: string]: unknown }

export type JourneyRole = 'PARTICIPANT' | 'ADVOCATE' | 'FRIEND'
export type CampaignState = 'DRAFT' | 'LIVE' | 'PAUSED' | 'ENDED' | 'STOPPED' | 'ARCHIVED'
export type ReentryPolicy = 'CONTINUE' | 'NEW_AFTER_EXIT' | 'NEVER_AGAIN'
export type CodeKind = 'COUPON' | 'SHARE' | 'ADVOCATE_CODE' | 'PROMO_LINK'
export type RequiredTargetKind = 'CAMPAIGN_ID' | 'PROGRAM' | 'JOURNEY_NAME'

export interface RequiredTarget {
  readonly kind: RequiredTargetKind
  readonly value: string
}

/** Typed hints, as the caller gave them. Raw ones are read from the event's data. */
export interface TypedTargeting {
  readonly require?: readonly RequiredTarget[] | null
  readonly requiredLabels?: readonly string[] | null
  readonly couponCodes?: readonly string[] | null
  readonly shareIds?: readonly string[] | null
  readonly advocateCodes?: readonly string[] | null
  readonly journeyCampaignId?: string | null
  readonly labels?: readonly string[] | null
  readonly promoLink?: string | null
  readonly partnerId?: string | null
  readonly strictHints?: boolean | null
}

/** An event to decide about. */
export interface EventFacts {
  readonly id: string
  /** Folded to snake case and translated by the account's alias table. */
  readonly name: string
  /** The folded spelling that the alias table translated, if it did. */
  readonly alias?: string
  readonly personId: string
  /** The effective time: `occurredAt`, clamped to receipt when more than 5 minutes ahead of it. */
  readonly t: Instant
  readonly data: JsonObject
  readonly targeting?: TypedTargeting
  readonly userAgent?: string
}

/** One definition of a published campaign revision. */
export interface JourneyDefinition {
  readonly name: string
  readonly role: JourneyRole
  readonly priority: number
  /** Folded event names. */
  readonly events: readonly string[]
  /** Those of `events` that may begin the journey. */
  readonly startEvents: readonly string[]
  readonly entry: Rule | null
  readonly ongoing: Rule | null
  /** A path into the event's data whose text keys the journey. */
  readonly keyField: string | null
  readonly inactivityDays: number | null
  readonly reentry: ReentryPolicy
}

export interface CampaignFacts {
  readonly id: string
  readonly programId: string
  readonly name: string
  /** The published revision that these facts are of. */
  readonly revision: number
  readonly state: CampaignState
  readonly startsAt: Instant | null
  readonly endsAt: Instant | null
  readonly firstLiveAt: Instant | null
  readonly requiredTargets: readonly RequiredTarget[]
  readonly journeys: readonly JourneyDefinition[]
  readonly content: readonly ContentPiece[]
}

/** What one of the campaign's journeys shows in a zone; of a zone and a journey there is one. */
export interface ContentPiece {
  readonly zone: string
  readonly journeyName: string
  readonly body: unknown
}

export interface ProgramFacts {
  readonly id: string
  readonly name: string
  readonly labels: readonly string[]
  readonly lookbackDays: number
  /** Two people may refer each other without loss of quality. */
  readonly allowMutualReferral: boolean
}

/** One passage of a person. The loader gives activities enough to answer "the latest ≤ t" for every t of the batch. */
export interface JourneyFacts {
  readonly id: string
  readonly personId: string
  readonly campaignId: string
  readonly definition: string
  readonly role: JourneyRole
  readonly key: string
  readonly relationshipId: string | null
  readonly startedAt: Instant
  exitedAt: Instant | null
  /** Times of events credited to it; the largest is its last activity. Unordered. */
  readonly activities: Instant[]
  /** Partner ids that came with credited events, each with the earliest time. */
  readonly partnerIds: Map<string, Instant>
}

/** An edge advocate → friend. Its first evidence is Infinity while it has none left. The loader gives evidence times enough to answer "the latest ≤ t" for every t of the batch. */
export interface RelationshipFacts {
  readonly id: string
  readonly advocateId: string
  readonly friendId: string
  readonly programId: string
  readonly campaignId: string | null
  firstEvidenceAt: Instant
  /** Unordered. */
  readonly evidence: Instant[]
  /** Codes whose EMAIL_MATCH is among the evidence already; loaded for shares that reach the person. */
  readonly matchedCodeIds: Set<string>
  /** The person on the other side, where audiences ask about them. */
  other?: PersonFacts
}

/** One thing that was told of an order, as far as rules ask. */
export type OrderFacts = OrderChange & {
  /** The shop's own id of the order. */
  readonly orderId: string
  /** The event that told it; null for another way. */
  readonly eventId: string | null
  /** Of a statement: what was bought; absent where that was not told, or nobody asks. */
  readonly items?: readonly ItemFacts[]
}

/** One line of an order. */
export interface ItemFacts {
  readonly line: number
  /** The shop's own id. */
  readonly productId: string
  readonly sku: string | null
  /** From the widest to the narrowest. */
  readonly category: readonly string[]
  readonly quantity: number
  readonly totalMinor: number | null
}

/** What a person did before, as far as the rules in force ask: the loader gives, for each t of the batch, enough to answer them. */
export interface PersonHistory {
  /** By folded event name, the times of it; unordered. */
  readonly events: Map<string, Instant[]>
  /** All that was told of the person's orders, in no order. */
  readonly orders: OrderFacts[]
  /** Of earlier events that were decided. */
  readonly qualities: { readonly quality: Quality; readonly at: Instant }[]
  /** Relationships in which the person is the advocate. */
  readonly friends: (Pick<RelationshipFacts, 'id' | 'programId' | 'firstEvidenceAt' | 'evidence' | 'other'> & {
    readonly friendId?: string
  })[]
}

/**
 * A person, under the id that all merges lead to. Advocates of the batch are people too; of them journeys are read, and
 * those relationships in which somebody of the batch is their advocate.
 */
export interface PersonFacts {
  readonly id: string
  readonly blocked: boolean
  readonly fields: JsonObject
  /** By field, when its value was stated and until when it holds; absent where that is not known of any. */
  readonly fieldMeta?: FieldMeta
  /** When the first of the values ends; absent where none does. Until it is asked at a time, `fields` has those that ended. */
  readonly fieldsEndAt?: Instant | null
  /** By kind (SOURCE_ID, EMAIL, PARTNER_USER_ID, PHONE, DEVICE), oldest first. */
  readonly identities: { readonly [kind: string]: readonly string[] }
  readonly audienceIds: ReadonlySet<string>
  /** By channel, what was said of it last, whenever it came in; there where audiences ask about it. */
  readonly consents?: ReadonlyMap<ConsentChannel, ConsentFacts>
  readonly journeys: JourneyFacts[]
  /** Those in which this person is the friend. */
  readonly relationships: RelationshipFacts[]
  readonly history: PersonHistory
}

/** What a person said of a channel, and when; of one time the larger id is the later. */
export interface ConsentFacts {
  readonly state: ConsentState
  readonly at: Instant
  readonly id: string
}

export interface CodeFacts {
  readonly id: string
  readonly kind: CodeKind
  /** Upper-cased. */
  readonly code: string
  readonly label: string | null
  readonly programId: string | null
  readonly campaignIds: readonly string[]
  /** Under the id that all merges lead to. */
  readonly advocateId: string | null
  readonly createdAt: Instant
  readonly expiresAt: Instant | null
  readonly disabledAt: Instant | null
}

/** The decision in force of the event that a transaction began with. */
export interface TransactionFacts {
  readonly eventId: string
  /** The event tells of an order; a checkout, say, may name the transaction before. */
  readonly isOrder: boolean
  readonly campaignId: string | null
  readonly campaignRevision: number | null
  readonly programId: string | null
  readonly journey: {
    readonly id: string
    readonly definition: string
    readonly role: JourneyRole
    readonly key: string
  } | null
  readonly relationshipId: string | null
  readonly advocateId: string | null
  readonly quality: Quality
  readonly reason: UnattributedReason | null
  readonly reasonDetail: UnattributedReason | null
}

/** Everything that a batch's events can touch, and nothing of another account. The effects of a decision are written into it. */
export interface World {
  /** The events' people and their advocates. An advocate who is not among them has been erased. */
  readonly people: Map<string, PersonFacts>
  /** By upper-cased code. */
  readonly codes: Map<string, CodeFacts>
  /** Shares by the e-mail addresses that they were sent to. */
  readonly sharesTo: Map<string, readonly CodeFacts[]>
  /** By transaction id. */
  readonly transactions: Map<string, TransactionFacts>
  /** Whose the orders are that the events tell of, by order; those that nobody told of yet are absent. Without it all are the events' own people's. */
  readonly orderOwners?: Map<string, string>
}
