// Setting up what events are credited to: programs, and campaigns as they are written.

import type { Context } from '../../context.ts'
import type { FieldFault } from '../../core/fields/definition.ts'
import { foldName } from '../../core/names.ts'
import { badInput, conflict, notFound } from '../../errors.ts'
import type { Prisma } from '../../generated/prisma/client.ts'
import { idInput, newId } from '../../ids.ts'
import type { Transaction } from '../../platform/database.ts'
import type { JsonObject } from '../../scalars.ts'
import { checkedText } from '../../text.ts'
import { assertMayAsk } from './asking.ts'
import { checkedNumber, type JourneyDefinitionInput } from './definitions.ts'
import {
  assertNamed,
  type DraftInput,
  draftIn,
  emptyDraft,
  insertCampaigns,
  isRevision,
  placesIn,
  revised,
  saveDraft,
} from './drafts.ts'
import { assertNoAliases } from './event-places.ts'
import { definedFields, heldFields } from './held-fields.ts'
import { bumpRules, lockRules } from './sql.ts'

const maxLabels = 100
const maxLookbackDays = 3650

type Id = string | number

interface ProgramSettings {
  labels?: readonly string[] | null
  lookbackDays?: number | null
  allowMutualReferral?: boolean | null
}

export interface CreateProgramInput extends ProgramSettings {
  name: string
}

/** Makes a program; returns its id. CONFLICT, naming the field, for a name or a label that is taken. */
export async function createProgram(context: Context, input: CreateProgramInput): Promise<string> {
  const { accountId, services, now } = context
  const program = { ...checkedProgram(input, 'input'), name: checkedText(input.name, 'input.name') }
  return services.database.transaction(async (tx) => {
    await bumpRules(tx, accountId)
    return insertProgram(tx, accountId, { program, at: now, places: { name: 'input.name', labels: 'input.labels' } })
  })
}

export type CheckedProgram = ReturnType<typeof checkedProgram> & { name: string }

/** A program's settings, each undefined where it was not given. BAD_INPUT naming the place. */
export const checkedProgram = (input: ProgramSettings, path: string) => ({
  labels: input.labels ? labelsOf(input.labels, `${path}.labels`) : undefined,
  lookbackDays:
    checkedNumber(input.lookbackDays, { field: `${path}.lookbackDays`, min: 1, max: maxLookbackDays }) ?? undefined,
  allowMutualReferral: input.allowMutualReferral ?? undefined,
})

/** Where a program's name and labels stand in the input. */
interface ProgramPlaces {
  name: string
  labels: string
}

/** Stores a program, the account's row being locked; returns its id. CONFLICT, at the place, for a name or a label that is taken. */
export async function insertProgram(
  tx: Transaction,
  accountId: string,
  { program, at, places }: { program: CheckedProgram & { id?: string }; at: Date; places: ProgramPlaces },
): Promise<string> {
  const { labels = [], id = newId(), ...columns } = program
  const { count } = await tx.program.createMany({
    data: { ...columns, accountId, id, createdAt: at },
    skipDuplicates: true,
  })
  if (count === 0) throw conflict('another program has that name', places.name)
  await insertLabels(tx, { accountId, programId: id, labels, path: places.labels })
  return id
}

export interface UpdateProgramInput extends ProgramSettings {
  programId: Id
  name?: string | null
}

/** Changes what is given of a program; returns its id. A list of labels replaces those it had. CONFLICT as createProgram. */
export async function updateProgram(context: Context, input: UpdateProgramInput): Promise<string> {
  const { accountId, services } = context
  const id = idInput('Program', input.programId, 'input.programId')
  const { labels, ...settings } = checkedProgram(input, 'input')
  const name = input.name == null ? undefined : checkedText(input.name, 'input.name')
  await services.database.transaction(async (tx) => {
    await bumpRules(tx, accountId)
    await assertProgram(tx, accountId, { id, path: 'input.programId' })
    const namesake =
      name === undefined ? null : await tx.program.findFirst({ where: { accountId, name, id: { not: id } } })
    if (namesake) throw conflict('another program has that name', 'input.name')
    const where = { accountId_id: { accountId, id } }
    await tx.program.update({ where, data: { ...settings, name }, select: { id: true } })
    if (!labels) return
    await tx.programLabel.deleteMany({ where: { accountId, programId: id } })
    await insertLabels(tx, { accountId, programId: id, labels, path: 'input.labels' })
  })
  return id
}

async function assertProgram(tx: Transaction, accountId: string, { id, path }: { id: string; path: string }) {
  const where = { accountId_id: { accountId, id } }
  if (!(await tx.program.findUnique({ where, select: { id: true } }))) throw notFound(`no program ${id}`, path)
}

// As they are compared. A label that is given twice is one label; its place is that of the first.
function labelsOf(given: readonly string[], path: string): string[] {
  if (given.length > maxLabels) throw badInput(`over ${maxLabels} labels`, path)
  return given.map((label, i) => checkedText(foldName(label), `${path}[${i}]`))
}

interface NewLabels {
  accountId: string
  programId: string
  labels: readonly string[]
  path: string
}

/** CONFLICT, at its place, for a label that belongs to another program. */
async function insertLabels(tx: Transaction, { accountId, programId, labels, path }: NewLabels): Promise<void> {
  const rows = [...new Set(labels)].map((label) => ({ accountId, programId, label }))
  const stored = await tx.programLabel.createManyAndReturn({
    data: rows,
    skipDuplicates: true,
    select: { label: true },
  })
  const taken = rows.find(({ label }) => !stored.some((row) => row.label === label))
  if (taken) throw conflict(`another program has the label ${taken.label}`, `${path}[${labels.indexOf(taken.label)}]`)
}

export interface CreateCampaignInput extends DraftInput {
  programId: Id
  name: string
  journeys: readonly JourneyDefinitionInput[]
  fields?: JsonObject | null
}

export interface WrittenCampaign {
  readonly campaignId: string
  /** What was left out, by the definitions of fields. */
  readonly warnings: readonly FieldFault[]
}

/** Makes a campaign, DRAFT, with its first revision, not published yet. BAD_INPUT, at its place, for fields that the definitions refuse. */
export async function createCampaign(context: Context, input: CreateCampaignInput): Promise<WrittenCampaign> {
  const { accountId, services, now } = context
  const programId = idInput('Program', input.programId, 'input.programId')
  const draft = revised(emptyDraft, input, 'input')
  const name = checkedText(input.name, 'input.name')
  const id = newId()
  return services.database.transaction(async (tx) => {
    const version = await bumpRules(tx, accountId)
    await assertProgram(tx, accountId, { id: programId, path: 'input.programId' })
    await assertNamed(tx, accountId, { draft, path: 'input' })
    await assertMayAsk(tx, context, placesIn(draft, 'input'))
    await assertNoAliases(tx, accountId, { ...input, definitions: draft.definitions, path: 'input.journeys' })
    const given = { owner: 'CAMPAIGN', given: input.fields, before: null, path: 'input.fields' } as const
    const { fields, warnings } = heldFields(await definedFields(tx, accountId), given)
    const campaign = { id, programId, name, draft, fields, path: 'input.name' }
    await insertCampaigns(tx, accountId, { campaigns: [campaign], version, at: now })
    return { campaignId: id, warnings }
  })
}

export interface UpdateCampaignInput extends DraftInput {
  campaignId: Id
  name?: string | null
  fields?: JsonObject | null
}

/**
 * Changes what is given of a campaign. Of a DRAFT its revision is changed; of a LIVE or PAUSED one a draft revision is made, or
 * changed, that publishCampaign publishes. A name and fields count at once. CONFLICT in any other state.
 */
export async function updateCampaign(context: Context, input: UpdateCampaignInput): Promise<WrittenCampaign> {
  const { accountId, services, now } = context
  const id = idInput('Campaign', input.campaignId, 'input.campaignId')
  const name = input.name == null ? undefined : checkedText(input.name, 'input.name')
  return services.database.transaction(async (tx) => {
    await lockRules(tx, accountId)
    const campaign = await editableCampaign(tx, accountId, id)
    // A draft revision of a published campaign is no part of the rules: nobody has to load them anew.
    if (name !== undefined || campaign.state === 'DRAFT') await bumpRules(tx, accountId)
    if (name !== undefined) await rename(tx, accountId, { id, name })
    const written = { campaignId: id, warnings: await setFields(tx, accountId, { campaign, given: input.fields }) }
    if (!isRevision(input)) return written
    const newest = campaign.revisions[0]
    if (!newest) throw new Error(`campaign ${id} has no revision`)
    const draft = revised(draftIn(newest), input, 'input')
    await assertNamed(tx, accountId, { draft, path: 'input' })
    const { journeys } = input
    const { definitions } = draft
    if (journeys) await assertMayAsk(tx, context, placesIn(draft, 'input'))
    if (journeys) await assertNoAliases(tx, accountId, { journeys, definitions, path: 'input.journeys' })
    const isNew = newest.publishedAt !== null
    const key = { accountId, campaignId: id, number: newest.number + (isNew ? 1 : 0) }
    await saveDraft(tx, key, { draft, at: now, isNew })
    return written
  })
}

/** Returns what was left out. */
async function setFields(
  tx: Transaction,
  accountId: string,
  { campaign, given }: { campaign: { id: string; fields: Prisma.JsonValue }; given: JsonObject | null | undefined },
): Promise<readonly FieldFault[]> {
  if (!given) return []
  const before = campaign.fields as JsonObject // The column holds JSON objects only.
  const asked = { owner: 'CAMPAIGN', given, before, path: 'input.fields' } as const
  const { fields, warnings } = heldFields(await definedFields(tx, accountId), asked)
  await tx.campaign.update({ where: { accountId_id: { accountId, id: campaign.id } }, data: { fields } })
  return warnings
}

const newestRevision = {
  revisions: { orderBy: { number: 'desc' }, take: 1, include: { definitions: { orderBy: { name: 'asc' } } } },
} as const satisfies Prisma.CampaignInclude

async function editableCampaign(tx: Transaction, accountId: string, id: string) {
  const campaign = await tx.campaign.findUnique({ where: { accountId_id: { accountId, id } }, include: newestRevision })
  if (!campaign) throw notFound(`no campaign ${id}`, 'input.campaignId')
  if (!['DRAFT', 'LIVE', 'PAUSED'].includes(campaign.state))
    throw conflict(`a campaign that is ${campaign.state} cannot be changed any more`, 'input.campaignId')
  return campaign
}

async function rename(tx: Transaction, accountId: string, { id, name }: { id: string; name: string }): Promise<void> {
  if (await tx.campaign.findFirst({ where: { accountId, name, id: { not: id } }, select: { id: true } }))
    throw conflict('another campaign has that name', 'input.name')
  await tx.campaign.update({ where: { accountId_id: { accountId, id } }, data: { name }, select: { id: true } })
}
