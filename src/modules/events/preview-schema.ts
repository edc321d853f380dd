// previewTargeting and its answer.

import { builder } from '../../builder.ts'
import { foldEventName } from '../../core/names.ts'
import type { Explained } from '../../core/targeting/decision.ts'
import { nodeKey } from '../../ids.ts'
import { AttributionStatusEnum, DecidedByEnum, QualityEnum, ReasonEnum } from '../attributions/enums.ts'
import { summaryFor } from '../attributions/summary.ts'
import { TargetingTrace, TargetingWarning } from '../attributions/trace.ts'
import { personRow } from '../profiles/members.ts'
import { ProfileType } from '../profiles/schema.ts'
import { CampaignType, ProgramType } from '../programs/schema.ts'
import { TrackEventInput } from './inputs.ts'
import { previewTargeting } from './preview.ts'

type Previewed = Explained & { eventName: string }

const TargetingPreview = builder.objectRef<Previewed>('TargetingPreview').implement({
  description: 'The decision that trackEvent would take now.',
  fields: (t) => ({
    status: t.expose('status', { type: AttributionStatusEnum }),
    program: t.prismaField({
      type: ProgramType,
      nullable: true,
      resolve: (query, { programId: id }, _args, { db, accountId }) =>
        id === null ? null : db.program.findUnique({ ...query, where: nodeKey(id, accountId) }),
    }),
    campaign: t.prismaField({
      type: CampaignType,
      nullable: true,
      resolve: (query, { campaignId: id }, _args, { db, accountId }) =>
        id === null ? null : db.campaign.findUnique({ ...query, where: nodeKey(id, accountId) }),
    }),
    journeyName: t.string({ nullable: true, resolve: ({ journey }) => journey?.definition ?? null }),
    isNewJourney: t.boolean({
      description: 'True where a journey would begin.',
      resolve: ({ journey }) => journey?.passage === 'NEW',
    }),
    advocate: t.field({
      type: ProfileType,
      nullable: true,
      resolve: ({ advocateId }, _args, context) => (advocateId ? personRow(context, advocateId) : null),
    }),
    quality: t.expose('quality', { type: QualityEnum }),
    decidedBy: t.expose('decidedBy', { type: DecidedByEnum, nullable: true }),
    reason: t.expose('reason', { type: ReasonEnum, nullable: true }),
    reasonDetail: t.expose('reasonDetail', { type: ReasonEnum, nullable: true }),
    warnings: t.field({ type: [TargetingWarning], resolve: ({ warnings }) => [...warnings] }),
    summary: t.string({
      description: 'The decision in one to five plain sentences; see `Attribution.summary`.',
      resolve: ({ eventName, ...decision }, _args, context) =>
        summaryFor(context, {
          ...decision,
          isHypothetical: true,
          event: { name: eventName, at: decision.t },
          journeyName: decision.journey?.definition ?? null,
        }),
    }),
    trace: t.expose('trace', { type: TargetingTrace }),
  }),
})

builder.queryField('previewTargeting', (t) =>
  t.field({
    type: TargetingPreview,
    nullable: true,
    authScopes: { canAny: ['CAMPAIGNS_WRITE', 'ATTRIBUTIONS_READ'] },
    description:
      'The decision that trackEvent would take now, or at another instant; writes nothing. Its idempotency key is not looked at.',
    args: {
      input: t.arg({ type: TrackEventInput, required: true }),
      includeDrafts: t.arg.boolean({ defaultValue: false, description: 'Drafts take part as if they went live now.' }),
      asOf: t.arg({
        type: 'DateTime',
        description:
          'As if it were received then, in the past or to come; default: now. `occurredAt` defaults to it and is clamped against it. Rules, and what is known of people, are those of now: journeys and relationships as they stood at the event’s time.',
      }),
    },
    resolve: async (_root, { input, includeDrafts, asOf = null }, context): Promise<Previewed> => {
      const decision = await previewTargeting(context, { input, includeDrafts: includeDrafts ?? false, asOf })
      return { ...decision, eventName: decision.trace.alias?.to ?? foldEventName(input.name) }
    },
  }),
)
