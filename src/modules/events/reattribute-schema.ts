// reattributeEvent.

import { builder } from '../../builder.ts'
import type { AttributionId } from '../attributions/id.ts'
import { AttributionType } from '../attributions/schema.ts'
import { TargetingInput } from './inputs.ts'
import { reattributeEvent } from './reattribute.ts'

const ReattributeEventInput = builder.inputType('ReattributeEventInput', {
  fields: (t) => ({
    eventId: t.id({ required: true }),
    note: t.string({ required: true, description: 'Why, for whoever reads the decision later; 1 to 500 characters.' }),
    targeting: t.field({
      type: TargetingInput,
      description:
        'Corrected hints, in place of all typed ones of the event. Those in its `data` go on acting as ever.',
    }),
  }),
})

const ReattributeEventPayload = builder.objectRef<AttributionId>('ReattributeEventPayload').implement({
  fields: (t) => ({
    attribution: t.field({
      type: AttributionType,
      description: 'The decision in force from now on; `supersedes` is the one before.',
      resolve: ({ eventId, revision }, _args, { accountId }) => ({ accountId, eventId, revision }),
    }),
  }),
})

builder.mutationField('reattributeEvent', (t) =>
  t.field({
    type: ReattributeEventPayload,
    nullable: true,
    authScopes: { can: 'CAMPAIGNS_WRITE' },
    description:
      'Decides an event anew: by the rules in force now, as of its own time, seeing neither itself nor what its earlier decision did. The new decision supersedes the one in force, also where it is the same; both stay, the event never changes, and subscribers are told. The journey credited before loses that credit (and is WITHDRAWN where it was the only one; a journey that the event took up again stays so, one that it ended goes on unless the new decision ends it too), and the relationship its evidence of that event. Follow-ups that inherited the earlier decision keep it. Every call makes a decision: sent twice, there are two.',
    args: { input: t.arg({ type: ReattributeEventInput, required: true }) },
    resolve: (_root, { input }, context) => reattributeEvent(context, input),
  }),
)
