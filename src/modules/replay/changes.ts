// What a replay is to try: changes of campaigns, checked as the campaigns' own edits are.

import { foldName } from '../../core/names.ts'
import type { CampaignChange } from '../../core/targeting/changed-rules.ts'
import type { CampaignFacts, CampaignState, RequiredTarget } from '../../core/targeting/facts.ts'
import type { RuleSet } from '../../core/targeting/rule-set.ts'
import { badInput, conflict, notFound } from '../../errors.ts'
import { idInput } from '../../ids.ts'
import type { Transaction } from '../../platform/database.ts'
import { checkedNumber, type JourneyDefinitionInput } from '../programs/definitions.ts'
import { assertNamed, type Draft, revised } from '../programs/drafts.ts'

export interface CampaignChangeInput {
  campaignId: string | number
  state?: CampaignState | null
  startsAt?: Date | null
  endsAt?: Date | null
  requiredTargets?: readonly RequiredTarget[] | null
  journeys?: readonly JourneyDefinitionInput[] | null
  priorities?: readonly { journeyName: string; priority: number }[] | null
}

export interface ChangesAsked {
  accountId: string
  inputs: readonly CampaignChangeInput[]
  /** Campaigns that take part with their draft. */
  drafts: readonly (string | number)[]
  /** In force now. */
  rules: RuleSet
  /** The same with all drafts, as if they went live now. */
  withDrafts: RuleSet
}

const maxChanges = 100
const maxPriority = 1_000_000

/**
 * The changes, one for each campaign. BAD_INPUT naming the place for what a campaign cannot be, and for one named twice; NOT_FOUND
 * for what the account does not have; CONFLICT for a campaign that shall take part with its draft and has none.
 */
export async function checkedChanges(tx: Transaction, asked: ChangesAsked): Promise<CampaignChange[]> {
  const { accountId, inputs, drafts, rules, withDrafts } = asked
  if (inputs.length > maxChanges) throw badInput(`over ${maxChanges} campaigns`, 'input.with')
  if (drafts.length > maxChanges) throw badInput(`over ${maxChanges} campaigns`, 'input.includeDrafts')
  const draftIds = new Set(drafts.map((id, i) => draftId(id, { rules, withDrafts }, `input.includeDrafts[${i}]`)))
  const changes = new Map<string, CampaignChange>()
  for (const [i, input] of inputs.entries()) {
    const path = `input.with[${i}]`
    const id = idInput('Campaign', input.campaignId, `${path}.campaignId`)
    if (changes.has(id)) throw badInput('the campaign is named twice', `${path}.campaignId`)
    const base = baseOf(id, { rules, withDrafts }, draftIds)
    if (!base) throw notFound(`no campaign ${id}`, `${path}.campaignId`)
    const draft = revised(draftOf(base.facts), input, path)
    if (input.journeys || input.requiredTargets) await assertNamed(tx, accountId, { draft, path })
    changes.set(id, changeOf(base, input, { draft, path }))
    draftIds.delete(id)
  }
  for (const id of draftIds) {
    const base = baseOf(id, { rules, withDrafts }, draftIds)
    if (base) changes.set(id, base.change)
  }
  return [...changes.values()]
}

interface Sets {
  rules: RuleSet
  withDrafts: RuleSet
}

function draftId(given: string | number, { rules, withDrafts }: Sets, field: string): string {
  const id = idInput('Campaign', given, field)
  const [now, newest] = [rules.campaigns.get(id)?.facts, withDrafts.campaigns.get(id)?.facts]
  if (!now || !newest) throw notFound(`no campaign ${id}`, field)
  if (now.state !== 'DRAFT' && now.revision === newest.revision) throw conflict('the campaign has no draft', field)
  return id
}

interface Base {
  facts: CampaignFacts
  change: CampaignChange
}

/** What a campaign is before its own changes: a DRAFT as it would go live; another as it was, or with its draft where asked. */
function baseOf(id: string, { rules, withDrafts }: Sets, drafts: ReadonlySet<string>): Base | null {
  const [now, newest] = [rules.campaigns.get(id)?.facts, withDrafts.campaigns.get(id)?.facts]
  if (!now || !newest) return null
  const unchanged = { campaignId: id, otherwise: null, isReplaced: false, priorities: new Map<string, number>() }
  if (now.state === 'DRAFT') return { facts: newest, change: { ...unchanged, otherwise: newest, isReplaced: true } }
  if (!drafts.has(id)) return { facts: now, change: unchanged }
  const { startsAt, endsAt, requiredTargets, journeys } = newest
  return { facts: newest, change: { ...unchanged, startsAt, endsAt, requiredTargets, journeys } }
}

const draftOf = (facts: CampaignFacts): Draft => ({
  startsAt: facts.startsAt === null ? null : new Date(facts.startsAt),
  endsAt: facts.endsAt === null ? null : new Date(facts.endsAt),
  requiredTargets: facts.requiredTargets,
  definitions: facts.journeys,
  content: facts.content,
})

function changeOf(
  { facts, change }: Base,
  input: CampaignChangeInput,
  { draft, path }: { draft: Draft; path: string },
): CampaignChange {
  return {
    ...change,
    // Where it was not there yet, it takes part only if it is said in which state.
    ...(input.state ? { state: input.state, otherwise: change.otherwise ?? facts } : {}),
    ...(input.startsAt === undefined ? {} : { startsAt: draft.startsAt?.getTime() ?? null }),
    ...(input.endsAt === undefined ? {} : { endsAt: draft.endsAt?.getTime() ?? null }),
    ...(input.requiredTargets ? { requiredTargets: draft.requiredTargets } : {}),
    ...(input.journeys ? { journeys: draft.definitions } : {}),
    priorities: prioritiesOf(input.priorities ?? [], draft, `${path}.priorities`),
  }
}

function prioritiesOf(
  inputs: readonly { journeyName: string; priority: number }[],
  { definitions }: Draft,
  path: string,
): ReadonlyMap<string, number> {
  const priorities = new Map<string, number>()
  for (const [i, { journeyName, priority }] of inputs.entries()) {
    const name = foldName(journeyName)
    if (!definitions.some((definition) => foldName(definition.name) === name))
      throw badInput('not one of the journeys', `${path}[${i}].journeyName`)
    if (priorities.has(name)) throw badInput('the journey is named twice', `${path}[${i}].journeyName`)
    checkedNumber(priority, { field: `${path}[${i}].priority`, min: -maxPriority, max: maxPriority })
    priorities.set(name, priority)
  }
  return priorities
}
