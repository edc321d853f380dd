// Making a program of a document, in this account or another: everything in one transaction, or nothing.

import type { Context } from '../../context.ts'
import { foldName } from '../../core/names.ts'
import { ApiError, badInput } from '../../errors.ts'
import { idInput, newId } from '../../ids.ts'
import type { Transaction } from '../../platform/database.ts'
import { checkedText } from '../../text.ts'
import { assertMayAsk } from './asking.ts'
import { type Blueprint, type BlueprintCampaign, type BlueprintTarget, documentOf, readBlueprint } from './blueprint.ts'
import { insertCodes } from './blueprint-codes.ts'
import { copied } from './blueprint-copy.ts'
import { insertEventNames } from './blueprint-events.ts'
import { type References, referenced, ruleWithIds } from './blueprint-references.ts'
import { type Draft, emptyDraft, insertCampaigns, type NewCampaign, placesIn, revised } from './drafts.ts'
import { definedFields, heldFields } from './held-fields.ts'
import { checkedProgram, insertProgram } from './service.ts'
import { bumpRules, type Change } from './sql.ts'

/**
 * The program as a document. NOT_FOUND; CONFLICT where a campaign requires one that is over; LIMIT_EXCEEDED for a program that
 * is too large to be sent back.
 */
export function programBlueprint(context: Context, programId: string | number) {
  const { accountId, services } = context
  const id = idInput('Program', programId, 'programId')
  return services.database.transaction(async (tx) =>
    documentOf(await readBlueprint(tx, accountId, { programId: id, path: 'programId', withCodes: true })),
  )
}

export interface ImportProgramInput {
  blueprint: Blueprint
  /** In place of the document's. */
  name?: string | null
}

export interface Imported {
  programId: string
  /** Ids of the audiences that were not there. */
  audiencesCreated: string[]
}

/**
 * Makes the program that a document describes, its campaigns as DRAFT. BAD_INPUT and NOT_FOUND naming the place, such as
 * `input.blueprint.campaigns[1].journeys[0].events[0]`; CONFLICT for a name that is taken by something else.
 */
export function importProgram(context: Context, input: ImportProgramInput): Promise<Imported> {
  const { accountId, services, now: at } = context
  const given = input.name == null ? undefined : checkedText(input.name, 'input.name')
  const { blueprint } = input
  return services.database.transaction(async (tx) => {
    const version = await bumpRules(tx, accountId)
    const name = given ?? checkedText(blueprint.program.name, 'input.blueprint.program.name')
    const plan = { blueprint, name, version, at, path: 'input.blueprint', namePath: given && 'input.name' }
    return build(tx, accountId, { ...plan, caller: context })
  })
}

export interface CopyProgramInput {
  programId: string | number
  name: string
  labels?: readonly { from: string; to: string }[] | null
}

/**
 * Copies a program with its campaigns that are not over, as DRAFT, inside the account; returns the copy's id. What the original
 * holds and could not be said anew is told at `input.programId`.
 */
export async function copyProgram(context: Context, input: CopyProgramInput): Promise<string> {
  const { accountId, services, now: at } = context
  const id = idInput('Program', input.programId, 'input.programId')
  const name = checkedText(input.name, 'input.name')
  const { programId } = await services.database.transaction(async (tx) => {
    const version = await bumpRules(tx, accountId)
    const original = await readBlueprint(tx, accountId, { programId: id, path: 'input.programId', withCodes: false })
    const { blueprint, campaignName } = copied(original, { name, labels: input.labels ?? [] })
    const plan = { blueprint, name, campaignName, version, at, path: originalPath, namePath: 'input.name' }
    return build(tx, accountId, plan).catch((error) => {
      throw toldOfOriginal(error, original)
    })
  })
  return programId
}

/** The document of a copy is no part of the input; faults of it are told of the original. */
const originalPath = 'original'

function toldOfOriginal(error: unknown, { campaigns }: Blueprint): unknown {
  if (!(error instanceof ApiError) || !error.field?.startsWith(`${originalPath}.`)) return error
  const [, index, place] = /^original\.campaigns\[(\d+)\]\.(.*)$/.exec(error.field) ?? []
  const name = index && campaigns[Number(index)]?.name
  const where = name ? `the campaign ${name}, ${place}` : error.field.slice(originalPath.length + 1)
  return new ApiError(error.code, `${where}: ${error.message}`, { field: 'input.programId' })
}

interface Plan extends Change {
  /** Who says what the rules ask; absent where they were stored before. */
  caller?: Context
  blueprint: Blueprint
  name: string
  /** What a campaign of the document is called here; default: the same. */
  campaignName?: (name: string) => string
  /** Where the document stands in the input. */
  path: string
  /** Where the program's and the campaigns' names come from, if that is not the document. */
  namePath?: string
}

async function build(tx: Transaction, accountId: string, plan: Plan): Promise<Imported> {
  const { blueprint, name, version, at, path } = plan
  const programId = newId()
  const ids = blueprint.campaigns.map(() => newId())
  const audiences = await audiencesOf(tx, accountId, plan)
  const defined = await definedFields(tx, accountId)
  const references: References = {
    campaigns: await campaignsByName(tx, accountId, { blueprint, ids }),
    programs: (await programsByName(tx, accountId)).set(blueprint.program.name, programId),
    audiences: audiences.byName,
  }
  const campaigns = blueprint.campaigns.map((campaign, i): NewCampaign => {
    const place = `${path}.campaigns[${i}]`
    return {
      id: ids[i] ?? newId(),
      programId,
      name: checkedText(plan.campaignName?.(campaign.name) ?? campaign.name, `${place}.name`),
      draft: draftOf(campaign, { references, plan, path: place }),
      fields: heldFields(defined, { owner: 'CAMPAIGN', given: campaign.fields, before: null, path: `${place}.fields` })
        .fields,
      path: plan.campaignName ? 'input.name' : `${place}.name`,
    }
  })
  if (plan.caller) {
    const asked = campaigns.flatMap(({ draft }, i) => placesIn(draft, `${path}.campaigns[${i}]`))
    await assertMayAsk(tx, plan.caller, asked)
  }
  const place = plan.campaignName ? 'input' : `${path}.program`
  const program = { ...checkedProgram(blueprint.program, place), name, id: programId }
  const places = { name: plan.namePath ?? `${place}.name`, labels: `${place}.labels` }
  await insertProgram(tx, accountId, { program, at, places })
  await tx.audience.createMany({ data: audiences.created.map((row) => ({ ...row, accountId, createdAt: at })) })
  await insertCampaigns(tx, accountId, { campaigns, version, at })
  await insertEventNames(tx, accountId, { blueprint, drafts: campaigns.map(({ draft }) => draft), at, path })
  await insertCodes(tx, accountId, { codes: blueprint.codes, references, defined, at, path: `${path}.codes` })
  return { programId, audiencesCreated: audiences.created.map(({ id }) => id) }
}

/** The document's audiences, found by name or to be created. */
async function audiencesOf(tx: Transaction, accountId: string, { blueprint, path }: Plan) {
  const names = blueprint.audiences.map(({ name }, i) => checkedText(name, `${path}.audiences[${i}].name`))
  const known = await tx.audience.findMany({
    where: { accountId, name: { in: names } },
    select: { id: true, name: true },
  })
  const byName = new Map(known.map(({ id, name }) => [name, id]))
  const created = [...new Set(names)].filter((name) => !byName.has(name)).map((name) => ({ id: newId(), name }))
  for (const { id, name } of created) byName.set(name, id)
  return { byName, created }
}

/** Campaigns that the document refers to: its own by their new ids, else those of the account. */
async function campaignsByName(
  tx: Transaction,
  accountId: string,
  { blueprint: { campaigns, codes }, ids }: { blueprint: Blueprint; ids: readonly string[] },
): Promise<Map<string, string>> {
  const targets = campaigns.flatMap(({ requiredTargets }) => requiredTargets.flatMap(({ campaign = [] }) => campaign))
  const names = new Set([...targets, ...codes.flatMap((code) => code.campaigns)])
  const known = await tx.campaign.findMany({
    where: { accountId, name: { in: [...names] } },
    select: { id: true, name: true },
  })
  const byName = new Map(known.map(({ id, name }) => [name, id]))
  for (const [i, { name }] of campaigns.entries()) byName.set(name, ids[i] ?? '')
  return byName
}

async function programsByName(tx: Transaction, accountId: string): Promise<Map<string, string>> {
  const programs = await tx.program.findMany({ where: { accountId }, select: { id: true, name: true } })
  return new Map(programs.map(({ id, name }) => [name, id]))
}

function draftOf(
  campaign: BlueprintCampaign,
  { references, plan, path }: { references: References; plan: Plan; path: string },
): Draft {
  const { startsAt, endsAt, requiredTargets, journeys, content } = campaign
  const rule = (value: unknown, at: string) => (value == null ? null : ruleWithIds(value, references, at))
  return revised(
    emptyDraft,
    {
      startsAt: startsAt ?? null,
      endsAt: endsAt ?? null,
      requiredTargets: requiredTargets.map((target, i) => ({
        kind: target.kind,
        value: textOf(target, { references, plan, path: `${path}.requiredTargets[${i}]` }),
      })),
      journeys: journeys.map((journey, i) => ({
        ...journey,
        entry: rule(journey.entry, `${path}.journeys[${i}].entry`),
        ongoing: rule(journey.ongoing, `${path}.journeys[${i}].ongoing`),
      })),
      content,
    },
    path,
  )
}

function textOf(
  { kind, value, campaign, program }: BlueprintTarget,
  { references, plan: { blueprint, name }, path }: { references: References; plan: Plan; path: string },
): string {
  const given = [value, campaign, program].filter((one) => one !== undefined)
  if (given.length !== 1) throw badInput('exactly one of value, campaign and program', path)
  if (kind === 'CAMPAIGN_ID') return referenced(references, 'campaign', { name: campaign, path: `${path}.campaign` })
  if (kind === 'PROGRAM' && program !== undefined)
    return referenced(references, 'program', { name: program, path: `${path}.program` })
  if (value === undefined) throw badInput(`${kind} takes a value`, path)
  // The program under the name that it has here.
  return kind === 'PROGRAM' && foldName(value) === foldName(blueprint.program.name) ? name : value
}
