// What integrators send.

import { builder } from '../../builder.ts'
import { ProfileRefInput } from '../profiles/inputs.ts'
import { RequiredTargetInput } from '../programs/inputs.ts'
import { ChannelEnum } from './event-type.ts'

export const TargetingInput = builder.inputType('TargetingInput', {
  description: 'Hints on which campaign is meant. They may also stand in `data`; typed ones win.',
  fields: (t) => ({
    require: t.field({
      type: [RequiredTargetInput],
      description: 'The winner must match: any of one kind, and every kind.',
    }),
    requiredLabels: t.stringList({ description: 'Labels that the program must have, each of them.' }),
    couponCodes: t.stringList({ description: 'The strongest explicit hint.' }),
    shareIds: t.stringList({ description: 'The second.' }),
    advocateCodes: t.stringList({ description: 'The third.' }),
    journeyCampaignId: t.id({ description: 'The fourth: the campaign whose journey goes on.' }),
    labels: t.stringList({ description: 'Soft: programs preferred.' }),
    promoLink: t.string({ description: 'Soft: the code of a promo link, for its label.' }),
    partnerId: t.string({ description: 'Ranks the journey higher that came with it before.' }),
    strictHints: t.boolean({
      description: 'An explicit hint that is unknown, inactive or malformed leaves the event unattributed.',
    }),
  }),
})

const EventContextInput = builder.inputType('EventContextInput', {
  description: 'Where it happened; used for channel, visit type, bots and quality.',
  fields: (t) => ({
    channel: t.field({ type: ChannelEnum }),
    userAgent: t.string(),
    ip: t.string(),
    url: t.string(),
    referrer: t.string(),
    locale: t.string(),
  }),
})

export const TrackEventInput = builder.inputType('TrackEventInput', {
  fields: (t) => ({
    name: t.string({
      required: true,
      description: '1 to 100 characters; matched in snake case: "Signed Up" is `signed_up`.',
    }),
    profile: t.field({ type: ProfileRefInput, required: true }),
    occurredAt: t.field({ type: 'DateTime', description: 'Default: now. More than 5 minutes ahead counts as now.' }),
    data: t.field({ type: 'JSONObject', description: 'Anything that belongs to the event, up to 64 KiB.' }),
    targeting: t.field({ type: TargetingInput }),
    context: t.field({ type: EventContextInput }),
    idempotencyKey: t.string({
      description:
        'At most 200 characters. The same key and content again: the first answer, `replayed`. Kept 30 days.',
    }),
  }),
})
