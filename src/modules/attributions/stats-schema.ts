// Live counts of decisions by program, campaign and event name.

import { z } from 'zod'
import { builder } from '../../builder.ts'
import { rowById } from '../../connections.ts'
import type { CountRow } from '../counts/sql.ts'
import { CampaignType, ProgramType } from '../programs/types.ts'
import { type Stats, subscribeToStats } from './stats.ts'

const maxListed = 100
const listed = z.array(z.unknown()).max(maxListed, `over ${maxListed} values`)

const CampaignStatsFilter = builder.inputType('CampaignStatsFilter', {
  description: `All of them must hold. Lists take at most ${maxListed} values.`,
  fields: (t) => ({
    programIds: t.idList({ validate: listed }),
    campaignIds: t.idList({ validate: listed }),
    eventNames: t.stringList({ validate: listed }),
  }),
})

const CampaignCount = builder.objectRef<CountRow>('CampaignCount').implement({
  description: 'Events of one name that were credited to one campaign, or to nobody. Only decisions in force count.',
  fields: (t) => ({
    program: t.prismaField({
      type: ProgramType,
      nullable: true,
      resolve: (query, { programId: id }, _args, context) =>
        id === null ? null : rowById(context, { model: 'program', query }, id),
    }),
    campaign: t.prismaField({
      type: CampaignType,
      nullable: true,
      description: 'Null for events that were credited to nobody.',
      resolve: (query, { campaignId: id }, _args, context) =>
        id === null ? null : rowById(context, { model: 'campaign', query }, id),
    }),
    eventName: t.exposeString('eventName'),
    attributed: t.exposeInt('attributed', { description: '`high` and `low` together.' }),
    high: t.exposeInt('high', { description: 'Of them those of quality HIGH.' }),
    low: t.exposeInt('low', { description: 'Of them those of quality LOW.' }),
    unattributed: t.exposeInt('unattributed'),
    newestAt: t.expose('newest', {
      type: 'DateTime',
      description: 'When the newest was received: to the minute for the last hour, to the hour before that.',
    }),
  }),
})

const CampaignStats = builder.objectRef<Stats>('CampaignStats').implement({
  description: 'How things stand, as a whole: it replaces what was sent before.',
  fields: (t) => ({
    since: t.expose('since', { type: 'DateTime' }),
    at: t.expose('at', { type: 'DateTime', description: 'When it was counted.' }),
    counts: t.field({
      type: [CampaignCount],
      description:
        'What has none is left out. In the order of campaigns, then of event names; what was credited to nobody is last. At most 1,000, those of the most events.',
      complexity: { field: 1, multiplier: 100 },
      resolve: ({ counts }) => counts,
    }),
  }),
})

builder.subscriptionField('campaignStats', (t) =>
  t.field({
    type: CampaignStats,
    authScopes: { can: 'ATTRIBUTIONS_READ' },
    description:
      'Counts by campaign and event name: how they stand, at once, and again whenever they changed, at most twice a second. Whoever is slow is given the newest.',
    args: {
      since: t.arg({
        type: 'DateTime',
        description: 'Events received from that minute on, at most 366 days ago; default: the UTC day that it is.',
      }),
      filter: t.arg({ type: CampaignStatsFilter }),
    },
    subscribe: (_root, args, context) => subscribeToStats(context, args),
    resolve: (stats) => stats,
  }),
)
