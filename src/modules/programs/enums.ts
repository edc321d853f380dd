// The enums of programs and campaigns.

import { builder } from '../../builder.ts'

export const CampaignStateEnum = builder.enumType('CampaignState', {
  description: 'Where a campaign stands in its life.',
  values: {
    DRAFT: { description: 'Being written; credited with nothing.' },
    LIVE: { description: 'Credited with events inside its window.' },
    PAUSED: { description: 'Credited only with events of people who are on a journey of it.' },
    ENDED: { description: 'Over, as planned.' },
    STOPPED: { description: 'Cut short: nothing more is credited from that moment on.' },
    ARCHIVED: { description: 'Kept for the record.' },
  } as const,
})

export const CampaignPhaseEnum = builder.enumType('CampaignPhase', {
  description:
    'Where now stands to the window of a campaign, whatever its state. Nothing happens when one phase becomes the next: a late event still counts if its own time is inside the window.',
  values: {
    SCHEDULED: { description: 'Its window is yet to begin.' },
    RUNNING: { description: 'Now is inside its window.' },
    OVER: { description: 'Its window has ended.' },
  } as const,
})

export const JourneyRoleEnum = builder.enumType('JourneyRole', {
  description: 'Whose passage a journey is.',
  values: {
    PARTICIPANT: { description: 'Somebody who takes part alone.' },
    ADVOCATE: { description: 'Somebody who refers others.' },
    FRIEND: { description: 'Somebody who was referred; belongs to one relationship.' },
  } as const,
})

export const ReentryPolicyEnum = builder.enumType('ReentryPolicy', {
  description: 'Whether a person who left a journey may take it up again.',
  values: {
    CONTINUE: { description: 'The old journey is taken up again.' },
    NEW_AFTER_EXIT: { description: 'Another journey begins.' },
    NEVER_AGAIN: { description: 'Nobody comes twice.' },
  } as const,
})

export const RequiredTargetKindEnum = builder.enumType('RequiredTargetKind', {
  description: 'What a required target names.',
  values: {
    CAMPAIGN_ID: { description: 'A campaign, by its id.' },
    PROGRAM: { description: 'A program, by its id, name or label.' },
    JOURNEY_NAME: { description: 'A journey definition, by its name.' },
  } as const,
})
