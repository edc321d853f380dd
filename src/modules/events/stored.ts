// An event and its decision as they were stored a moment ago: an answer that asks for no more than this needs no reading.

import type { DroppedIdentifier } from '../../core/identity.ts'
import type { World } from '../../core/targeting/facts.ts'
import type { OrderWarning } from '../orders/warnings.ts'
import type { People } from '../profiles/resolve.ts'
import type { AccountRules } from '../programs/rule-sets.ts'
import type { Result } from './decide-batch.ts'
import type { EventRow } from './sql.ts'

interface Parts {
  readonly accountId: string
  readonly event: EventRow
  readonly result: Result
  /** As the batch left it. */
  readonly world: World
  readonly account: AccountRules
  readonly people: People
  readonly decidedAt: Date
  readonly dropped: readonly DroppedIdentifier[]
  /** What of it was not taken as an order's. */
  readonly orderWarnings: readonly OrderWarning[]
}

/** Columns and related rows by the names of the data model; what is not known here is absent. */
type Row = Readonly<Record<string, unknown>>

export class StoredEvent {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get eventId(): string {
    return this.#parts.event.id
  }

  /** Identifiers that came with the event and say nothing of its person. */
  get dropped(): readonly DroppedIdentifier[] {
    return this.#parts.dropped
  }

  /** What of it was not taken as an order's. */
  get orderWarnings(): readonly OrderWarning[] {
    return this.#parts.orderWarnings
  }

  /** The person that the event belongs to, by the end of its batch. */
  get person(): { rootId: string; members: readonly string[] } {
    const { event, people } = this.#parts
    const rootId = people.rootOf(event.profileId)
    return { rootId, members: people.membersOf(rootId).toSorted() }
  }

  eventRow(): Row {
    const { accountId, event } = this.#parts
    return { ...event, accountId }
  }

  attributionRow(): Row {
    const { accountId, event, result, account, decidedAt } = this.#parts
    const { decision, trace, warnings } = result
    const { journeyId, relationshipId } = result.effects
    return {
      accountId,
      eventId: event.id,
      revision: 1,
      status: decision.status,
      profileId: event.profileId,
      campaignId: decision.campaignId,
      campaignRevision: decision.campaignRevision,
      journeyId,
      relationshipId,
      quality: decision.quality,
      decidedBy: decision.decidedBy,
      reason: decision.reason,
      reasonDetail: decision.reasonDetail,
      occurredAt: event.occurredAt,
      partnerId: decision.partnerId,
      transactionId: decision.transactionId,
      rulesVersion: account.version,
      nearMissCampaignId: trace.nearMiss?.campaignId ?? null,
      nearMissCode: trace.nearMiss?.code ?? null,
      note: null,
      apiKeyId: null,
      warnings,
      trace,
      decidedAt,
      event: this.eventRow(),
      campaign: decision.campaignId === null ? null : this.#campaignRow(decision.campaignId),
      journey: journeyId === null ? null : this.#journeyRow(journeyId),
      relationship: relationshipId === null ? null : this.#relationshipRow(relationshipId),
    }
  }

  #campaignRow(id: string): Row | undefined {
    const { accountId, account } = this.#parts
    const campaign = account.rules.campaigns.get(id)
    if (!campaign) return undefined
    const { name, programId, state } = campaign.facts
    const program = { accountId, id: programId, name: campaign.program.facts.name }
    return { accountId, id, name, programId, state, program }
  }

  #journeyRow(id: string): Row {
    const { accountId, event, world } = this.#parts
    const known = world.people.get(this.person.rootId)?.journeys.find((journey) => journey.id === id)
    if (!known) return { accountId, id }
    const { campaignId, definition, role, key, relationshipId } = known
    return { accountId, id, campaignId, definition, role, key, relationshipId, profileId: event.profileId }
  }

  #relationshipRow(id: string): Row {
    const { accountId, world } = this.#parts
    const known = world.people.get(this.person.rootId)?.relationships.find((relationship) => relationship.id === id)
    return known ? { accountId, id, advocateId: known.advocateId, programId: known.programId } : { accountId, id }
  }
}
