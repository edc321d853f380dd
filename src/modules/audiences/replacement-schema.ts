// Replacing the members of a static audience by a list that is too long for one call.

import { builder } from '../../builder.ts'
import { encodeId } from '../../core/ids.ts'
import { ProfileKeyInput } from '../profiles/inputs.ts'
import {
  appendToAudienceReplacement,
  beginAudienceReplacement,
  commitAudienceReplacement,
  discardAudienceReplacement,
  type RowFault,
  type rowFaults,
} from './replacement.ts'
import { audienceField } from './schema.ts'

const writing = { nullable: true, authScopes: { can: 'CAMPAIGNS_WRITE' } } as const

const RowReasonEnum = builder.enumType('AudienceRowReason', {
  description: 'Why a row of a list was left out.',
  values: {
    UNKNOWN: { description: 'Nobody is known by it; nobody is made up.' },
    MALFORMED: { description: 'It cannot name anybody.' },
  } as const satisfies Record<(typeof rowFaults)[number], { description: string }>,
})

const RowFaultType = builder.objectRef<RowFault>('AudienceRowFault').implement({
  description: 'A row of a list that was left out.',
  fields: (t) => ({
    at: t.exposeInt('at', { description: 'Its place in the list of the call, from 0.' }),
    reason: t.expose('reason', { type: RowReasonEnum }),
    message: t.exposeString('message'),
  }),
})

builder.relayMutationField(
  'beginAudienceReplacement',
  { inputFields: (t) => ({ audienceId: t.id({ required: true }) }) },
  {
    ...writing,
    description:
      'Begins to replace the members of a static audience by a list of up to 100,000 people, which follows in calls of `appendToAudienceReplacement`. Nothing changes before `commitAudienceReplacement`. One that nobody commits is forgotten after a day.',
    resolve: async (_root, { input }, context) => ({ id: await beginAudienceReplacement(context, input) }),
  },
  {
    outputFields: (t) => ({
      replacementId: t.id({ resolve: ({ id }) => encodeId('AudienceReplacement', id) }),
    }),
  },
)

builder.relayMutationField(
  'appendToAudienceReplacement',
  {
    inputFields: (t) => ({
      replacementId: t.id({ required: true }),
      profiles: t.field({ type: [ProfileKeyInput], required: true, description: 'At most 5,000.' }),
    }),
  },
  {
    ...writing,
    description: 'Adds people to a replacement. Sent twice, they are in it once.',
    resolve: (_root, { input }, context) => appendToAudienceReplacement(context, input),
  },
  {
    outputFields: (t) => ({
      added: t.exposeInt('added', { description: 'How many people were not in it before.' }),
      members: t.exposeInt('members', { description: 'How many people are in it now.' }),
      faults: t.field({
        type: [RowFaultType],
        description: 'The rows that were left out; the others were taken.',
        resolve: ({ faults }) => faults,
      }),
    }),
  },
)

builder.relayMutationField(
  'commitAudienceReplacement',
  { inputFields: (t) => ({ replacementId: t.id({ required: true }) }) },
  {
    ...writing,
    description:
      'Makes the people of a replacement the only members of the audience, at once: nobody ever sees it half done. Who stays is not touched.',
    resolve: (_root, { input }, context) => commitAudienceReplacement(context, input),
  },
  {
    outputFields: (t) => ({
      audience: audienceField(t),
      added: t.exposeInt('added', { description: 'How many of them were not in it before.' }),
      removed: t.exposeInt('removed', { description: 'How many others left.' }),
    }),
  },
)

builder.relayMutationField(
  'discardAudienceReplacement',
  { inputFields: (t) => ({ replacementId: t.id({ required: true }) }) },
  {
    ...writing,
    description: 'Forgets a replacement; the audience stays as it is.',
    resolve: async (_root, { input }, context) => ({ audienceId: await discardAudienceReplacement(context, input) }),
  },
  { outputFields: (t) => ({ audience: audienceField(t) }) },
)
