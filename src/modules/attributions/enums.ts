// The closed codes of targeting, each value with what it means and what a sender or a marketer may do about it.

import { builder } from '../../builder.ts'
import type { TruthName } from '../../core/rules/truth.ts'
import {
  type CandidateTrace,
  type HintFate,
  type HintKind,
  type RankingKey as RankingKeyName,
  rankingKeys,
  type TracePhase as TracePhaseName,
  tracePhases,
  type UnattributedReason,
  unattributedReasons,
  type WarningCode as WarningCodeName,
} from '../../core/targeting/decision.ts'
import type { ConditionKind as ConditionKindName } from '../../core/targeting/summary-conditions.ts'
import type { AttributionStatus, DecidedBy, Quality } from '../../generated/prisma/client.ts'

/** The values of an enum with their descriptions; a value without words does not compile. */
export function described<Value extends string>(words: Readonly<Record<Value, string>>) {
  const values = Object.entries<string>(words).map(([value, description]) => [value, { description }])
  return Object.fromEntries(values) as { [value in Value]: { description: string } } // `as`: fromEntries forgets the keys
}

export const AttributionStatusEnum = builder.enumType('AttributionStatus', {
  description: 'Whether an event was credited.',
  values: described<AttributionStatus>({
    ATTRIBUTED: 'A campaign got the credit, in a FRIEND flow an advocate too.',
    UNATTRIBUTED: 'Nobody got the credit; `reason` says why, and the near miss what would have been needed.',
  }),
})

export const QualityEnum = builder.enumType('Quality', {
  description: 'HIGH unless something named lowered it; NONE for unattributed.',
  values: described<Quality>({
    HIGH: 'Nothing speaks against it.',
    LOW: 'Credited, but look at the warnings before paying a reward: a self-referral, or a mutual one where the program does not allow it.',
    NONE: 'Nobody was credited.',
  }),
})

export const reasonWords: Readonly<Record<UnattributedReason, string>> = {
  NO_CAMPAIGN: 'The account has no campaign that could be looked at. Create one.',
  CAMPAIGN_NOT_LIVE:
    'No campaign was live when the event was processed (a paused one takes only people on a journey of it). Take one live.',
  OUTSIDE_WINDOW: 'No live campaign’s window held the event’s time. Widen a window, or check `occurredAt`.',
  EVENT_NOT_SUPPORTED:
    'No running campaign takes an event of that name, or it may not begin a journey. Check the spelling, add an alias, or add the event to a flow.',
  CAMPAIGN_TARGET_NOT_PRESENT:
    'The campaign wants to be asked for by a target of its own, and the event carries none of them. Send it in `targeting.require`.',
  REQUIRED_TARGET_UNMATCHED:
    'The event requires a campaign, program, journey or label that nothing in question meets. Check the value, or require less.',
  TARGET_MALFORMED: 'A required target or label could not be read, so nothing may be credited. Mend what is sent.',
  REENTRY_FORBIDDEN: 'The person has been on that journey, and its re-entry policy is NEVER_AGAIN. Nothing to mend.',
  ENTRY_CRITERIA_FAILED:
    'The person does not meet the entry criteria, or a value they ask for is missing. The near miss names the conditions.',
  ONGOING_CRITERIA_FAILED:
    'The person no longer meets the ongoing criteria, and leaves the journey. The near miss names the conditions.',
  NO_REFERRAL:
    'A FRIEND flow, and the person has no usable relationship: send the code or share, or look at the program’s look-back.',
  ADVOCATE_INELIGIBLE: 'A FRIEND flow, and whoever referred the person is blocked or erased. Nothing to mend.',
  PERSON_BLOCKED: 'Events of this person are blocked; the event is stored all the same.',
  BOT: 'The user agent is a known crawler, link preview or mail scanner. Do not track those.',
  HINT_UNRESOLVED: 'With `strictHints` every code must be known and active, and one was not. The warnings name it.',
}

export const ReasonEnum = builder.enumType('UnattributedReason', {
  values: described(reasonWords),
  description: `Why nobody got the credit. In order, the furthest phase last, then those that end targeting before it starts: ${unattributedReasons.join(', ')}.`,
})

export const TracePhase = builder.enumType('TracePhase', {
  description: `The phases of targeting. In order: ${tracePhases.join(', ')}.`,
  values: described<TracePhaseName>({
    PRE_SCREEN: 'State, window, event name and the campaign’s own required targets.',
    REQUIRED_TARGETS: 'What the event requires: campaigns and flows that do not match are out, whatever follows.',
    CANDIDATES: 'Journeys, re-entry, criteria and relationships: who could take the event.',
    EXPLICIT_HINTS:
      'Coupons, shares, advocate codes and the journey’s campaign, the strongest first, choose among those.',
    SOFT_HINTS: 'Labels and promo links choose among what is left, per program.',
    RANKING: 'What is left is ranked key by key; the first wins.',
  }),
})

const rankingWords: Readonly<Record<RankingKeyName, string>> = {
  PRIORITY: 'The priority of the flow: the larger wins. The one that a marketer sets.',
  PARTNER_ID: 'The partner’s id came with an earlier event of this very journey.',
  JOURNEY_RECENCY: 'The later activity of the person’s own journey; a new journey has none.',
  ADVOCATE_RECENCY: 'The later activity of the advocate, in the campaign or else in its program.',
  EVIDENCE_RECENCY: 'The later proof of the relationship, this event’s own codes included.',
  CAMPAIGN_RECENCY: 'The campaign that first went live later.',
  ID: 'The order of ids, since all else is equal. Give the flows different priorities, so that it is no accident.',
}

export const RankingKey = builder.enumType('RankingKey', {
  values: described(rankingWords),
  description: `The keys of the ranking. The strongest first: ${rankingKeys.join(', ')}.`,
})

const hintWords: Readonly<Record<HintKind, string>> = {
  REQUIRE: 'A required target: a campaign, program or journey, as `KIND:value`.',
  REQUIRED_LABEL: 'A label that the program must have.',
  COUPON_CODE: 'A coupon: the strongest explicit hint.',
  SHARE_ID: 'A share: the second strongest.',
  ADVOCATE_CODE: 'An advocate’s code: the third strongest.',
  JOURNEY_CAMPAIGN_ID: 'The campaign of the journey that the sender believes the person is on: the fourth strongest.',
  LABEL: 'A label of programs: chooses softly, after all explicit hints.',
  PROMO_LINK: 'A promo link: chooses softly, as a label does.',
  PARTNER_ID: 'A partner’s id: chooses nothing, but counts in the ranking.',
}

export const HintKindEnum = builder.enumType('HintKind', {
  values: described(hintWords),
  description: `What a value that came with an event is. The strongest first: ${Object.keys(hintWords).join(', ')}.`,
})

const warningWords: Readonly<Record<WarningCodeName, string>> = {
  HINT_UNKNOWN:
    'The account has no such code, share or campaign; it was not followed. Check the spelling, or create it first.',
  HINT_CODE_INACTIVE: 'The code was disabled or had expired at the event’s time; it was not followed.',
  HINT_MALFORMED: 'Over 20 values, over 256 characters, or no text, number or boolean; the value was left out.',
  HINT_FIELD_MISMATCH:
    'The code is of another kind than the field it came in; it was followed all the same. Send it in its own field.',
  HINT_CONFLICT: 'Something stronger on the event says otherwise; it was not followed, or not for its advocate.',
  HINT_NOT_VIABLE: 'None of its campaigns could take the event; `detail` is how they failed.',
  HINT_CAMPAIGN_NOT_LIVE:
    'None of its campaigns is live or paused; it selects nothing. Disable the code, or point it elsewhere.',
  LABEL_NOT_VIABLE: 'No campaign of its programs could take the event; it was ignored.',
  ADVOCATE_HINT_NOT_VIABLE:
    'The advocate that it names has no usable relationship here; the campaign is credited without them.',
  SELF_REFERRAL: 'The person came by a code of their own: no advocate is credited, and the quality is LOW.',
  MUTUAL: 'The person had referred the advocate before; the quality is LOW unless the program allows it.',
  ORDER_SENSITIVE:
    'Events arrived in another order than they happened, and it may have made a difference. `reattributeEvent` decides anew.',
}

export const WarningCode = builder.enumType('TargetingWarningCode', {
  description: 'What the sender of an event may want to mend.',
  values: described(warningWords),
})

export const HintFateEnum = builder.enumType('HintFate', {
  description: 'What became of a hint: one of the first three, else the warning that says why it was not followed.',
  values: described<HintFate>({
    READ: 'It took part: required targets, and the partner’s id.',
    APPLIED: 'It narrowed the candidates.',
    NOT_REACHED: 'Targeting ended before it was asked.',
    ...warningWords,
  }),
})

// PARTNER_ID is a key of the ranking here; a partner’s id never chooses.
export const CandidateCodeEnum = builder.enumType('CandidateCode', {
  description:
    'Why a candidate fell: a reason, the hint that chose another, or the ranking key on which the winner beat it.',
  values: described<NonNullable<CandidateTrace['code']>>({
    ...reasonWords,
    REQUIRE: 'What the event requires is another campaign or flow.',
    REQUIRED_LABEL: 'Its program lacks a label that the event requires.',
    COUPON_CODE: 'A coupon chose another campaign or advocate.',
    SHARE_ID: 'A share chose another campaign or advocate.',
    ADVOCATE_CODE: 'An advocate’s code chose another campaign or advocate.',
    JOURNEY_CAMPAIGN_ID: 'The event named another campaign as its journey’s.',
    LABEL: 'A label or promo link chose another program.',
    PROMO_LINK: 'A promo link chose another program.',
    ...rankingWords,
  }),
})

const settledWords = (what: string) => `${what} was applied, and left the candidates of one campaign only.`

export const DecidedByEnum = builder.enumType('DecidedBy', {
  description: 'The hint that settled the campaign, or the ranking key that beat the runner-up.',
  values: described<DecidedBy>({
    REQUIRED_TARGET: settledWords('What the event requires'),
    COUPON_CODE: settledWords('A coupon'),
    SHARE_ID: settledWords('A share'),
    ADVOCATE_CODE: settledWords('An advocate’s code'),
    JOURNEY_CAMPAIGN_ID: settledWords('The journey’s campaign, as the event names it,'),
    LABEL: settledWords('A label or promo link'),
    ONLY_CANDIDATE: 'No hint settled it, and only one candidate was there.',
    ...rankingWords,
    INHERITED: 'It follows an earlier event of the same transaction, and took over that one’s decision.',
  }),
})

export const ConditionKindEnum = builder.enumType('ConditionKind', {
  description: 'What a condition of a criterion asks about.',
  values: described<ConditionKindName>({
    FIELD: 'A field or identity of the person.',
    EVENT: 'How often the person performed an event.',
    ORDER: 'A figure of the person’s orders.',
    PRODUCT: 'How much of a product the person bought.',
    AUDIENCE: 'Whether the person is in an audience.',
    RELATIONSHIP: 'How many relationships the person has.',
    QUALITY: 'How many earlier events of the person were of a quality.',
    EVENT_DATA: 'A field of the event’s own data.',
  }),
})

export const TruthEnum = builder.enumType('Truth', {
  description: 'Whether a condition held.',
  values: described<TruthName>({
    TRUE: 'It held; under a `not` that is in the way.',
    FALSE: 'It did not hold.',
    UNKNOWN: 'What it asks for is missing, so neither it nor its negation holds. Send the value, or say `orMissing`.',
  }),
})
