// Phase 4: every candidate, and for each campaign without one the reason.

import { compileRule } from '../../../src/core/rules/compile.ts'
import { compilePath, readPath } from '../../../src/core/rules/path.ts'
import type { Rule } from '../../../src/core/rules/rule.ts'
import { isTrue } from '../../../src/core/rules/truth.ts'
import { reasonRank, type UnattributedReason } from '../../../src/core/targeting/decision.ts'
import type { CampaignFacts, JourneyDefinition } from '../../../src/core/targeting/facts.ts'
import type { Asked, Candidate, Standing } from './asked.ts'
import type { ExplicitValue } from './looked-up.ts'
import { type FoundPassage, latestUpTo, passageOf } from './passages.ts'
import { type Edge, edgesOf, isEligible, isWithinLookback } from './relations.ts'

export interface Built {
  candidates: Candidate[]
  exits: string[]
}

/** Builds the candidates of the campaigns still standing, and says of each that has none by what it fell. */
export function buildAll(
  asked: Asked,
  { standings, explicit }: { standings: Standing[]; explicit: readonly ExplicitValue[] },
): Built {
  const built: Built = { candidates: [], exits: [] }
  const edges = edgesOf(asked, explicit)
  for (const standing of standings) {
    if (standing.fellBy !== null) continue
    const reasons: UnattributedReason[] = []
    const before = built.candidates.length
    for (const definition of standing.definitions) {
      if (!definition.events.includes(asked.event.name)) continue
      reasons.push(...buildOne(asked, { campaign: standing.campaign, definition, edges, explicit, built }))
    }
    if (built.candidates.length === before)
      standing.fellBy = reasons.length > 0 ? furthest(reasons) : 'EVENT_NOT_SUPPORTED'
  }
  return built
}

export const furthest = (reasons: readonly UnattributedReason[]): UnattributedReason =>
  reasons.reduce((far, reason) => (reasonRank[reason] > reasonRank[far] ? reason : far), 'NO_CAMPAIGN')

interface Flow {
  campaign: CampaignFacts
  definition: JourneyDefinition
  edges: readonly Edge[]
  explicit: readonly ExplicitValue[]
  built: Built
}

/** The candidates of one definition, or the reasons why not. */
function buildOne(asked: Asked, flow: Flow): UnattributedReason[] {
  const { campaign, definition, edges } = flow
  if (definition.role !== 'FRIEND') return tryAll(asked, flow, [{ edge: null, isSelfReferral: false }])
  const inProgram = edges.filter((edge) => edge.programId === campaign.programId && isWithinLookback(asked, edge))
  const usable = inProgram.filter((edge) => isEligible(asked, edge))
  const options: Option[] = usable.map((edge) => ({ edge, isSelfReferral: false }))
  if (isOwnCodeIn(asked, flow)) options.push({ edge: null, isSelfReferral: true })
  if (options.length === 0) return [inProgram.length > 0 ? 'ADVOCATE_INELIGIBLE' : 'NO_REFERRAL']
  return tryAll(asked, flow, options)
}

interface Option {
  edge: Edge | null
  isSelfReferral: boolean
}

/** A code makes a relationship of the programs of its campaigns; the actor's own makes a self-referral there. */
const isOwnCodeIn = (asked: Asked, { campaign, explicit }: Flow): boolean =>
  explicit.some(
    ({ advocateId, programIds }) => advocateId === asked.person.id && programIds.includes(campaign.programId),
  )

function tryAll(asked: Asked, { campaign, definition, built }: Flow, options: Option[]): UnattributedReason[] {
  const { t, name } = asked.event
  const key = keyOf(asked, definition)
  const passages = options.map(({ edge }) =>
    passageOf(asked, { campaign, definition, key, relationshipId: edge?.id ?? null, isUnheardOf: edge?.id === null }),
  )
  // "A journey whose ongoing criteria fail is EXITED at t …, and this event cannot re-enter that definition."
  const active = passages.flatMap(({ passage, journey }) => (passage === 'ACTIVE' && journey ? [journey] : []))
  if (active.length > 0 && !holds(definition.ongoing, asked)) {
    for (const { id, exitedAt, activities } of active)
      if (exitedAt === null && !activities.some((activity) => activity > t)) built.exits.push(id)
    return ['ONGOING_CRITERIA_FAILED']
  }
  const reasons: UnattributedReason[] = []
  for (const [place, { edge, isSelfReferral }] of options.entries()) {
    const { passage, journey, isReentryForbidden } = passages[place] ?? nowhere
    if (passage !== 'ACTIVE') {
      const refusal = refusalOf(asked, { campaign, definition, isReentryForbidden, name })
      if (refusal) {
        reasons.push(refusal)
        continue
      }
    }
    built.candidates.push({
      campaign,
      definition,
      key,
      active: passage === 'ACTIVE' ? journey : null,
      passage,
      journeyId: journey?.id ?? null,
      advocateId: edge?.advocateId ?? null,
      relationship: edge && { ...edge, latestEvidence: latestUpTo(edge.evidence, t) ?? Number.NEGATIVE_INFINITY },
      isSelfReferral,
    })
  }
  return reasons
}

const nowhere: FoundPassage = { passage: 'NEW', journey: null, isReentryForbidden: false }

interface Entry {
  campaign: CampaignFacts
  definition: JourneyDefinition
  isReentryForbidden: boolean
  name: string
}

/** "The event may start it, else EVENT_NOT_SUPPORTED; re-entry policy allows it, entry criteria hold"; a paused campaign "never for a NEW one". */
function refusalOf(asked: Asked, { campaign, definition, isReentryForbidden, name }: Entry): UnattributedReason | null {
  if (campaign.state === 'PAUSED') return 'CAMPAIGN_NOT_LIVE'
  if (!definition.startEvents.includes(name)) return 'EVENT_NOT_SUPPORTED'
  if (isReentryForbidden) return 'REENTRY_FORBIDDEN'
  return holds(definition.entry, asked) ? null : 'ENTRY_CRITERIA_FAILED'
}

/** "A missing value in a criterion is UNKNOWN, and so is its negation: not satisfied." */
const holds = (rule: Rule | null, { person, event }: Asked): boolean =>
  rule === null || compileRule(rule)({ person, event }) === isTrue

/** The text in the event's data that keys the journey; blank without one. */
function keyOf({ event }: Asked, { keyField }: JourneyDefinition): string {
  if (keyField === null) return ''
  const found = readPath(event.data, compilePath(keyField)).find((value) => typeof value !== 'object')
  return found === undefined ? '' : String(found)
}
