// Setting up what events are credited to: programs, campaigns, their states, and other spellings of event names.

import type { Context } from '../../context.ts'
import { foldName } from '../../core/names.ts'
import type { RequiredTarget } from '../../core/targeting/facts.ts'
import { badInput, conflict, notFound } from '../../errors.ts'
import { type CampaignState, Prisma } from '../../generated/prisma/client.ts'
import { idInput, newId } from '../../ids.ts'
import type { Transaction } from '../../platform/database.ts'
import { checkedText } from '../../text.ts'
import {
  checkedEventName,
  checkedNumber,
  definitionsOf,
  type JourneyDefinitionInput,
  requiredTargetsOf,
} from './definitions.ts'
import { audiencePlaces } from './rule-reading.ts'
import { bumpRules, publishNewestRevision } from './sql.ts'

const maxLabels = 100
const maxLookbackDays = 3650

export interface CreateProgramInput {
  name: string
  labels?: readonly string[] | null
  lookbackDays?: number | null
  allowMutualReferral?: boolean | null
}

/** Makes a program; returns its id. CONFLICT, naming the field, for a name or a label that is taken. */
export async function createProgram(context: Context, input: CreateProgramInput): Promise<string> {
  const { accountId, services, now } = context
  const labels = labelsOf(input.labels ?? [], 'input.labels')
  const program = {
    accountId,
    id: newId(),
    name: checkedText(input.name, 'input.name'),
    lookbackDays:
      checkedNumber(input.lookbackDays, { field: 'input.lookbackDays', min: 1, max: maxLookbackDays }) ?? undefined,
    allowMutualReferral: input.allowMutualReferral ?? undefined,
    createdAt: now,
  }
  await services.database.transaction(async (tx) => {
    await bumpRules(tx, accountId)
    const { count } = await tx.program.createMany({ data: program, skipDuplicates: true })
    if (count === 0) throw conflict('another program has that name', 'input.name')
    const taken = await insertLabels(tx, { accountId, programId: program.id, labels })
    if (taken !== undefined)
      throw conflict(`another program has the label ${taken}`, `input.labels[${labels.indexOf(taken)}]`)
  })
  return program.id
}

// As they are compared. A label that is given twice is one label; its place is that of the first.
function labelsOf(given: readonly string[], path: string): string[] {
  if (given.length > maxLabels) throw badInput(`over ${maxLabels} labels`, path)
  return given.map((label, i) => checkedText(foldName(label), `${path}[${i}]`))
}

/** Returns a label that belongs to another program, if there is one. */
async function insertLabels(
  tx: Transaction,
  { accountId, programId, labels }: { accountId: string; programId: string; labels: readonly string[] },
): Promise<string | undefined> {
  const wanted = [...new Set(labels)]
  const rows = wanted.map((label) => ({ accountId, programId, label }))
  const stored = await tx.programLabel.createManyAndReturn({
    data: rows,
    skipDuplicates: true,
    select: { label: true },
  })
  return wanted.find((label) => !stored.some((row) => row.label === label))
}

export interface CreateCampaignInput {
  programId: string | number
  name: string
  startsAt?: Date | null
  endsAt?: Date | null
  requiredTargets?: readonly RequiredTarget[] | null
  journeys: readonly JourneyDefinitionInput[]
}

/** Makes a campaign, DRAFT, with its first revision, not published yet; returns its id. */
export async function createCampaign(context: Context, input: CreateCampaignInput): Promise<string> {
  const { accountId, services, now } = context
  const programId = idInput('Program', input.programId, 'input.programId')
  const startsAt = input.startsAt ?? null
  const endsAt = input.endsAt ?? null
  if (startsAt && endsAt && endsAt <= startsAt) throw badInput('not after startsAt', 'input.endsAt')
  const campaign = { accountId, id: newId(), programId, name: checkedText(input.name, 'input.name'), createdAt: now }
  const requiredTargets = requiredTargetsOf(input.requiredTargets ?? [], 'input.requiredTargets')
  const definitions = definitionsOf(input.journeys, 'input.journeys')
  await services.database.transaction(async (tx) => {
    await bumpRules(tx, accountId)
    await assertNamed(tx, { accountId, programId, requiredTargets, definitions })
    const { count } = await tx.campaign.createMany({ data: campaign, skipDuplicates: true })
    if (count === 0) throw conflict('another campaign has that name', 'input.name')
    const revision = { accountId, campaignId: campaign.id, number: 1 }
    await tx.campaignRevision.create({
      data: {
        ...revision,
        startsAt,
        endsAt,
        requiredTargets: requiredTargets.map((target) => ({ ...target })),
        createdAt: now,
      },
    })
    await tx.journeyDefinition.createMany({
      data: definitions.map((definition) => definitionRow(revision, definition)),
    })
  })
  return campaign.id
}

type Definitions = ReturnType<typeof definitionsOf>

/** NOT_FOUND, naming the place, for what the input names and the account does not have. */
async function assertNamed(
  tx: Transaction,
  named: { accountId: string; programId: string; requiredTargets: readonly RequiredTarget[]; definitions: Definitions },
): Promise<void> {
  const { accountId, programId } = named
  const program = await tx.program.findUnique({
    where: { accountId_id: { accountId, id: programId } },
    select: { id: true },
  })
  if (!program) throw notFound(`no program ${programId}`, 'input.programId')
  const campaigns = named.requiredTargets.flatMap(({ kind, value }, i) =>
    kind === 'CAMPAIGN_ID' ? [{ id: value, path: `input.requiredTargets[${i}].value` }] : [],
  )
  assertKnown('campaign', campaigns, campaigns.length ? await tx.campaign.findMany(idsAmong(accountId, campaigns)) : [])
  const audiences = named.definitions.flatMap(({ entry, ongoing }, i) => [
    ...(entry ? audiencePlaces(entry, `input.journeys[${i}].entry`) : []),
    ...(ongoing ? audiencePlaces(ongoing, `input.journeys[${i}].ongoing`) : []),
  ])
  assertKnown('audience', audiences, audiences.length ? await tx.audience.findMany(idsAmong(accountId, audiences)) : [])
}

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

function definitionRow(
  revision: { accountId: string; campaignId: string; number: number },
  definition: Definitions[number],
) {
  const { accountId, campaignId, number } = revision
  const { events, startEvents, entry, ongoing, ...rest } = definition
  return {
    ...rest,
    accountId,
    campaignId,
    revision: number,
    events: [...events],
    startEvents: [...startEvents],
    // A rule is JSON, though its values are typed wider.
    entry: (entry as Prisma.InputJsonObject | null) ?? Prisma.DbNull,
    ongoing: (ongoing as Prisma.InputJsonObject | null) ?? Prisma.DbNull,
  }
}

const transitions: Record<CampaignState, readonly CampaignState[]> = {
  DRAFT: ['LIVE', 'ARCHIVED'],
  LIVE: ['PAUSED', 'ENDED', 'STOPPED'],
  PAUSED: ['LIVE', 'ENDED', 'STOPPED'],
  ENDED: ['ARCHIVED'],
  STOPPED: ['ARCHIVED'],
  ARCHIVED: [],
}

export interface ChangeCampaignStateInput {
  campaignId: string | number
  state: CampaignState
}

/** Moves a campaign to another state; going live for the first time publishes its revision. CONFLICT for an illegal move. */
export async function changeCampaignState(context: Context, input: ChangeCampaignStateInput): Promise<string> {
  const { accountId, services, now } = context
  const id = idInput('Campaign', input.campaignId, 'input.campaignId')
  await services.database.transaction(async (tx) => {
    await bumpRules(tx, accountId)
    const where = { accountId_id: { accountId, id } }
    const campaign = await tx.campaign.findUnique({ where, select: { state: true, firstLiveAt: true } })
    if (!campaign) throw notFound(`no campaign ${id}`, 'input.campaignId')
    if (!transitions[campaign.state].includes(input.state)) {
      const open = transitions[campaign.state].join(' or ') || 'nowhere'
      throw conflict(`a campaign cannot go from ${campaign.state} to ${input.state}, only to ${open}`, 'input.state')
    }
    const isFirst = input.state === 'LIVE' && campaign.firstLiveAt === null
    const firstLiveAt = isFirst ? await nextFirstLiveAt(tx, accountId, now) : undefined
    await tx.campaign.update({ where, data: { state: input.state, firstLiveAt }, select: { id: true } })
    if (isFirst) await publishNewestRevision(tx, accountId, { campaignId: id, at: now })
  })
  return id
}

/** Now, or the millisecond after the newest first go-live: targeting ranks campaigns by it, so no two of an account are equal. */
async function nextFirstLiveAt(tx: Transaction, accountId: string, now: Date): Promise<Date> {
  const newest = await tx.campaign.aggregate({ where: { accountId }, _max: { firstLiveAt: true } })
  return new Date(Math.max(now.getTime(), (newest._max.firstLiveAt?.getTime() ?? 0) + 1))
}

export interface CreateEventTypeAliasInput {
  alias: string
  name: string
}

/** Makes another spelling of an event name; returns it folded. CONFLICT for one that is taken, or that would make a chain of aliases. */
export async function createEventTypeAlias(context: Context, input: CreateEventTypeAliasInput): Promise<string> {
  const { accountId, services, now } = context
  const alias = checkedEventName(input.alias, 'input.alias')
  const name = checkedEventName(input.name, 'input.name')
  if (alias === name) throw badInput('the same as the name', 'input.alias')
  await services.database.transaction(async (tx) => {
    await bumpRules(tx, accountId)
    const related = await tx.eventTypeAlias.findFirst({ where: { accountId, OR: [{ alias: name }, { name: alias }] } })
    if (related?.alias === name) throw conflict(`${name} is itself an alias`, 'input.name')
    if (related) throw conflict(`${alias} already has aliases of its own`, 'input.alias')
    const { count } = await tx.eventTypeAlias.createMany({
      data: { accountId, alias, name, createdAt: now },
      skipDuplicates: true,
    })
    if (count === 0) throw conflict(`${alias} is an alias already`, 'input.alias')
  })
  return alias
}
