// A program with all it holds, as a document without ids: what programBlueprint gives, importProgram takes and a copy is made of.
// Campaigns, audiences and programs are referred to by name: where the API has an id, a document has `campaign`, `program`, or
// in a rule `audience: { name }` and `relationship: { program }`.

import { decodeId } from '../../core/ids.ts'
import type { ContentPiece, JourneyDefinition, RequiredTarget } from '../../core/targeting/facts.ts'
import { ApiError, conflict, notFound } from '../../errors.ts'
import type { CampaignState } from '../../generated/prisma/client.ts'
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
  fields?: JsonObject | null
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
  fields?: JsonObject | null
}

/** The document as it is sent. LIMIT_EXCEEDED for one that could not be sent back. */
export function documentOf(blueprint: Blueprint): JsonObject {
  const text = JSON.stringify({ format: blueprintFormat, version: blueprintVersion, ...blueprint })
  if (Buffer.byteLength(text) > documentLimits.bytes)
    throw new ApiError('LIMIT_EXCEEDED', `the program takes more than ${documentLimits.bytes} bytes as a document`)
  return JSON.parse(text) as JsonObject // Written as an object a line above.
}

/** A document cannot hold more: the shortest takes over 100 bytes. */
const maxCodes = Math.floor(documentLimits.bytes / 100)

interface Asked {
  programId: string
  /** Where the program's id stands in the input. */
  path: string
  withCodes: boolean
}

/**
 * The program with its campaigns by their revisions in force, else their drafts, in the order in which they first went live,
 * then by id: going live anew in that order they rank the same. Without those that are over. NOT_FOUND at `path`; CONFLICT there
 * where a campaign requires one that is over; LIMIT_EXCEEDED for more codes than a document can hold.
 */
export async function readBlueprint(
  tx: Transaction,
  accountId: string,
  { programId, path, withCodes }: Asked,
): Promise<Blueprint> {
  const program = await tx.program.findUnique({
    where: { accountId_id: { accountId, id: programId } },
    include: { labels: { orderBy: { label: 'asc' } } },
  })
  if (!program) throw notFound(`no program ${programId}`, path)
  const { campaigns, over } = await readCampaigns(tx, accountId, programId)
  assertNotOver(campaigns, over, path)
  const names = await namesOf(
    tx,
    accountId,
    campaigns.map(({ draft }) => draft),
  )
  const labels = program.labels.map(({ label }) => label)
  const ids = campaigns.map(({ id }) => id)
  const codes = withCodes ? await readCodes(tx, accountId, { programId, ids, labels }) : []
  return {
    program: {
      name: program.name,
      labels,
      lookbackDays: program.lookbackDays,
      allowMutualReferral: program.allowMutualReferral,
    },
    campaigns: campaigns.map(({ fields, ...one }) => ({ ...campaignOf(one, names), fields: fields as JsonObject })), // As stored.
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
    codes: codes.flatMap((code) => codeOf(code, over)),
  }
}

async function readCampaigns(tx: Transaction, accountId: string, programId: string) {
  const campaigns = await tx.campaign.findMany({
    where: { accountId, programId },
    select: { id: true, name: true, state: true, fields: true },
    orderBy: [{ firstLiveAt: { sort: 'asc', nulls: 'last' } }, { id: 'asc' }],
  })
  const isOver = ({ state }: { state: CampaignState }) => overStates.includes(state)
  const rows = await tx.campaignRevision.findMany({
    where: { accountId, campaign: { accountId, programId } },
    include: { definitions: { orderBy: { name: 'asc' } } },
    orderBy: [{ publishedAt: { sort: 'desc', nulls: 'last' } }, { number: 'desc' }],
    distinct: ['campaignId'],
  })
  const drafts = new Map(rows.map((row) => [row.campaignId, draftIn(row)]))
  return {
    campaigns: campaigns.flatMap((campaign) => {
      const { id, name, fields } = campaign
      const draft = drafts.get(id)
      return draft && !isOver(campaign) ? [{ id, name, fields, draft }] : []
    }),
    over: new Map(campaigns.filter(isOver).map((campaign) => [campaign.id, campaign])),
  }
}

const overStates: readonly CampaignState[] = ['ENDED', 'STOPPED', 'ARCHIVED']

/** By id. */
type Over = ReadonlyMap<string, { name: string; state: CampaignState }>

function assertNotOver(campaigns: readonly { name: string; draft: Draft }[], over: Over, path: string): void {
  for (const { name, draft } of campaigns) {
    for (const [i, { kind, value }] of draft.requiredTargets.entries()) {
      const left = kind === 'CAMPAIGN_ID' ? over.get(value) : undefined
      if (!left) continue
      const place = `the campaign ${name}, requiredTargets[${i}]`
      throw conflict(`${place}: it requires ${left.name}, which is ${left.state} and so left out`, path)
    }
  }
}

const campaignOf = ({ name, draft }: { name: string; draft: Draft }, names: ProgramNames): BlueprintCampaign => ({
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
) {
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
    take: maxCodes + 1,
  })
  if (rows.length > maxCodes)
    throw new ApiError('LIMIT_EXCEEDED', `over ${maxCodes} coupons and promo links, more than a document can hold`)
  return rows
}

type CodeRow = Awaited<ReturnType<typeof readCodes>>[number]

/** The code for the campaigns that are not over; none where it stands for others alone. */
function codeOf({ kind, code, label, program, campaigns, ...rest }: CodeRow, over: Over): BlueprintCode[] {
  const { destination, expiresAt, disabledAt, fields } = rest
  const kept = campaigns.filter(({ campaignId }) => !over.has(campaignId))
  if (campaigns.length > 0 && kept.length === 0) return []
  return [
    {
      kind: kind === 'COUPON' ? 'COUPON' : 'PROMO_LINK',
      code,
      label,
      program: program?.name ?? null,
      campaigns: kept.map(({ campaign }) => campaign.name),
      destination,
      expiresAt,
      disabledAt,
      fields: fields as JsonObject, // The column holds JSON objects only.
    },
  ]
}
