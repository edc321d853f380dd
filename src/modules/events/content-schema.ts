// resolveContent and its answer.

import { builder } from '../../builder.ts'
import { nodeKey } from '../../ids.ts'
import type { Json } from '../../scalars.ts'
import { DecidedByEnum, described, ReasonEnum, reasonWords } from '../attributions/enums.ts'
import { summaryFor } from '../attributions/summary.ts'
import { TargetingTrace } from '../attributions/trace.ts'
import { ProfileKeyInput } from '../profiles/inputs.ts'
import { viewEvent } from '../programs/content.ts'
import { CampaignType } from '../programs/types.ts'
import { type Content, type ContentResolution, type NoContentReason, resolveContent } from './content.ts'
import { EventType } from './event-type.ts'
import { TargetingInput } from './inputs.ts'

const NoContentReasonEnum = builder.enumType('NoContentReason', {
  description: 'Why there is nothing to show.',
  values: described<NoContentReason>({
    NO_CONTENT: 'No campaign has content for that zone.',
    UNKNOWN_PROFILE: 'There is no profile of that id.',
    ...reasonWords,
  }),
})

const ContentType = builder.objectRef<Content>('Content').implement({
  description: 'What a campaign shows in a zone.',
  fields: (t) => ({
    campaign: t.prismaField({
      type: CampaignType,
      resolve: (query, { decision }, _args, { db, accountId }) =>
        db.campaign.findUniqueOrThrow({ ...query, where: nodeKey(decision.campaignId, accountId) }),
    }),
    journeyName: t.string({ resolve: ({ decision }) => decision.journey.definition }),
    zone: t.exposeString('zone'),
    body: t.field({ type: 'JSON', nullable: true, resolve: ({ body }) => body as Json }), // Stored as it was given, which is JSON.
    decidedBy: t.field({ type: DecidedByEnum, resolve: ({ decision }) => decision.decidedBy }),
  }),
})

const ContentResolutionType = builder.objectRef<ContentResolution>('ContentResolution').implement({
  description: 'What to show in a zone, or why there is nothing.',
  fields: (t) => ({
    content: t.expose('content', { type: ContentType, nullable: true }),
    reason: t.expose('reason', {
      type: NoContentReasonEnum,
      nullable: true,
      description: 'Null where there is content.',
    }),
    detail: t.field({
      type: ReasonEnum,
      nullable: true,
      description: 'With REQUIRED_TARGET_UNMATCHED: how the campaigns that match every target failed.',
      resolve: ({ decision }) => decision?.reasonDetail ?? null,
    }),
    summary: t.string({
      nullable: true,
      description: 'The choice in one to five plain sentences; null where nothing was asked of the campaigns.',
      resolve: ({ decision }, _args, context) =>
        decision &&
        summaryFor(context, {
          ...decision,
          isHypothetical: true,
          event: { name: viewEvent, at: decision.t },
          journeyName: decision.journey?.definition ?? null,
        }),
    }),
    trace: t.field({
      type: TargetingTrace,
      nullable: true,
      description: 'Journeys without content for the zone count as such that do not support the event.',
      resolve: ({ decision }) => decision?.trace ?? null,
    }),
    event: t.prismaField({
      type: EventType,
      nullable: true,
      description: 'The view, where it was recorded.',
      resolve: (query, { eventId }, _args, { db, accountId }) =>
        eventId === null ? null : db.event.findUnique({ ...query, where: nodeKey(eventId, accountId) }),
    }),
  }),
})

builder.queryField('resolveContent', (t) =>
  t.field({
    type: ContentResolutionType,
    nullable: true,
    authScopes: { canAny: ['EVENTS_WRITE', 'CAMPAIGNS_WRITE', 'ATTRIBUTIONS_READ'] },
    description: `What to show a person in a zone: the content of the campaign and journey that would be credited with a \`${viewEvent}\` of that zone, decided as trackEvent decides, among journeys that have content there. The only query that can write, and only with \`recordView: true\`.`,
    args: {
      profile: t.arg({
        type: ProfileKeyInput,
        required: true,
        description:
          'An identifier that nobody has is somebody new, who may be shown what new people may enter; nothing is stored of them unless the view is recorded.',
      }),
      zone: t.arg.string({ required: true, description: 'As the campaigns spell it; 1 to 100 characters.' }),
      targeting: t.arg({
        type: TargetingInput,
        description: 'As on an event: a required target that nothing meets shows nothing.',
      }),
      recordView: t.arg.boolean({
        defaultValue: false,
        description: `Tracks \`${viewEvent}\` for what is shown, which is its required target, with \`zone\`, \`campaign_id\` and \`journey_name\` in its data; takes the scope EVENTS_WRITE. Where there is nothing to show, nothing is tracked.`,
      }),
    },
    resolve: (_root, { profile, zone, targeting, recordView }, context) =>
      resolveContent(context, { profile, zone, targeting: targeting ?? null, recordView: recordView ?? false }),
  }),
)
