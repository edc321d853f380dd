// What the second implementation of targeting is asked, and what it answers. It keeps lists and loops over them; no index, no memory.

import type { DecidedBy, Passage, UnattributedReason, WarningCode } from '../../../src/core/targeting/decision.ts'
import type {
  CampaignFacts,
  EventFacts,
  JourneyDefinition,
  JourneyFacts,
  PersonFacts,
  ProgramFacts,
  World,
} from '../../../src/core/targeting/facts.ts'

export interface Asked {
  event: EventFacts
  person: PersonFacts
  world: World
  programs: readonly ProgramFacts[]
  campaigns: readonly CampaignFacts[]
  /** Folded names of the event types that follow a transaction. */
  followUps: readonly string[]
  partnerId: string | null
}

export interface ReferenceAnswer {
  status: 'ATTRIBUTED' | 'UNATTRIBUTED'
  campaignId: string | null
  journey: { definition: string; key: string; passage: Passage; id: string | null } | null
  /** `id` null: to be created. */
  relationship: { id: string | null; advocateId: string } | null
  advocateId: string | null
  quality: 'HIGH' | 'LOW' | 'NONE'
  decidedBy: DecidedBy | null
  reason: UnattributedReason | null
  reasonDetail: UnattributedReason | null
  nearMiss: { campaignId: string; code: UnattributedReason } | null
  /** Each code once, sorted. */
  warnings: WarningCode[]
  /** Ids of the journeys that end, sorted. */
  exits: string[]
}

/** A candidate, as section 1 has it. */
export interface Candidate {
  campaign: CampaignFacts
  definition: JourneyDefinition
  key: string
  /** The journey that it goes on with. "Until committed" all others are NEW candidates, whatever they will become. */
  active: JourneyFacts | null
  /** What it becomes when committed, and the journey that it is then; null for one yet to begin. */
  passage: Passage
  journeyId: string | null
  advocateId: string | null
  relationship: { id: string | null; advocateId: string; latestEvidence: number } | null
  isSelfReferral: boolean
}

/** Why a campaign fell; null while it has not. */
export interface Standing {
  campaign: CampaignFacts
  /** Those of its definitions that phase 3 kept. */
  definitions: readonly JourneyDefinition[]
  matchesTargets: boolean
  fellBy: UnattributedReason | null
}

export const dayMs = 86_400_000

export const programOf = (asked: Asked, campaign: CampaignFacts): ProgramFacts | undefined =>
  asked.programs.find(({ id }) => id === campaign.programId)
