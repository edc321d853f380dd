// What callers send about campaigns.

import { builder } from '../../builder.ts'
import { JourneyRoleEnum, ReentryPolicyEnum, RequiredTargetKindEnum } from './enums.ts'
import { RuleInput } from './rule-input.ts'

export const RequiredTargetInput = builder.inputType('RequiredTargetInput', {
  description: 'What must match: alternatives within a kind, all kinds together.',
  fields: (t) => ({
    kind: t.field({ type: RequiredTargetKindEnum, required: true }),
    value: t.string({ required: true }),
  }),
})

export const JourneyDefinitionInput = builder.inputType('JourneyDefinitionInput', {
  description: 'A named flow of a campaign: who may enter, by which events, and how it ranks.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'Unique in the campaign, whatever its case.' }),
    role: t.field({ type: JourneyRoleEnum, required: true }),
    priority: t.int({ defaultValue: 100, description: 'The larger wins; −1,000,000 to 1,000,000.' }),
    events: t.stringList({
      required: true,
      description: 'The events it supports, 1 to 100, in any spelling that folds to the same name.',
    }),
    startEvents: t.stringList({ description: 'Those of `events` that may begin it; default: all of them.' }),
    entry: t.field({ type: RuleInput, description: 'Who may enter; default: everybody.' }),
    ongoing: t.field({
      type: RuleInput,
      description: 'Who may stay; whoever no longer fits leaves at the next event.',
    }),
    keyField: t.string({ description: "A path into the event's data; a person has one journey per value there." }),
    inactivityDays: t.int({
      description: 'Days without an event after which a journey expires, 1 to 3,650; default: never.',
    }),
    reentry: t.field({ type: ReentryPolicyEnum, description: 'Default: CONTINUE.' }),
  }),
})

export const CampaignContentInput = builder.inputType('CampaignContentInput', {
  description: 'What one journey shows in one zone.',
  fields: (t) => ({
    zone: t.string({ required: true, description: 'Where it is shown, in your own words; 1 to 100 characters.' }),
    journeyName: t.string({
      required: true,
      description: 'A journey of the campaign, whatever its case; one that has `promotion_viewed` among its events.',
    }),
    body: t.field({ type: 'JSON', required: true, description: 'What is shown; at most 64 KiB.' }),
  }),
})
