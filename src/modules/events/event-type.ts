// The type Event by itself; what refers to other modules is added in schema.ts.

import { builder } from '../../builder.ts'
import type { Channel } from '../../generated/prisma/client.ts'
import { nodeKey } from '../../ids.ts'
import type { JsonObject } from '../../scalars.ts'
import { shownData, shownText } from '../profiles/hidden.ts'

export const ChannelEnum = builder.enumType('Channel', {
  description: 'Where an event happened.',
  values: {
    WEB: { description: 'In a browser.' },
    MOBILE_APP: { description: 'In an app.' },
    API: { description: 'Between servers: nobody saw a page.' },
    EMAIL: { description: 'In a mail, such as a click in it.' },
    IN_STORE: { description: 'At a till or counter.' },
    IMPORT: { description: 'In a file of the past; its time is what the file says.' },
  } as const satisfies { [channel in Channel]: object },
})

export const EventType = builder.prismaNode('Event', {
  id: { resolve: ({ id }) => id },
  select: { accountId: true, id: true },
  findUnique: (id, { accountId }) => nodeKey(id, accountId),
  nullable: true,
  authScopes: { canAny: ['EVENTS_WRITE', 'ATTRIBUTIONS_READ', 'PROFILES_READ'] },
  fields: (t) => ({
    name: t.exposeString('name', { description: 'In snake case; an alias is translated.' }),
    occurredAt: t.expose('occurredAt', { type: 'DateTime' }),
    receivedAt: t.expose('receivedAt', { type: 'DateTime' }),
    reportedAt: t.expose('reportedAt', {
      type: 'DateTime',
      nullable: true,
      description: "The sender's own time, where it was more than 5 minutes ahead and was clamped to the receipt.",
    }),
    data: t.field({
      type: 'JSONObject',
      select: { name: true, data: true },
      description: 'To keys without PII_READ values that tell who the person is are null.',
      // The column holds JSON objects only.
      resolve: ({ name, data }, _args, context, info) => shownData(context, info, { name, values: data as JsonObject }),
    }),
    channel: t.expose('channel', { type: ChannelEnum, nullable: true }),
    idempotencyKey: t.string({
      nullable: true,
      select: { idempotencyKey: true },
      description: 'Null to keys without PII_READ where it holds an e-mail address or a phone number.',
      resolve: ({ idempotencyKey }, _args, context, info) => shownText(context, info, idempotencyKey),
    }),
  }),
})
