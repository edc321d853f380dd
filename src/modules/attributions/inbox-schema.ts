// unattributedInbox: what was credited to nobody, why, and what would have helped.

import { z } from 'zod'
import { builder } from '../../builder.ts'
import { rowById } from '../../connections.ts'
import { maxPage } from '../../keyset.ts'
import { ProfileKeyInput } from '../profiles/inputs.ts'
import { CampaignType } from '../programs/types.ts'
import { ReasonEnum } from './enums.ts'
import { hintOf, type InboxGroup, inboxCursor, peopleOf, readInbox, receivedAt, samplesOf } from './inbox.ts'
import { AttributionType } from './schema.ts'

const maxListed = 100
const listed = z.array(z.unknown()).max(maxListed, `over ${maxListed} values`)

const UnattributedInboxFilter = builder.inputType('UnattributedInboxFilter', {
  description: `All of them must hold. Lists take at most ${maxListed} values.`,
  fields: (t) => ({
    from: t.field({ type: 'DateTime', description: 'Received from then on; default: 30 days before the end.' }),
    to: t.field({
      type: 'DateTime',
      description: 'Received before then; default: now. At most 366 days after the beginning.',
    }),
    eventNames: t.stringList({ validate: listed }),
    reasons: t.field({ type: [ReasonEnum], validate: listed }),
    campaignIds: t.idList({ validate: listed, description: 'Campaigns that were the near miss.' }),
    profile: t.field({ type: ProfileKeyInput }),
  }),
})

const EventNameCount = builder.objectRef<{ name: string; count: number }>('EventNameCount').implement({
  description: 'How many events were of a name.',
  fields: (t) => ({ name: t.exposeString('name'), count: t.exposeInt('count') }),
})

const maxSamples = 20

const UnattributedGroup = builder.objectRef<InboxGroup>('UnattributedGroup').implement({
  description: 'Events that were credited to nobody for one reason, and that came nearest to one campaign.',
  fields: (t) => ({
    reason: t.expose('reason', { type: ReasonEnum }),
    nearMissCampaign: t.prismaField({
      type: CampaignType,
      nullable: true,
      description: 'The campaign that got furthest; null where none was looked at.',
      resolve: (query, { campaignId: id }, _args, context) =>
        id === null ? null : rowById(context, { model: 'campaign', query }, id),
    }),
    nearMissCode: t.expose('code', { type: ReasonEnum, nullable: true, description: 'How that campaign fell.' }),
    eventNames: t.expose('names', {
      type: [EventNameCount],
      description: 'The five most frequent names, the most frequent first.',
    }),
    count: t.exposeInt('count', { description: 'How many events.' }),
    people: t.int({
      description: 'Of how many people; those who were merged count once.',
      resolve: (group, _args, context) => peopleOf(context.aged, group),
    }),
    firstAt: t.field({
      type: 'DateTime',
      description: 'When the first of them was received.',
      resolve: (group, _args, context) => receivedAt(context.aged, group, 'first'),
    }),
    lastAt: t.field({
      type: 'DateTime',
      description: 'When the last of them was received.',
      resolve: (group, _args, context) => receivedAt(context.aged, group, 'last'),
    }),
    hint: t.string({
      description: 'One plain sentence: what would have made the newest of them match.',
      resolve: (group, _args, context) => hintOf(context.aged, group),
    }),
    samples: t.field({
      type: [AttributionType],
      description: 'The newest of them, newest first.',
      args: {
        first: t.arg.int({
          defaultValue: 3,
          description: `At most ${maxSamples}.`,
          validate: z.number().int().min(0).max(maxSamples),
        }),
      },
      complexity: ({ first }) => ({ field: 1, multiplier: Math.max(1, first ?? 3) }),
      resolve: async (group, { first }, context) =>
        (await samplesOf(context.aged, group, { take: first ?? 3 })).map((sample) => ({
          accountId: context.accountId,
          ...sample,
        })),
    }),
  }),
})

const UnattributedInboxConnection = builder.connectionObject(
  {
    type: UnattributedGroup,
    name: 'UnattributedInboxConnection',
  },
  { name: 'UnattributedInboxEdge' },
)

const UnattributedTotals = builder.objectRef<{ events: number; groups: number }>('UnattributedTotals').implement({
  description: 'Of all pages together.',
  fields: (t) => ({
    events: t.exposeInt('events', { description: 'How many events were credited to nobody.' }),
    groups: t.exposeInt('groups', { description: 'In how many groups.' }),
  }),
})

builder.objectField(UnattributedInboxConnection, 'totals', (t) =>
  t.field({
    type: UnattributedTotals,
    // Every inbox is resolved with its totals, below.
    resolve: (connection) => (connection as unknown as { totals: { events: number; groups: number } }).totals,
  }),
)

builder.queryField('unattributedInbox', (t) =>
  t.field({
    type: UnattributedInboxConnection,
    nullable: true,
    authScopes: { can: 'ATTRIBUTIONS_READ' },
    description:
      'Events that were credited to nobody, in groups of one reason and one near miss, the largest first. Only decisions in force count. Give `to` where pages are to agree with each other while events come in.',
    args: {
      filter: t.arg({ type: UnattributedInboxFilter }),
      first: t.arg.int({ description: `At most ${maxPage}.` }),
      after: t.arg.string(),
    },
    resolve: async (_root, { filter, ...page }, { aged: context }) => {
      const { groups, hasNextPage, totals } = await readInbox(context, { filter: filter ?? {}, ...page })
      const edges = groups.map((node) => ({ node, cursor: inboxCursor(context.accountId, node) }))
      const [startCursor, endCursor] = [edges[0]?.cursor ?? null, edges.at(-1)?.cursor ?? null]
      return {
        edges,
        pageInfo: { startCursor, endCursor, hasNextPage, hasPreviousPage: page.after != null },
        totals,
      }
    },
  }),
)
