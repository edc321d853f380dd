// replayTargeting, as a query and as a subscription, and its answer.

import { z } from 'zod'
import { builder } from '../../builder.ts'
import type { Replayed } from '../../core/targeting/replay.ts'
import { type Difference, differenceOf } from '../../core/targeting/replay-tally.ts'
import { nodeKey } from '../../ids.ts'
import { AttributionStatusEnum, DecidedByEnum, described, QualityEnum, ReasonEnum } from '../attributions/enums.ts'
import { AttributionType } from '../attributions/schema.ts'
import { summaryFor } from '../attributions/summary.ts'
import { EventType } from '../events/event-type.ts'
import { personRow } from '../profiles/members.ts'
import { ProfileType } from '../profiles/schema.ts'
import { CampaignStateEnum } from '../programs/enums.ts'
import { JourneyDefinitionInput, RequiredTargetInput } from '../programs/inputs.ts'
import { CampaignType } from '../programs/types.ts'
import { maxAtOnce, type ReplayUpdate, replayAtOnce, replayStreamed } from './service.ts'

const ReplayKindEnum = builder.enumType('ReplayKind', {
  description: 'What became of a decision.',
  values: described<Exclude<Replayed['kind'], 'SAME'>>({
    CHANGED: 'Credited before and now, but not in the same way.',
    NEWLY_ATTRIBUTED: 'Credited to nobody before.',
    NEWLY_UNATTRIBUTED: 'Credited before, to nobody now.',
  }),
})

const ReplayDifferenceEnum = builder.enumType('ReplayDifference', {
  description: 'In what a decision differs from the recorded one: the first that applies.',
  values: described<Difference>({
    STATUS: 'Whether anybody is credited.',
    CAMPAIGN: 'The campaign.',
    JOURNEY: 'The flow of the campaign, or the key of the journey.',
    QUALITY: 'The quality.',
    ADVOCATE: 'The advocate.',
  }),
})

const PriorityInput = builder.inputType('JourneyPriorityInput', {
  fields: (t) => ({
    journeyName: t.string({ required: true, description: 'One of the journeys, whatever its case.' }),
    priority: t.int({ required: true, description: 'The larger wins; −1,000,000 to 1,000,000.' }),
  }),
})

const CampaignChangeInput = builder.inputType('CampaignChangeInput', {
  description:
    'How a campaign would be otherwise; what is absent stays as it was at each decision. A DRAFT takes part as LIVE. A campaign that was not there yet takes part only where `state` is given.',
  fields: (t) => ({
    campaignId: t.id({ required: true }),
    state: t.field({ type: CampaignStateEnum }),
    startsAt: t.field({ type: 'DateTime', description: 'Null: it has no start.' }),
    endsAt: t.field({ type: 'DateTime', description: 'Null: it has no end.' }),
    requiredTargets: t.field({ type: [RequiredTargetInput], description: 'All of them.' }),
    journeys: t.field({ type: [JourneyDefinitionInput], description: 'All of them.' }),
    priorities: t.field({
      type: [PriorityInput],
      description: 'Of single journeys; of `journeys` where those are given.',
    }),
  }),
})

const listed = z.array(z.unknown()).max(100, 'over 100 values')

const ReplayTargetingInput = builder.inputType('ReplayTargetingInput', {
  fields: (t) => ({
    from: t.field({ type: 'DateTime', required: true, description: 'Events received from then on.' }),
    to: t.field({ type: 'DateTime', required: true, description: 'Up to but not at; at most 366 days after `from`.' }),
    with: t.field({
      type: [CampaignChangeInput],
      validate: listed,
      description: 'What would be otherwise; default: nothing, which tells what has drifted.',
    }),
    includeDrafts: t.idList({
      validate: listed,
      description: 'Campaigns that take part with their draft: a DRAFT as LIVE, others wherever they did.',
    }),
    samples: t.int({ defaultValue: 20, description: 'How many samples of each kind; 0 to 100.' }),
  }),
})

const ReplaySample = builder.objectRef<Replayed>('ReplaySample').implement({
  description: 'An event that would be decided otherwise: the decision in force, and the other one.',
  fields: (t) => ({
    kind: t.field({ type: ReplayKindEnum, resolve: ({ kind }) => (kind === 'SAME' ? 'CHANGED' : kind) }),
    difference: t.field({ type: ReplayDifferenceEnum, resolve: (sample) => differenceOf(sample) ?? 'STATUS' }),
    drifted: t.boolean({
      description:
        'It differs under the rules as they were, too: people, audiences, codes or blocks have changed since.',
      resolve: ({ isDrifted }) => isDrifted,
    }),
    event: t.prismaField({
      type: EventType,
      resolve: (query, { event }, _args, { db, accountId }) =>
        db.event.findUniqueOrThrow({ ...query, where: nodeKey(event.id, accountId) }),
    }),
    recorded: t.field({
      type: AttributionType,
      description: 'The decision in force.',
      resolve: ({ event, revision }, _args, { accountId }) => ({ accountId, eventId: event.id, revision }),
    }),
    status: t.field({ type: AttributionStatusEnum, resolve: ({ decision }) => decision.status }),
    campaign: t.prismaField({
      type: CampaignType,
      nullable: true,
      resolve: (query, { decision: { campaignId: id } }, _args, { db, accountId }) =>
        id === null ? null : db.campaign.findUnique({ ...query, where: nodeKey(id, accountId) }),
    }),
    journeyName: t.string({ nullable: true, resolve: ({ decision }) => decision.journey?.definition ?? null }),
    advocate: t.field({
      type: ProfileType,
      nullable: true,
      resolve: ({ decision: { advocateId } }, _args, context) => (advocateId ? personRow(context, advocateId) : null),
    }),
    quality: t.field({ type: QualityEnum, resolve: ({ decision }) => decision.quality }),
    decidedBy: t.field({
      type: DecidedByEnum,
      nullable: true,
      resolve: ({ explained, decision }) => (explained ?? decision).decidedBy,
    }),
    reason: t.field({ type: ReasonEnum, nullable: true, resolve: ({ decision }) => decision.reason }),
    summary: t.string({
      nullable: true,
      description: 'The other decision in one to five plain sentences.',
      resolve: ({ explained, event }, _args, context) =>
        explained &&
        summaryFor(context, {
          ...explained,
          isHypothetical: true,
          event: { name: event.name, at: event.t },
          journeyName: explained.journey?.definition ?? null,
        }),
    }),
  }),
})

interface Balance {
  campaignId: string
  gained: number
  lost: number
}

const CampaignBalance = builder.objectRef<Balance>('ReplayCampaignBalance').implement({
  description: 'Events that a campaign would gain and lose.',
  fields: (t) => ({
    campaign: t.prismaField({
      type: CampaignType,
      nullable: true,
      resolve: (query, { campaignId }, _args, { db, accountId }) =>
        db.campaign.findUnique({ ...query, where: nodeKey(campaignId, accountId) }),
    }),
    gained: t.exposeInt('gained'),
    lost: t.exposeInt('lost'),
  }),
})

const ReplayUpdateType = builder.objectRef<ReplayUpdate>('ReplayUpdate').implement({
  description:
    'Counts of decisions; every event has one, the decision in force. They are compared by status, campaign, journey name and key, advocate and quality.',
  fields: (t) => ({
    done: t.exposeBoolean('done', { description: 'The last message; what came before was progress.' }),
    processed: t.int({ resolve: ({ tally }) => tally.processed }),
    total: t.exposeInt('total'),
    same: t.int({ resolve: ({ tally }) => tally.kinds.SAME }),
    changed: t.int({ resolve: ({ tally }) => tally.kinds.CHANGED }),
    newlyAttributed: t.int({ resolve: ({ tally }) => tally.kinds.NEWLY_ATTRIBUTED }),
    newlyUnattributed: t.int({ resolve: ({ tally }) => tally.kinds.NEWLY_UNATTRIBUTED }),
    drifted: t.int({
      description:
        'Differ already under the rules as they were, since people, audiences, codes or blocks changed: what of the other numbers need not come from the changes that are tried.',
      resolve: ({ tally }) => tally.drifted,
    }),
    samples: t.field({
      type: [ReplaySample],
      description: 'Events that are not the same; of each kind the first that were met, at most as many as asked for.',
      resolve: ({ tally }) => tally.samples,
    }),
    byCampaign: t.field({
      type: [CampaignBalance],
      description: 'Campaigns that gain or lose anything, the most concerned first.',
      resolve: ({ tally }) =>
        [...tally.byCampaign]
          .map(([campaignId, balance]): Balance => ({ campaignId, ...balance }))
          .sort((a, b) => b.gained + b.lost - a.gained - a.lost || (a.campaignId < b.campaignId ? -1 : 1)),
    }),
  }),
})

const description =
  'Decides again the events that were received in a range, by the rules as they were with the changes of `with`, each person’s in the order in which they came, and compares with the decisions in force. Fields, audiences, blocks, programs, codes and who is one person with whom are as now, and evidence that a reattribution took away is gone; what others did is as recorded. People are read in chunks, each as of a moment of its own. Nothing is written.'

builder.queryField('replayTargeting', (t) =>
  t.field({
    type: ReplayUpdateType,
    nullable: true,
    authScopes: { canAny: ['CAMPAIGNS_WRITE', 'ATTRIBUTIONS_READ'] },
    description: `${description} At most ${maxAtOnce.toLocaleString('en')} events; the subscription takes any number.`,
    args: { input: t.arg({ type: ReplayTargetingInput, required: true }) },
    resolve: (_root, { input }, context) => replayAtOnce(context, input),
  }),
)

builder.subscriptionField('replayTargeting', (t) =>
  t.field({
    type: ReplayUpdateType,
    authScopes: { canAny: ['CAMPAIGNS_WRITE', 'ATTRIBUTIONS_READ'] },
    description: `${description} Progress a few times a second; the last message is \`done\`. Unsubscribing ends the work.`,
    args: { input: t.arg({ type: ReplayTargetingInput, required: true }) },
    subscribe: (_root, { input }, context) => replayStreamed(context, input),
    resolve: (update) => update,
  }),
)
