// The near miss of an event that nobody is credited for: the campaign that got furthest, and what would have made it match.

import { can } from '../../access.ts'
import { builder } from '../../builder.ts'
import { rowById } from '../../connections.ts'
import { encodeId } from '../../core/ids.ts'
import type { FailedLeaf } from '../../core/rules/explain.ts'
import type { NearMiss } from '../../core/targeting/decision.ts'
import { kindOf, partsOf } from '../../core/targeting/summary-conditions.ts'
import type { CampaignState } from '../../generated/prisma/client.ts'
import type { Json, JsonObject } from '../../scalars.ts'
import { JourneyType } from '../journeys/schema.ts'
import { shownField } from '../profiles/hidden.ts'
import { personRow } from '../profiles/members.ts'
import { ProfileType } from '../profiles/schema.ts'
import { CampaignStateEnum } from '../programs/enums.ts'
import { CampaignType } from '../programs/types.ts'
import { ConditionKindEnum, ReasonEnum, TruthEnum } from './enums.ts'
import { remedyFor } from './summary.ts'

const ConditionTrace = builder.objectRef<FailedLeaf>('ConditionTrace').implement({
  description: 'A condition of a criterion that was in the way.',
  fields: (t) => ({
    kind: t.field({ type: ConditionKindEnum, resolve: kindOf }),
    at: t.exposeString('at', { description: 'Its place in the rule, as in `all[2].field`.' }),
    condition: t.field({
      type: 'JSONObject',
      description:
        'What it asks for: `field`, `op` and `value`, or `event`, `atLeast` and so on, as RuleInput names them.',
      resolve: (leaf) => partsOf(leaf) as JsonObject, // Of a rule, which is JSON.
    }),
    seen: t.field({
      type: 'JSON',
      nullable: true,
      description:
        'The value or figure that the person had; null where it was missing, and for keys without PROFILES_READ, of values that tell who the person is without PII_READ.',
      // What a criterion saw is the person's own; it was read from JSON, and cut.
      resolve: (leaf, _args, context, info) => {
        if (!can(context.principal, ['PROFILES_READ'])) return null
        const seen = leaf.seen as Json
        return 'field' in leaf && typeof leaf.field === 'string'
          ? shownField(context, info, { path: leaf.field, value: seen, ofEvent: kindOf(leaf) === 'EVENT_DATA' })
          : seen
      },
    }),
    truth: t.expose('truth', { type: TruthEnum }),
  }),
})

const instant = (iso: string | null | undefined) => (iso == null ? null : new Date(iso))

const RemedyType = builder.objectRef<NearMiss>('Remedy').implement({
  description: 'What was in the way, as far as its code calls for it, and in words what would have helped.',
  fields: (t) => ({
    hint: t.string({
      description: 'One plain sentence: what would have made the campaign match.',
      resolve: (nearMiss, _args, context) => remedyFor(context, nearMiss, nearMiss.code),
    }),
    state: t.field({
      type: CampaignStateEnum,
      nullable: true,
      description: 'CAMPAIGN_NOT_LIVE: the state it was in.',
      resolve: ({ detail }) => (detail.state as CampaignState | undefined) ?? null, // A state, of the campaign's facts.
    }),
    startsAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'OUTSIDE_WINDOW: when its window began.',
      resolve: ({ detail }) => instant(detail.startsAt),
    }),
    endsAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'OUTSIDE_WINDOW: when its window ended, exclusive.',
      resolve: ({ detail }) => instant(detail.endsAt),
    }),
    events: t.stringList({
      description: 'EVENT_NOT_SUPPORTED: the names that would have done, in alphabetical order.',
      resolve: ({ detail }) => [...(detail.events ?? [])],
    }),
    targets: t.stringList({
      description: 'CAMPAIGN_TARGET_NOT_PRESENT, REQUIRED_TARGET_UNMATCHED: what did not meet, as `KIND:value`.',
      resolve: ({ detail }) => [...(detail.targets ?? [])],
    }),
    journeyName: t.string({
      nullable: true,
      description: 'The flow that got furthest.',
      resolve: ({ detail }) => detail.definition ?? null,
    }),
    journeyId: t.id({
      nullable: true,
      description: 'REENTRY_FORBIDDEN: the journey that ended.',
      resolve: ({ detail: { journeyId } }) => (journeyId === undefined ? null : encodeId('Journey', journeyId)),
    }),
    journey: t.prismaField({
      type: JourneyType,
      nullable: true,
      resolve: (query, { detail: { journeyId: id } }, _args, context) =>
        id === undefined ? null : rowById(context, { model: 'journey', query }, id),
    }),
    conditions: t.field({
      type: [ConditionTrace],
      description:
        'ENTRY_CRITERIA_FAILED, ONGOING_CRITERIA_FAILED: those in the way, at most 20, in the order of the rule.',
      resolve: ({ detail }) => [...(detail.conditions ?? [])],
    }),
    advocates: t.field({
      type: [ProfileType],
      nullable: { list: false, items: true },
      description:
        'NO_REFERRAL: those whose relationship was not usable at the time; ADVOCATE_INELIGIBLE: those blocked or erased. Null for one who cannot be had.',
      resolve: ({ detail }, _args, context) =>
        Promise.all((detail.advocateIds ?? []).map((id) => personRow(context, id))),
    }),
  }),
})

export const NearMissType = builder.objectRef<NearMiss>('NearMiss').implement({
  description: 'The campaign that got furthest, and what would have made it match.',
  fields: (t) => ({
    campaignId: t.id({ resolve: ({ campaignId }) => encodeId('Campaign', campaignId) }),
    campaign: t.prismaField({
      type: CampaignType,
      nullable: true,
      resolve: (query, { campaignId }, _args, context) => rowById(context, { model: 'campaign', query }, campaignId),
    }),
    code: t.expose('code', { type: ReasonEnum }),
    remedy: t.field({ type: RemedyType, resolve: (nearMiss) => nearMiss }),
  }),
})
