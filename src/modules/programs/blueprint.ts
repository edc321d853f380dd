// A program with all it holds, as a document without ids: what programBlueprint gives, importProgram takes and a copy is made of.
// Campaigns, audiences and programs are referred to by name: where the API has an id, a document has `campaign`, `program`, or
// in a rule `audience: { name }` and `relationship: { program }`.

import { decodeId } from '../../core/ids.ts'
import type { ContentPiece, JourneyDefinition, RequiredTarget } from '../../core/targeting/facts.ts'
import { ApiError, notFound } from '../../errors.ts'
import type { Transaction } from '../../platform/database.ts'
import { documentLimits, type JsonObject } from '../../scalars.ts'
import { namesOf, type ProgramNames, withNames } from './blueprint-references.ts'
import { type Draft, draftIn } from './drafts.ts'

export const blueprintFormat = 'tributary.program'
/** Raised when a document could say something that servers of before would read wrongly. */
export const blueprintVersion = 1

export interface Blueprint {
  program: { name: string; labels: string[]; lookbackDays?: number | null; allowMutualReferral?: boolean | null }
  campaigns: BlueprintCampaign[]
  audiences: { name: string }[]
  eventTypes: { name: string; followsTransaction: boolean }[]
  aliases: { alias: string; name: string }[]
  codes: BlueprintCode[]
}

export interface BlueprintCampaign {
  name: string
  startsAt?: Date | null
  endsAt?: Date | null
  requiredTargets: BlueprintTarget[]
  journeys: BlueprintJourney[]
  content: ContentPiece[]
}

/** Exactly one of the last three: a campaign or program by its name stands for its id. */
export interface BlueprintTarget {
  kind: RequiredTarget['kind']
  value?: string
  campaign?: string
  program?: string
}

/** A journey definition whose rules name what they ask about. */
export interface BlueprintJourney
  extends Pick<JourneyDefinition, 'name' | 'role' | 'events'>,
    Partial<Nullable<Pick<JourneyDefinition, 'priority' | 'startEvents' | 'keyField' | 'inactivityDays' | 'reentry'>>> {
  entry?: unknown
  ongoing?: unknown
}

type Nullable<T> = { [K in keyof T]: T[K] | null }

/** A coupon or promo link that nobody advocates; it stands for campaigns, a program or a label. */
export interface BlueprintCode {
  kind: 'COUPON' | 'PROMO_LINK'
  code: string
  label?: string | null
  program?: string | null
  campaigns: string[]
  destination?: string | null
  expiresAt?: Date | null
  disabledAt?: Date | null
}

/** The document as it is sent. LIMIT_EXCEEDED for one that could not be sent back. */
export function documentOf(blueprint: Blueprint): JsonObject {
  const text = JSON.stringify({ format: blueprintFormat, version: blueprintVersion, ...blueprint })
  if (Buffer.byteLength(text) > documentLimits.bytes)
    throw new ApiError('LIMIT_EXCEEDED', `the program takes more than ${documentLimits.bytes} bytes as a document`)
  return JSON.parse(text) as JsonObject // Written as an object a line above.
}

/** The program with its campaigns by their revisions in force, else their drafts, in the order of creation. NOT_FOUND at `path`. */
export async function readBlueprint(
  tx: Transaction,
  accountId: string,
  { programId, path }: { programId: string; path: string },
): Promise<Blueprint> {
  const program = await tx.program.findUnique({
    where: { accountId_id: { accountId, id: programId } },
    include: { labels: { orderBy: { label: 'asc' } } },
  })
  if (!program) throw notFound(`no program ${programId}`, path)
  const campaigns = await readCampaigns(tx, accountId, programId)
  const names = await namesOf(
    tx,
    accountId,
    campaigns.map(({ draft }) => draft),
  )
  const labels = program.labels.map(({ label }) => label)
  const ids = campaigns.map(({ id }) => id)
  return {
    program: {
      name: program.name,
      labels,
      lookbackDays: program.lookbackDays,
      allowMutualReferral: program.allowMutualReferral,
    },
    campaigns: campaigns.map(({ name, draft }) => campaignOf(name, draft, names)),
    audiences: [...new Set(names.audiences.values())].sort().map((name) => ({ name })),
    eventTypes: await tx.eventType.findMany({
      where: { accountId },
      select: { name: true, followsTransaction: true },
      orderBy: { name: 'asc' },
    }),
    aliases: await tx.eventTypeAlias.findMany({
      where: { accountId },
      select: { alias: true, name: true },
      orderBy: { alias: 'asc' },
    }),
    codes: await readCodes(tx, accountId, { programId, ids, labels }),
  }
}

async function readCampaigns(tx: Transaction, accountId: string, programId: string) {
  const campaigns = await tx.campaign.findMany({
    where: { accountId, programId },
    select: { id: true, name: true },
    orderBy: { id: 'asc' },
  })
  const rows = await tx.campaignRevision.findMany({
    where: { accountId, campaign: { accountId, programId } },
    include: { definitions: { orderBy: { name: 'asc' } } },
    orderBy: [{ publishedAt: { sort: 'desc', nulls: 'last' } }, { number: 'desc' }],
    distinct: ['campaignId'],
  })
  const drafts = new Map(rows.map((row) => [row.campaignId, draftIn(row)]))
  return campaigns.flatMap(({ id, name }) => {
    const draft = drafts.get(id)
    return draft ? [{ id, name, draft }] : []
  })
}

const campaignOf = (name: string, draft: Draft, names: ProgramNames): BlueprintCampaign => ({
  name,
  startsAt: draft.startsAt,
  endsAt: draft.endsAt,
  requiredTargets: draft.requiredTargets.map((target) => targetOf(target, names)),
  journeys: draft.definitions.map(({ entry, ongoing, ...rest }) => ({
    ...rest,
    entry: entry && withNames(entry, names),
    ongoing: ongoing && withNames(ongoing, names),
  })),
  content: [...draft.content],
})

function targetOf({ kind, value }: RequiredTarget, names: ProgramNames): BlueprintTarget {
  const campaign = kind === 'CAMPAIGN_ID' ? names.campaigns.get(value) : undefined
  if (campaign !== undefined) return { kind, campaign }
  const program = kind === 'PROGRAM' ? names.programs.get(decodeId('Program', value) ?? '') : undefined
  return program === undefined ? { kind, value } : { kind, program }
}

async function readCodes(
  tx: Transaction,
  accountId: string,
  { programId, ids, labels }: { programId: string; ids: string[]; labels: string[] },
): Promise<BlueprintCode[]> {
  const rows = await tx.code.findMany({
    where: {
      accountId,
      advocateId: null,
      kind: { in: ['COUPON', 'PROMO_LINK'] },
      OR: [
        { programId },
        { campaigns: { some: { campaignId: { in: ids } } } },
        { label: { in: labels }, programId: null, campaigns: { none: {} } },
      ],
    },
    include: { program: true, campaigns: { include: { campaign: true }, orderBy: { campaignId: 'asc' } } },
    orderBy: { code: 'asc' },
  })
  return rows.map(({ kind, code, label, program, campaigns, destination, expiresAt, disabledAt }) => ({
    kind: kind === 'COUPON' ? 'COUPON' : 'PROMO_LINK',
    code,
    label,
    program: program?.name ?? null,
    campaigns: campaigns.map(({ campaign }) => campaign.name),
    destination,
    expiresAt,
    disabledAt,
  }))
}
