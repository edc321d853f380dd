// The explanation of a decision, as GraphQL types over the stored trace.

import { can } from '../../access.ts'
import { builder } from '../../builder.ts'
import { encodeId } from '../../core/ids.ts'
import {
  type CampaignTrace,
  type CandidateTrace,
  type HintTrace,
  type NearMiss,
  type RankingTrace,
  type Remedy,
  rankingKeys,
  type Trace,
  tracePhases,
  unattributedReasons,
  type Warning,
  warningCodes,
} from '../../core/targeting/decision.ts'
import type { JsonObject } from '../../scalars.ts'
import { JourneyRoleEnum } from '../programs/enums.ts'

export const ReasonEnum = builder.enumType('UnattributedReason', {
  values: unattributedReasons,
  description: `Why nobody got the credit. In order, the furthest phase last, then those that end targeting before it starts: ${unattributedReasons.join(', ')}.`,
})

const TracePhase = builder.enumType('TracePhase', {
  values: tracePhases,
  description: `The phases of targeting. In order: ${tracePhases.join(', ')}.`,
})

const RankingKey = builder.enumType('RankingKey', {
  values: rankingKeys,
  description: `The keys of the ranking. The strongest first: ${rankingKeys.join(', ')}.`,
})

const WarningCode = builder.enumType('TargetingWarningCode', {
  values: warningCodes,
  description: 'What the sender of an event may want to mend.',
})

export const TargetingWarning = builder.objectRef<Warning>('TargetingWarning').implement({
  description: 'A hint that was not followed as given, or something that lowered the quality.',
  fields: (t) => ({
    code: t.expose('code', { type: WarningCode }),
    hint: t.exposeString('hint', { description: 'Kind and value, as in `COUPON_CODE:SAVE10`.' }),
    detail: t.exposeString('detail', { nullable: true }),
  }),
})

const Hint = builder.objectRef<HintTrace>('HintTrace').implement({
  description: 'One value that the event carried, and what became of it.',
  fields: (t) => ({
    hint: t.exposeString('hint', { description: 'The kind, such as COUPON_CODE.' }),
    value: t.exposeString('value'),
    fate: t.exposeString('fate', {
      description:
        'READ took part; APPLIED narrowed the candidates; NOT_REACHED: targeting ended before; else a warning code.',
    }),
    detail: t.exposeString('detail', { nullable: true }),
  }),
})

const CampaignStep = builder.objectRef<CampaignTrace>('CampaignTrace').implement({
  description: 'A campaign that was looked at. Phase and code are null for one that had candidates.',
  fields: (t) => ({
    campaignId: t.id({ resolve: ({ campaignId }) => encodeId('Campaign', campaignId) }),
    phase: t.expose('phase', { type: TracePhase, nullable: true }),
    code: t.expose('code', { type: ReasonEnum, nullable: true }),
  }),
})

const optionalId = (type: string, id: string | null) => (id === null ? null : encodeId(type, id))

const Candidate = builder.objectRef<CandidateTrace>('CandidateTrace').implement({
  description:
    'A flow that could have taken the event. Phase and code say where and why it fell; both are null for the winner.',
  fields: (t) => ({
    campaignId: t.id({ resolve: ({ campaignId }) => encodeId('Campaign', campaignId) }),
    journeyName: t.exposeString('definition'),
    role: t.expose('role', { type: JourneyRoleEnum }),
    key: t.exposeString('key'),
    journeyId: t.id({
      nullable: true,
      description: 'Null: a new one.',
      resolve: ({ journeyId }) => optionalId('Journey', journeyId),
    }),
    relationshipId: t.id({
      nullable: true,
      description: 'Null: none, or one that the hints of this event would have made.',
      resolve: ({ relationshipId }) => optionalId('Relationship', relationshipId),
    }),
    advocateId: t.id({ nullable: true, resolve: ({ advocateId }) => optionalId('Profile', advocateId) }),
    phase: t.expose('phase', { type: TracePhase, nullable: true }),
    code: t.exposeString('code', {
      nullable: true,
      description: 'A reason, the hint that chose otherwise, or the ranking key.',
    }),
  }),
})

const Ranking = builder.objectRef<RankingTrace>('RankingTrace').implement({
  description: 'How one candidate ranked, key by key; null is absent, which is oldest.',
  fields: (t) => ({
    candidate: t.exposeInt('candidate', { description: 'Its place in `candidates`, from 0.' }),
    priority: t.exposeInt('PRIORITY'),
    partnerId: t.exposeBoolean('PARTNER_ID'),
    journeyRecency: t.exposeString('JOURNEY_RECENCY', { nullable: true }),
    advocateRecency: t.exposeString('ADVOCATE_RECENCY', { nullable: true }),
    evidenceRecency: t.exposeString('EVIDENCE_RECENCY', { nullable: true }),
    campaignRecency: t.exposeString('CAMPAIGN_RECENCY', { nullable: true }),
    ids: t.stringList({ resolve: ({ ID }) => [...ID] }),
  }),
})

// What a criterion saw is the person's own.
function remedyFor(mayReadPeople: boolean, { conditions, ...rest }: Remedy): JsonObject {
  const told = conditions?.map(({ seen, ...condition }) => (mayReadPeople ? { ...condition, seen } : condition))
  return { ...rest, ...(told ? { conditions: told } : {}) } as JsonObject // A trace is stored JSON.
}

const NearMissType = builder.objectRef<NearMiss>('NearMiss').implement({
  description: 'The campaign that got furthest, and what would have made it match.',
  fields: (t) => ({
    campaignId: t.id({ resolve: ({ campaignId }) => encodeId('Campaign', campaignId) }),
    code: t.expose('code', { type: ReasonEnum }),
    remedy: t.field({
      type: 'JSONObject',
      description:
        'What was in the way: a state, a window, event names, targets, conditions, or advocates. The value seen in a condition is told to keys that may read people.',
      resolve: ({ detail }, _args, { principal }) => remedyFor(can(principal, ['PROFILES_READ']), detail),
    }),
  }),
})

export const TargetingTrace = builder.objectRef<Trace>('TargetingTrace').implement({
  description: 'How a decision came about.',
  fields: (t) => ({
    alias: t.string({
      nullable: true,
      description: 'The spelling that the alias table translated.',
      resolve: ({ alias }) => alias?.from ?? null,
    }),
    hints: t.field({ type: [Hint], resolve: ({ hints }) => [...hints] }),
    campaigns: t.field({ type: [CampaignStep], resolve: ({ campaigns }) => [...campaigns] }),
    candidates: t.field({ type: [Candidate], resolve: ({ candidates }) => [...candidates] }),
    ranking: t.field({ type: [Ranking], description: 'The winner first.', resolve: ({ ranking }) => [...ranking] }),
    decidingKey: t.expose('decidingKey', {
      type: RankingKey,
      nullable: true,
      description: 'The key on which the winner beat the runner-up; null where there was none.',
    }),
    runnerUp: t.exposeInt('runnerUp', { nullable: true, description: 'Its place in `candidates`.' }),
    nearMiss: t.expose('nearMiss', { type: NearMissType, nullable: true }),
    campaignsCut: t.int({
      description: 'How many more campaigns were looked at.',
      resolve: ({ cut }) => cut.campaigns,
    }),
    candidatesCut: t.int({ description: 'How many more candidates there were.', resolve: ({ cut }) => cut.candidates }),
  }),
})
