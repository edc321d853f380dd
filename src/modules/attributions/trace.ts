// The explanation of a decision, as GraphQL types over the whole trace. Campaigns, people, journeys and relationships resolve to
// their objects: all of one kind by one statement, however many traces an operation asks for.

import { builder } from '../../builder.ts'
import { rowById } from '../../connections.ts'
import { encodeId } from '../../core/ids.ts'
import type {
  CampaignTrace,
  CandidateTrace,
  HintTrace,
  RankingTrace,
  Trace,
  Warning,
} from '../../core/targeting/decision.ts'
import { EventType } from '../events/event-type.ts'
import { JourneyType } from '../journeys/schema.ts'
import { shownText } from '../profiles/hidden.ts'
import { personRow } from '../profiles/members.ts'
import { ProfileType } from '../profiles/schema.ts'
import { JourneyRoleEnum } from '../programs/enums.ts'
import { CampaignType } from '../programs/types.ts'
import { RelationshipType } from '../relationships/schema.ts'
import {
  CandidateCodeEnum,
  HintFateEnum,
  HintKindEnum,
  RankingKey,
  ReasonEnum,
  TracePhase,
  WarningCode,
} from './enums.ts'
import { NearMissType } from './near-miss-schema.ts'

export const TargetingWarning = builder.objectRef<Warning>('TargetingWarning').implement({
  description: 'A hint that was not followed as given, or something that lowered the quality.',
  fields: (t) => ({
    code: t.expose('code', { type: WarningCode }),
    hint: t.string({
      nullable: true,
      description:
        'Kind and value, as in `COUPON_CODE:SAVE10`; null to keys without PII_READ where it holds an e-mail address or a phone number.',
      resolve: (...[{ hint }, , context, info]) => shownText(context, info, hint),
    }),
    detail: t.exposeString('detail', { nullable: true }),
  }),
})

const Hint = builder.objectRef<HintTrace>('HintTrace').implement({
  description: 'One value that the event carried, and what became of it.',
  fields: (t) => ({
    hint: t.expose('hint', { type: HintKindEnum }),
    value: t.string({
      nullable: true,
      description: 'At most 256 characters of it; null to keys without PII_READ where it holds an address.',
      resolve: (...[{ value }, , context, info]) => shownText(context, info, value),
    }),
    fate: t.expose('fate', { type: HintFateEnum }),
    detail: t.exposeString('detail', { nullable: true, description: 'A code, a cause, or a few words.' }),
  }),
})

const CampaignStep = builder.objectRef<CampaignTrace>('CampaignTrace').implement({
  description: 'A campaign that was looked at. Phase and code are null for one that had candidates.',
  fields: (t) => ({
    campaignId: t.id({ resolve: ({ campaignId }) => encodeId('Campaign', campaignId) }),
    campaign: t.prismaField({
      type: CampaignType,
      nullable: true,
      resolve: (query, { campaignId }, _args, context) => rowById(context, { model: 'campaign', query }, campaignId),
    }),
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
    campaign: t.prismaField({
      type: CampaignType,
      nullable: true,
      resolve: (query, { campaignId }, _args, context) => rowById(context, { model: 'campaign', query }, campaignId),
    }),
    journeyName: t.exposeString('definition'),
    role: t.expose('role', { type: JourneyRoleEnum }),
    key: t.string({
      nullable: true,
      description: 'Null to keys without PII_READ where it holds an e-mail address or a phone number.',
      resolve: (...[{ key }, , context, info]) => shownText(context, info, key),
    }),
    journeyId: t.id({
      nullable: true,
      description: 'Null: a new one.',
      resolve: ({ journeyId }) => optionalId('Journey', journeyId),
    }),
    journey: t.prismaField({
      type: JourneyType,
      nullable: true,
      description: 'Null: a new one.',
      resolve: (query, { journeyId: id }, _args, context) =>
        id === null ? null : rowById(context, { model: 'journey', query }, id),
    }),
    relationshipId: t.id({
      nullable: true,
      description: 'Null: none, or one that the hints of this event would have made.',
      resolve: ({ relationshipId }) => optionalId('Relationship', relationshipId),
    }),
    relationship: t.prismaField({
      type: RelationshipType,
      nullable: true,
      description: 'Null: none, or one that the hints of this event would have made.',
      resolve: (query, { relationshipId: id }, _args, context) =>
        id === null ? null : rowById(context, { model: 'relationship', query }, id),
    }),
    advocateId: t.id({ nullable: true, resolve: ({ advocateId }) => optionalId('Profile', advocateId) }),
    advocate: t.field({
      type: ProfileType,
      nullable: true,
      resolve: ({ advocateId: id }, _args, context) => (id === null ? null : personRow(context, id)),
    }),
    phase: t.expose('phase', { type: TracePhase, nullable: true }),
    code: t.expose('code', { type: CandidateCodeEnum, nullable: true }),
  }),
})

const instant = (iso: string | null) => (iso === null ? null : new Date(iso))

const Ranking = builder.objectRef<RankingTrace>('RankingTrace').implement({
  description: 'How one candidate ranked, key by key, the strongest first; null is absent, which is oldest.',
  fields: (t) => ({
    candidate: t.exposeInt('candidate', { description: 'Its place in `candidates`, from 0.' }),
    priority: t.exposeInt('PRIORITY'),
    partnerId: t.exposeBoolean('PARTNER_ID', { description: 'The partner’s id came with its journey before.' }),
    journeyRecency: t.field({
      type: 'DateTime',
      nullable: true,
      resolve: (ranked) => instant(ranked.JOURNEY_RECENCY),
    }),
    advocateRecency: t.field({
      type: 'DateTime',
      nullable: true,
      resolve: (ranked) => instant(ranked.ADVOCATE_RECENCY),
    }),
    evidenceRecency: t.field({
      type: 'DateTime',
      nullable: true,
      resolve: (ranked) => instant(ranked.EVIDENCE_RECENCY),
    }),
    campaignRecency: t.field({
      type: 'DateTime',
      nullable: true,
      resolve: (ranked) => instant(ranked.CAMPAIGN_RECENCY),
    }),
    ids: t.stringList({
      nullable: { list: false, items: true },
      description:
        'Campaign id, journey name, journey key, journey id, relationship id; the smaller wins. Null to keys without PII_READ for what holds an address.',
      resolve: (...[{ ID }, , context, info]) => ID.map((one) => shownText(context, info, one)),
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
    inheritedFrom: t.prismaField({
      type: EventType,
      nullable: true,
      description: 'Of a follow-up: the event of the same transaction whose decision it took over.',
      resolve: (query, { inheritedFrom: id }, _args, context) =>
        id === null ? null : rowById(context, { model: 'event', query }, id),
    }),
    hints: t.field({
      type: [Hint],
      description: 'The strongest kind first.',
      resolve: ({ hints }) => [...hints],
    }),
    campaigns: t.field({
      type: [CampaignStep],
      description: 'Those that got furthest first.',
      resolve: ({ campaigns }) => [...campaigns],
    }),
    candidates: t.field({
      type: [Candidate],
      description: 'The winner first, then those that got furthest.',
      resolve: ({ candidates }) => [...candidates],
    }),
    ranking: t.field({
      type: [Ranking],
      description: 'The winner first.',
      resolve: ({ ranking }) => [...ranking],
    }),
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
    candidatesCut: t.int({
      description: 'How many more candidates there were.',
      resolve: ({ cut }) => cut.candidates,
    }),
  }),
})
