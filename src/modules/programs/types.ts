// Programs, and campaigns with their revisions and journey definitions, as callers see them.

import { builder } from '../../builder.ts'
import type { ContentPiece, RequiredTarget } from '../../core/targeting/facts.ts'
import { nodeKey } from '../../ids.ts'
import { maxPage } from '../../keyset.ts'
import type { Json, JsonObject } from '../../scalars.ts'
import { shownFields } from '../profiles/hidden.ts'
import {
  CampaignPhaseEnum,
  CampaignStateEnum,
  JourneyRoleEnum,
  ReentryPolicyEnum,
  RequiredTargetKindEnum,
} from './enums.ts'

export const ProgramType = builder.prismaNode('Program', {
  id: { resolve: ({ id }) => id },
  select: { accountId: true, id: true },
  findUnique: (id, { accountId }) => nodeKey(id, accountId),
  nullable: true,
  fields: (t) => ({
    name: t.exposeString('name'),
    labels: t.stringList({
      description:
        'Short names that links and integrators may use for it, folded to lower case; at most 100, in alphabetical order.',
      select: { labels: { select: { label: true }, orderBy: { label: 'asc' } } },
      resolve: ({ labels }) => labels.map(({ label }) => label),
    }),
    lookbackDays: t.exposeInt('lookbackDays', {
      description: 'For how many days after its latest evidence a relationship of this program is usable.',
    }),
    allowMutualReferral: t.exposeBoolean('allowMutualReferral', {
      description: 'Two people may refer each other without the later referral counting as of low quality.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
})

const RequiredTargetType = builder.objectRef<RequiredTarget>('RequiredTarget').implement({
  description: 'A target that an event must carry.',
  fields: (t) => ({ kind: t.expose('kind', { type: RequiredTargetKindEnum }), value: t.exposeString('value') }),
})

const ContentType = builder.objectRef<ContentPiece>('CampaignContent').implement({
  description: 'What one journey of a campaign shows in one zone.',
  fields: (t) => ({
    zone: t.exposeString('zone'),
    journeyName: t.exposeString('journeyName'),
    body: t.field({ type: 'JSON', nullable: true, resolve: ({ body }) => body as Json }), // Stored by this API, as JSON.
  }),
})

const JourneyDefinitionType = builder.prismaObject('JourneyDefinition', {
  findUnique: null,
  fields: (t) => ({
    name: t.exposeString('name'),
    role: t.expose('role', { type: JourneyRoleEnum }),
    priority: t.exposeInt('priority', { description: 'The larger wins.' }),
    events: t.exposeStringList('events', { description: 'The events it supports, by their folded names.' }),
    startEvents: t.exposeStringList('startEvents', { description: 'Those of them that may begin it.' }),
    entry: t.field({
      type: 'JSON',
      nullable: true,
      description: 'Who may enter, as RuleInput says it, audiences by their UUIDs; null: everybody.',
      resolve: ({ entry }) => entry as Json, // Stored by this API, as JSON.
    }),
    ongoing: t.field({
      type: 'JSON',
      nullable: true,
      description: 'Who may stay, as RuleInput says it; null: everybody.',
      resolve: ({ ongoing }) => ongoing as Json, // Stored by this API, as JSON.
    }),
    keyField: t.exposeString('keyField', {
      nullable: true,
      description: "A path into the event's data; a person has one journey per value there.",
    }),
    inactivityDays: t.exposeInt('inactivityDays', {
      nullable: true,
      description: 'Days without an event after which a journey expires; null: never.',
    }),
    reentry: t.expose('reentry', { type: ReentryPolicyEnum }),
  }),
})

const CampaignRevisionType = builder.prismaObject('CampaignRevision', {
  description: 'What a campaign says. Once published it never changes.',
  fields: (t) => ({
    number: t.exposeInt('number'),
    startsAt: t.expose('startsAt', { type: 'DateTime', nullable: true, description: 'Null: always began.' }),
    endsAt: t.expose('endsAt', { type: 'DateTime', nullable: true, description: 'Exclusive; null: never ends.' }),
    requiredTargets: t.field({
      type: [RequiredTargetType],
      description: 'What an event must carry for the campaign to be considered at all.',
      resolve: ({ requiredTargets }) => requiredTargetsIn(requiredTargets),
    }),
    journeys: t.relation('definitions', { query: { orderBy: { name: 'asc' } }, description: 'In alphabetical order.' }),
    content: t.field({ type: [ContentType], resolve: ({ content }) => contentIn(content) }),
    publishedAt: t.expose('publishedAt', { type: 'DateTime', nullable: true, description: 'Null: a draft.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
})

// Written from checked input only.
const requiredTargetsIn = (json: unknown) => json as RequiredTarget[]
const contentIn = (json: unknown) => json as ContentPiece[]

// The revision that is in force, else the newest draft.
const current = { orderBy: [{ publishedAt: { sort: 'desc', nulls: 'last' } }, { number: 'desc' }], take: 1 } as const
const currentColumns = {
  select: {
    revisions: {
      ...current,
      select: { number: true, startsAt: true, endsAt: true, requiredTargets: true, publishedAt: true },
    },
  },
} as const

export const CampaignType = builder.prismaNode('Campaign', {
  id: { resolve: ({ id }) => id },
  select: { accountId: true, id: true },
  findUnique: (id, { accountId }) => nodeKey(id, accountId),
  nullable: true,
  fields: (t) => ({
    name: t.exposeString('name'),
    state: t.expose('state', { type: CampaignStateEnum }),
    phase: t.field({
      ...currentColumns,
      type: CampaignPhaseEnum,
      description: 'Where now stands to its window.',
      resolve: ({ revisions }, _args, { now }) => phaseAt(now, revisions[0]),
    }),
    program: t.relation('program'),
    startsAt: t.field({
      ...currentColumns,
      type: 'DateTime',
      nullable: true,
      description:
        'Its window begins; null: always began. Of the revision in force, as all that a revision says; of a campaign that was never published, of its draft.',
      resolve: ({ revisions }) => revisions[0]?.startsAt ?? null,
    }),
    endsAt: t.field({
      ...currentColumns,
      type: 'DateTime',
      nullable: true,
      description: 'Its window ends, exclusive; null: never.',
      resolve: ({ revisions }) => revisions[0]?.endsAt ?? null,
    }),
    requiredTargets: t.field({
      ...currentColumns,
      type: [RequiredTargetType],
      description: 'What an event must carry for the campaign to be considered at all.',
      resolve: ({ revisions }) => requiredTargetsIn(revisions[0]?.requiredTargets ?? []),
    }),
    journeys: t.field({
      type: [JourneyDefinitionType],
      description: 'Its journey definitions, in alphabetical order.',
      select: { revisions: { ...current, include: { definitions: { orderBy: { name: 'asc' } } } } },
      resolve: ({ revisions }) => revisions[0]?.definitions ?? [],
    }),
    content: t.field({
      select: { revisions: { ...current, select: { content: true } } },
      type: [ContentType],
      description: 'What its journeys show.',
      resolve: ({ revisions }) => contentIn(revisions[0]?.content ?? []),
    }),
    revision: t.int({
      ...currentColumns,
      nullable: true,
      description: 'The number of the revision in force; null: never published.',
      resolve: ({ revisions }) => (revisions[0]?.publishedAt ? revisions[0].number : null),
    }),
    draft: t.field({
      type: CampaignRevisionType,
      nullable: true,
      description:
        'The revision that is not published yet: what a DRAFT will go live with, or what was changed since; null: none.',
      select: (_args, _context, nestedSelection) => ({
        revisions: nestedSelection({ where: { publishedAt: null }, take: 1 }),
      }),
      resolve: ({ revisions }) => revisions[0] ?? null,
    }),
    revisions: t.relation('revisions', {
      query: { orderBy: { number: 'desc' }, take: maxPage },
      description: `The newest ${maxPage}, newest first.`,
    }),
    fields: t.field({
      type: 'JSONObject',
      nullable: true,
      select: { fields: true },
      description:
        "The brand's own, as its CAMPAIGN fields are defined; to keys without PII_READ values that tell who somebody is are null.",
      // The column holds JSON objects only.
      resolve: (...[{ fields }, , context, info]) =>
        shownFields(context, info, { owner: 'CAMPAIGN', values: fields as JsonObject }),
    }),
    firstLiveAt: t.expose('firstLiveAt', { type: 'DateTime', nullable: true }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
})

function phaseAt(now: Date, window: { startsAt: Date | null; endsAt: Date | null } | undefined) {
  if (window?.startsAt && now < window.startsAt) return 'SCHEDULED'
  return window?.endsAt && now >= window.endsAt ? 'OVER' : 'RUNNING'
}
