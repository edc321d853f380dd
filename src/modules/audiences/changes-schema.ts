// What callers do to audiences: make, change and archive them, put people in and take them out.

import { builder } from '../../builder.ts'
import type { Context } from '../../context.ts'
import { ProfileKeyInput, ProfileRefInput } from '../profiles/inputs.ts'
import { RuleInput } from '../programs/rule-input.ts'
import { ensureBuiltInAudience } from './built-in.ts'
import { addToAudience, type MembersInput, removeFromAudience, replaceAudienceMembers } from './members.ts'
import { audienceField, BuiltInEnum } from './schema.ts'
import { archiveAudience, createAudience, updateAudience } from './service.ts'

const writing = { nullable: true, authScopes: { can: 'CAMPAIGNS_WRITE' } } as const
const ruled =
  'At most 200 conditions. They are asked as of now; there is no event whose data could be asked for. Audiences may ask about audiences, without circles.'

builder.relayMutationField(
  'createAudience',
  {
    inputFields: (t) => ({
      name: t.string({ required: true, description: 'Unique in the account; 1 to 200 characters.' }),
      rule: t.field({
        type: RuleInput,
        description: `Makes it dynamic: its members are whom the rule holds for, at any time. ${ruled}`,
      }),
    }),
  },
  {
    ...writing,
    description:
      'Makes an audience: without a rule an empty one, to which people are added; with a rule one that has its members already, unless there are so many people that this takes some seconds more (`isFilling`).',
    resolve: async (_root, { input }, context) => ({ audienceId: await createAudience(context, input) }),
  },
  { outputFields: (t) => ({ audience: audienceField(t) }) },
)

builder.relayMutationField(
  'ensureBuiltInAudience',
  { inputFields: (t) => ({ kind: t.field({ type: BuiltInEnum, required: true }) }) },
  {
    ...writing,
    description:
      'The audience of that kind, made when it is first asked for, with its members; its rule is the same in every account.',
    resolve: async (_root, { input }, context) => ({ audienceId: await ensureBuiltInAudience(context, input) }),
  },
  { outputFields: (t) => ({ audience: audienceField(t) }) },
)

builder.relayMutationField(
  'updateAudience',
  {
    inputFields: (t) => ({
      audienceId: t.id({ required: true }),
      name: t.string({ description: 'Unique in the account; 1 to 200 characters.' }),
      rule: t.field({ type: RuleInput, description: `Of a dynamic audience. ${ruled}` }),
    }),
  },
  {
    ...writing,
    description: 'Renames an audience, or gives a dynamic one another rule, by which people enter and leave at once.',
    resolve: async (_root, { input }, context) => ({ audienceId: await updateAudience(context, input) }),
  },
  { outputFields: (t) => ({ audience: audienceField(t) }) },
)

builder.relayMutationField(
  'archiveAudience',
  { inputFields: (t) => ({ audienceId: t.id({ required: true }) }) },
  {
    ...writing,
    description:
      'Takes an audience out of use: it is listed no more and keeps the members of this moment. Refused while a campaign or another audience asks about it.',
    resolve: async (_root, { input }, context) => ({ audienceId: await archiveAudience(context, input) }),
  },
  { outputFields: (t) => ({ audience: audienceField(t) }) },
)

interface Moved {
  audienceId: string
  added?: number
  removed?: number
  created?: number
}

const counts = {
  added: 'How many of them were not in it before.',
  removed: 'How many people left.',
  created: 'How many of them nobody knew before.',
} as const

interface MembersMutation {
  people: typeof ProfileRefInput | typeof ProfileKeyInput
  /** Of the people. */
  words: string
  description: string
  /** What is told of it. */
  tells: readonly (keyof typeof counts)[]
  resolve(context: Context, input: MembersInput): Promise<Moved>
}

/** A mutation that moves people into a static audience, or out of it. */
function membersMutation(name: string, { people, words, description, tells, resolve }: MembersMutation): void {
  builder.relayMutationField(
    name,
    {
      inputFields: (t) => ({
        audienceId: t.id({ required: true }),
        profiles: t.field({ type: [people], required: true, description: words }),
      }),
    },
    { ...writing, description, resolve: (_root, { input }, context): Promise<Moved> => resolve(context, input) },
    {
      outputFields: (t) => ({
        audience: audienceField(t),
        ...Object.fromEntries(
          tells.map((one) => [one, t.int({ description: counts[one], resolve: (moved: Moved) => moved[one] ?? 0 })]),
        ),
      }),
    },
  )
}

membersMutation('addToAudience', {
  people: ProfileRefInput,
  words: 'At most 1,000; found, or created where nobody is known by it.',
  description: 'Puts people into a static audience: all of them, or none where one reference is at fault.',
  tells: ['added', 'created'],
  resolve: addToAudience,
})

membersMutation('removeFromAudience', {
  people: ProfileKeyInput,
  words: 'At most 1,000; who is not in it, or not known, is passed over.',
  description: 'Takes people out of a static audience.',
  tells: ['removed'],
  resolve: removeFromAudience,
})

membersMutation('replaceAudienceMembers', {
  people: ProfileRefInput,
  words: 'At most 5,000, of an audience of no more; found, or created where nobody is known by it.',
  description:
    'Makes the people the only members of a static audience, at once: nobody ever sees it half done. Who stays is not touched. Longer lists come in pieces: `beginAudienceReplacement`.',
  tells: ['added', 'removed', 'created'],
  resolve: replaceAudienceMembers,
})
