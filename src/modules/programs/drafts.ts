// What a revision of a campaign says, while it may still change: checked from input, and written.

import type { ContentPiece, JourneyDefinition, RequiredTarget } from '../../core/targeting/facts.ts'
import { badInput, conflict, notFound } from '../../errors.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { Transaction } from '../../platform/database.ts'
import { type ContentInput, contentOf, keptContent } from './content.ts'
import { definitionsOf, type JourneyDefinitionInput, requiredTargetsOf } from './definitions.ts'
import { assertFieldNames } from './field-definitions.ts'
import { audiencePlaces, type FieldPlace, fieldPlaces, programPlaces } from './rule-reading.ts'
import type { Change } from './sql.ts'

export interface Draft {
  startsAt: Date | null
  endsAt: Date | null
  requiredTargets: readonly RequiredTarget[]
  definitions: readonly JourneyDefinition[]
  content: readonly ContentPiece[]
}

/** What is absent stays as it was; null takes away the start or the end of the window. */
export interface DraftInput {
  startsAt?: Date | null
  endsAt?: Date | null
  requiredTargets?: readonly RequiredTarget[] | null
  journeys?: readonly JourneyDefinitionInput[] | null
  content?: readonly ContentInput[] | null
}

/** What a campaign says of which nothing is known yet. */
export const emptyDraft: Draft = { startsAt: null, endsAt: null, requiredTargets: [], definitions: [], content: [] }

/** True where the input says anything that is part of a revision. */
export const isRevision = ({ startsAt, endsAt, ...lists }: DraftInput): boolean =>
  startsAt !== undefined || endsAt !== undefined || [lists.requiredTargets, lists.journeys, lists.content].some(Boolean)

/** The draft with what the input says. BAD_INPUT naming the place, such as `input.journeys[1].events[0]`. */
export function revised(draft: Draft, input: DraftInput, path: string): Draft {
  const startsAt = input.startsAt === undefined ? draft.startsAt : input.startsAt
  const endsAt = input.endsAt === undefined ? draft.endsAt : input.endsAt
  if (startsAt && endsAt && endsAt <= startsAt) {
    // The end is named unless only the start was given.
    throw input.endsAt
      ? badInput('not after startsAt', `${path}.endsAt`)
      : badInput('not before endsAt', `${path}.startsAt`)
  }
  const definitions = input.journeys ? definitionsOf(input.journeys, `${path}.journeys`) : draft.definitions
  return {
    startsAt,
    endsAt,
    requiredTargets: input.requiredTargets
      ? requiredTargetsOf(input.requiredTargets, `${path}.requiredTargets`)
      : draft.requiredTargets,
    definitions,
    content: input.content
      ? contentOf(input.content, definitions, `${path}.content`)
      : keptContent(draft.content, definitions, `${path}.journeys`),
  }
}

/** NOT_FOUND, naming the place, for what a draft names and the account does not have. */
export async function assertNamed(
  tx: Transaction,
  accountId: string,
  { draft, path }: { draft: Draft; path: string },
): Promise<void> {
  const campaigns = draft.requiredTargets.flatMap(({ kind, value }, i) =>
    kind === 'CAMPAIGN_ID' ? [{ id: value, path: `${path}.requiredTargets[${i}].value` }] : [],
  )
  assertKnown('campaign', campaigns, campaigns.length ? await tx.campaign.findMany(idsAmong(accountId, campaigns)) : [])
  const audiences = draft.definitions.flatMap(({ entry, ongoing }, i) => [
    ...(entry ? audiencePlaces(entry, `${path}.journeys[${i}].entry`) : []),
    ...(ongoing ? audiencePlaces(ongoing, `${path}.journeys[${i}].ongoing`) : []),
  ])
  const { where, select } = idsAmong(accountId, audiences)
  const unarchived = { where: { ...where, archivedAt: null }, select }
  assertKnown('audience', audiences, audiences.length ? await tx.audience.findMany(unarchived) : [])
  const programs = draft.definitions.flatMap(({ entry, ongoing }, i) => [
    ...(entry ? programPlaces(entry, `${path}.journeys[${i}].entry`) : []),
    ...(ongoing ? programPlaces(ongoing, `${path}.journeys[${i}].ongoing`) : []),
  ])
  assertKnown('program', programs, programs.length ? await tx.program.findMany(idsAmong(accountId, programs)) : [])
  await assertFieldNames(tx, accountId, {
    places: placesIn(draft, path),
    events: draft.definitions.flatMap(({ events }) => events),
  })
}

/** The fields that the rules of a draft ask about. */
export const placesIn = ({ definitions }: Draft, path: string): FieldPlace[] =>
  definitions.flatMap(({ entry, ongoing }, i) => [
    ...(entry ? fieldPlaces(entry, `${path}.journeys[${i}].entry`) : []),
    ...(ongoing ? fieldPlaces(ongoing, `${path}.journeys[${i}].ongoing`) : []),
  ])

/** An id and where it stands in the input. */
interface Place {
  id: string
  path: string
}

const idsAmong = (accountId: string, places: readonly Place[]) => ({
  where: { accountId, id: { in: places.map(({ id }) => id) } },
  select: { id: true },
})

function assertKnown(noun: string, places: readonly Place[], rows: readonly { id: string }[]): void {
  const known = new Set(rows.map(({ id }) => id))
  const stray = places.find(({ id }) => !known.has(id))
  if (stray) throw notFound(`no ${noun} ${stray.id}`, stray.path)
}

export interface NewCampaign {
  id: string
  programId: string
  name: string
  draft: Draft
  /** The brand's own, held to the definitions. */
  fields: Prisma.InputJsonObject
  /** Where the name stands in the input. */
  path: string
}

/** Stores campaigns, all DRAFT, each with its first revision. CONFLICT, at the place, for a name that is taken. */
export async function insertCampaigns(
  tx: Transaction,
  accountId: string,
  { campaigns, version, at }: Change & { campaigns: readonly NewCampaign[] },
): Promise<void> {
  const names = campaigns.map(({ name }) => name)
  const taken = new Set(
    (await tx.campaign.findMany({ where: { accountId, name: { in: names } }, select: { name: true } })).map(
      ({ name }) => name,
    ),
  )
  const stray = campaigns.find(({ name }, i) => taken.has(name) || names.indexOf(name) < i)
  if (stray) throw conflict(`another campaign has the name ${stray.name}`, stray.path)
  await tx.campaign.createMany({
    data: campaigns.map(({ id, programId, name, fields }) => ({
      accountId,
      id,
      programId,
      name,
      fields,
      createdAt: at,
    })),
  })
  await tx.campaignStateChange.createMany({
    data: campaigns.map(({ id }) => ({ accountId, campaignId: id, version, state: 'DRAFT' as const, at })),
  })
  const revisions = campaigns.map(({ id, draft }) => ({ key: { accountId, campaignId: id, number: 1 }, draft }))
  await tx.campaignRevision.createMany({
    data: revisions.map(({ key, draft }) => ({ ...key, ...columnsOf(draft), createdAt: at })),
  })
  await tx.journeyDefinition.createMany({ data: revisions.flatMap(({ key, draft }) => definitionRows(key, draft)) })
}

export interface RevisionKey {
  accountId: string
  campaignId: string
  number: number
}

/** Stores a draft revision, a new one or in place of what it said before. */
export async function saveDraft(
  tx: Transaction,
  key: RevisionKey,
  { draft, at, isNew }: { draft: Draft; at: Date; isNew: boolean },
): Promise<void> {
  const { accountId, campaignId, number } = key
  if (isNew) await tx.campaignRevision.create({ data: { ...key, ...columnsOf(draft), createdAt: at } })
  else {
    // Never one that is published, whoever asks.
    const { count } = await tx.campaignRevision.updateMany({
      where: { ...key, publishedAt: null },
      data: columnsOf(draft),
    })
    if (count === 0) throw new Error(`revision ${number} of campaign ${campaignId} is no draft`)
    await tx.journeyDefinition.deleteMany({ where: { accountId, campaignId, revision: number } })
  }
  await tx.journeyDefinition.createMany({ data: definitionRows(key, draft) })
}

/** What a stored revision says. */
export function draftIn(row: Prisma.CampaignRevisionGetPayload<{ include: { definitions: true } }>): Draft {
  const { startsAt, endsAt, requiredTargets, content, definitions } = row
  // All of it was written from checked input.
  return {
    startsAt,
    endsAt,
    requiredTargets: requiredTargets as unknown as RequiredTarget[],
    definitions: definitions.map(
      ({ accountId: _, campaignId: __, revision: ___, ...definition }) => definition as unknown as JourneyDefinition,
    ),
    content: content as unknown as ContentPiece[],
  }
}

const columnsOf = ({ startsAt, endsAt, requiredTargets, content }: Draft) => ({
  startsAt,
  endsAt,
  // Both are JSON, though typed wider.
  requiredTargets: requiredTargets as unknown as Prisma.InputJsonArray,
  content: content as unknown as Prisma.InputJsonArray,
})

function definitionRows({ accountId, campaignId, number }: RevisionKey, { definitions }: Draft) {
  return definitions.map(({ events, startEvents, entry, ongoing, ...rest }) => ({
    ...rest,
    accountId,
    campaignId,
    revision: number,
    events: [...events],
    startEvents: [...startEvents],
    // A rule is JSON, though its values are typed wider.
    entry: (entry as Prisma.InputJsonObject | null) ?? Prisma.DbNull,
    ongoing: (ongoing as Prisma.InputJsonObject | null) ?? Prisma.DbNull,
  }))
}
