// Merging and undoing, as callers ask for it, and the merges of a person.

import { builder } from '../../builder.ts'
import { encodeId } from '../../core/ids.ts'
import type { FieldConflict } from '../../core/merge-fields.ts'
import { type Merge, MergeSource } from '../../generated/prisma/client.ts'
import type { Json } from '../../scalars.ts'
import { shownField } from '../profiles/hidden.ts'
import { ProfileKeyInput } from '../profiles/inputs.ts'
import { personRow } from '../profiles/members.ts'
import { ProfileType, personal } from '../profiles/schema.ts'
import { mergesOf } from './loader.ts'
import {
  type MergeBlocker,
  type MergePreview,
  mergeProfiles,
  previewMerge,
  previewUndoMerge,
  type Undone,
  undoMerge,
} from './service.ts'
import type { Moves } from './sql.ts'

const MergeSourceEnum = builder.enumType(MergeSource, {
  name: 'MergeSource',
  description:
    'EVENT: identifiers of an event showed it. MANUAL: somebody asked for it. CANDIDATE: of a merge candidate.',
})

const MergeType = builder.objectRef<Merge>('Merge').implement({
  description: 'Two profiles found to be one person: the loser reads as the survivor, until that is undone.',
  fields: (t) => ({
    loserId: t.id({
      description: 'The profile that was merged; its id leads to the person.',
      resolve: ({ loserId }) => encodeId('Profile', loserId),
    }),
    survivorId: t.id({ resolve: ({ survivorId }) => encodeId('Profile', survivorId) }),
    mergedAt: t.expose('mergedAt', { type: 'DateTime' }),
    source: t.expose('source', { type: MergeSourceEnum }),
    picks: t.exposeStringList('picks', {
      description: 'Names of fields that read as the loser’s, in spite of the survivor’s.',
    }),
  }),
})

builder.prismaObjectFields(ProfileType, (t) => ({
  merges: t.field({
    ...personal,
    type: [MergeType],
    description: 'What was merged into the person, oldest first.',
    resolve: ({ id }, _args, context) => mergesOf(context, id),
  }),
}))

const FieldRuleEnum = builder.enumType('MergeFieldRule', {
  description: 'Whose value of a field is taken where both have one.',
  values: ['SURVIVOR', 'LOSER'] as const,
})

const MergeFieldInput = builder.inputType('MergeFieldInput', {
  fields: (t) => ({
    name: t.string({ required: true }),
    rule: t.field({ type: FieldRuleEnum, required: true }),
  }),
})

const FieldConflictType = builder.objectRef<FieldConflict>('MergeFieldConflict').implement({
  description: 'A field that both have, with other values.',
  fields: (t) => ({
    name: t.exposeString('name'),
    // Fields are JSON.
    survivorValue: t.field({
      ...personal,
      type: 'JSON',
      resolve: ({ name: path, survivorValue }, _args, context, info) =>
        shownField(context, info, { path, value: survivorValue as Json }),
    }),
    loserValue: t.field({
      ...personal,
      type: 'JSON',
      resolve: ({ name: path, loserValue }, _args, context, info) =>
        shownField(context, info, { path, value: loserValue as Json }),
    }),
    wins: t.expose('wins', { type: FieldRuleEnum }),
  }),
})

const MovesType = builder.objectRef<Moves>('MergeMoves').implement({
  description: 'How much comes with the loser.',
  fields: (t) => ({
    identities: t.exposeInt('identities'),
    events: t.exposeInt('events'),
    journeys: t.exposeInt('journeys'),
    relationships: t.exposeInt('relationships', { description: 'As advocate and as friend.' }),
    audiences: t.exposeInt('audiences', { description: 'Memberships, those included that the survivor has too.' }),
    codes: t.exposeInt('codes', { description: 'Whose advocate the loser is.' }),
  }),
})

const PreviewType = builder.objectRef<MergePreview>('MergePreview').implement({
  description: 'What a merge would do.',
  fields: (t) => ({
    survivor: t.field({
      type: ProfileType,
      resolve: ({ survivorId }, _args, context) => personRow(context, survivorId),
    }),
    loser: t.field({ type: ProfileType, resolve: ({ loserId }, _args, context) => personRow(context, loserId) }),
    fieldConflicts: t.field({ type: [FieldConflictType], resolve: ({ conflicts }) => [...conflicts] }),
    moves: t.field({ type: MovesType, resolve: ({ moves }) => moves }),
    hasTwoSourceIds: t.boolean({
      description: 'Both have a source id, so that the merge has to be allowed by `allowTwoSourceIds`.',
      resolve: ({ sourceIds }) => sourceIds !== null,
    }),
  }),
})

const fieldsArgs = {
  fieldRule: 'Whose value is taken of fields that both have. Default: SURVIVOR.',
  fields: 'The same for single fields.',
}

builder.queryField('previewMerge', (t) =>
  t.field({
    type: PreviewType,
    nullable: true,
    authScopes: { can: 'PROFILES_READ' },
    description: 'What `mergeProfiles` would do now; nothing is written. Refused as that is.',
    args: {
      survivor: t.arg({ type: ProfileKeyInput, required: true }),
      loser: t.arg({ type: ProfileKeyInput, required: true }),
      fieldRule: t.arg({ type: FieldRuleEnum, description: fieldsArgs.fieldRule }),
      fields: t.arg({ type: [MergeFieldInput], description: fieldsArgs.fields }),
    },
    resolve: (_root, args, context) => previewMerge(context, args),
  }),
)

const guarded = { nullable: true, authScopes: { can: 'PROFILES_WRITE' } } as const

builder.relayMutationField(
  'mergeProfiles',
  {
    inputFields: (t) => ({
      survivor: t.field({ type: ProfileKeyInput, required: true, description: 'Whose id the person has then.' }),
      loser: t.field({ type: ProfileKeyInput, required: true, description: 'Who is the same person.' }),
      fieldRule: t.field({ type: FieldRuleEnum, description: fieldsArgs.fieldRule }),
      fields: t.field({ type: [MergeFieldInput], description: fieldsArgs.fields }),
      allowTwoSourceIds: t.boolean({
        description:
          'Merges two people who have a source id each: `sourceId` is then the survivor’s, and both name the person. Default: false, CONFLICT.',
      }),
    }),
  },
  {
    ...guarded,
    description:
      'Makes two people one: identifiers, events, journeys, relationships, audiences and codes of both read as the survivor’s, and the loser’s id leads to the survivor. An open merge candidate of the two is accepted. BAD_INPUT where they are one already.',
    resolve: (_root, { input }, context) => mergeProfiles(context, input),
  },
  {
    outputFields: (t) => ({
      profile: t.field({
        type: ProfileType,
        resolve: ({ survivorId }, _args, context) => personRow(context, survivorId),
      }),
    }),
  },
)

const BlockerType = builder.objectRef<MergeBlocker>('MergeBlocker').implement({
  description: 'A thing that both had a part in since they were merged.',
  fields: (t) => ({
    kind: t.exposeString('kind', { description: 'JOURNEY or RELATIONSHIP.' }),
    id: t.exposeID('id'),
    message: t.exposeString('message'),
  }),
})

const UndoPreviewType = builder.objectRef<Undone>('UndoMergePreview').implement({
  fields: (t) => ({ blockers: t.field({ type: [BlockerType], resolve: ({ blockers }) => [...blockers] }) }),
})

builder.queryField('previewUndoMerge', (t) =>
  t.field({
    type: UndoPreviewType,
    nullable: true,
    authScopes: { can: 'PROFILES_READ' },
    description: 'What stands in the way of undoing a merge. CONFLICT for a profile that is not merged.',
    args: { loser: t.arg.id({ required: true, description: 'The id of the profile that was merged.' }) },
    resolve: (_root, { loser }, context) => previewUndoMerge(context, loser),
  }),
)

builder.relayMutationField(
  'undoMerge',
  {
    inputFields: (t) => ({
      loser: t.id({ required: true, description: 'The id of the profile that was merged; see `Profile.merges`.' }),
      force: t.boolean({
        description: 'Undoes it in spite of blockers: these stay with whom they were begun for. Default: false.',
      }),
    }),
  },
  {
    ...guarded,
    description:
      'Undoes a merge, whoever made it: each reads as before, and what was written since is with the one whose identifier or id it came with. CONFLICT with the extension `blockers` where both had a part in something. The two are noted as a dismissed merge candidate.',
    resolve: (_root, { input }, context) => undoMerge(context, input),
  },
  {
    outputFields: (t) => ({
      survivor: t.field({
        type: ProfileType,
        resolve: ({ survivorId }, _args, context) => personRow(context, survivorId),
      }),
      loser: t.field({ type: ProfileType, resolve: ({ loserId }, _args, context) => personRow(context, loserId) }),
      blockers: t.field({
        type: [BlockerType],
        description: 'What was forced.',
        resolve: ({ blockers }) => [...blockers],
      }),
    }),
  },
)
