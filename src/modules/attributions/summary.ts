// A decision and its near miss in plain words: what core says of them, with the names of what they refer to. All names that one
// operation needs are read together: a statement a kind, however many decisions it asks about.

import DataLoader from 'dataloader'
import { can } from '../../access.ts'
import type { Context } from '../../context.ts'
import type { NearMiss, UnattributedReason } from '../../core/targeting/decision.ts'
import { type Summarised, summaryOf } from '../../core/targeting/summary.ts'
import { remedyWords } from '../../core/targeting/summary-remedy.ts'
import { type NamedCampaign, type Names, spoken, type Titles } from '../../core/targeting/summary-words.ts'
import { seesPersonal } from '../profiles/hidden.ts'
import { fieldsOfPerson } from '../profiles/members.ts'

export interface ToldDecision extends Summarised {
  event: Names['event']
  journeyName: string | null
}

/** One to five plain sentences; see `summaryOf`. */
export async function summaryFor(context: Context, told: ToldDecision): Promise<string> {
  const { event, journeyName, trace } = told
  const origin = trace.inheritedFrom === null ? null : await originOf(context, trace.inheritedFrom)
  return withNames(context, (names) => summaryOf(told, { ...names, event, journeyName, origin }))
}

/** One plain sentence: what would have made the nearest campaign match; without one, what the reason by itself calls for. */
export function remedyFor(context: Context, nearMiss: NearMiss | null, reason: UnattributedReason): Promise<string> {
  return withNames(context, (titles) => remedyWords(nearMiss, reason, titles))
}

type Sayable = Titles & Pick<Names, 'person' | 'code'>

const kinds = ['campaign', 'program', 'audience', 'person', 'code'] as const

/** Says it twice: once to learn what it names, and again with the names. */
async function withNames(context: Context, say: (names: Sayable) => string): Promise<string> {
  const wanted = new Map(kinds.map((kind) => [kind, new Set<string>()]))
  const note = (kind: (typeof kinds)[number]) => (id: string) => {
    wanted.get(kind)?.add(id)
    return null
  }
  const blank = {
    campaign: note('campaign'),
    program: note('program'),
    audience: note('audience'),
    person: note('person'),
    code: note('code'),
  }
  const said = say(blank)
  if ([...wanted.values()].every(({ size }) => size === 0)) return said
  const found = async <T>(kind: (typeof kinds)[number], load: (id: string) => Promise<T | null>) => {
    const ids = [...(wanted.get(kind) ?? [])]
    const named = new Map(await Promise.all(ids.map(async (id) => [id, await load(id)] as const)))
    return (id: string) => named.get(id) ?? null
  }
  const [campaign, program, audience, person, code] = await Promise.all([
    found('campaign', (id) => titlesOf(context, 'campaign').load(id)),
    found('program', (id) => titlesOf(context, 'program').load(id)),
    found('audience', (id) => titlesOf(context, 'audience').load(id)),
    found('person', (id) => personName(context, id)),
    found('code', (text) => codesOf(context).load(text)),
  ])
  return say({ campaign, program, audience, person, code })
}

type Titled = 'campaign' | 'program' | 'audience'

const titlesOf = (context: Context, model: Titled) =>
  context.memo(`titles of ${model}`, () => titleLoader(context, model))

function titleLoader({ db, accountId }: Context, model: Titled): DataLoader<string, string | null> {
  // Prisma types each model apart; what is used of them here is the same for all.
  const titled = db[model] as unknown as { findMany(query: object): Promise<{ id: string; name: string }[]> }
  return new DataLoader(async (ids) => {
    const rows = await titled.findMany({
      where: { accountId, id: { in: ids.filter(isUuid) } },
      select: { id: true, name: true },
    })
    const names = new Map(rows.map(({ id, name }) => [id, name]))
    return ids.map((id) => names.get(id) ?? null)
  })
}

// What came with an event as an id may be any text.
const isUuid = (id: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)

type NamedCode = { campaigns: NamedCampaign[] }

const codesOf = (context: Context) => context.memo('campaigns of codes', () => codeLoader(context))

function codeLoader({ db, accountId }: Context): DataLoader<string, NamedCode | null> {
  // Two are enough to say that there is not one.
  const campaigns = { select: { campaign: { select: { name: true, state: true } } }, take: 2 } as const
  return new DataLoader(async (texts) => {
    const rows = await db.code.findMany({
      where: { accountId, code: { in: [...texts] } },
      select: { code: true, campaigns },
    })
    const codes = new Map(rows.map((row) => [row.code, { campaigns: row.campaigns.map(({ campaign }) => campaign) }]))
    return texts.map((text) => codes.get(text) ?? null)
  })
}

function originOf(context: Context, eventId: string): Promise<Names['origin']> {
  return context.memo('events that others follow', () => originLoader(context)).load(eventId)
}

function originLoader({ db, accountId }: Context): DataLoader<string, Names['origin']> {
  return new DataLoader(async (ids) => {
    const rows = await db.event.findMany({
      where: { accountId, id: { in: [...ids] } },
      select: { id: true, name: true, occurredAt: true },
    })
    const events = new Map(rows.map(({ id, name, occurredAt }) => [id, { name, at: occurredAt.getTime() }]))
    return ids.map((id) => events.get(id) ?? null)
  })
}

const nameFields = ['firstName', 'first_name', 'name'] as const
const maxName = 60

/** What people call the person; null to keys that may not read people or who they are, and where no field says it. */
async function personName(context: Context, profileId: string): Promise<string | null> {
  if (!can(context.principal, ['PROFILES_READ']) || !seesPersonal(context)) return null
  const fields = await fieldsOfPerson(context, profileId)
  const names = nameFields.map((field) => fields[field])
  const name = names.find((value) => typeof value === 'string' && value.trim() !== '' && value.length <= maxName)
  return typeof name === 'string' ? (spoken(name)?.trim() ?? null) : null
}
