// resolveContent: what to show a person in a zone, chosen by the same phases that credit events; on request the view is tracked.

import { can, refusal } from '../../access.ts'
import type { Context } from '../../context.ts'
import { narrowedTo } from '../../core/targeting/changed-rules.ts'
import type { Attributed, Explained, UnattributedReason } from '../../core/targeting/decision.ts'
import type { TypedTargeting } from '../../core/targeting/facts.ts'
import { type Campaign, foldTarget, type RuleSet } from '../../core/targeting/rule-set.ts'
import { badInput } from '../../errors.ts'
import { checkedText } from '../../text.ts'
import type { ProfileKey } from '../profiles/look-up.ts'
import { checkRef } from '../profiles/resolve.ts'
import { viewEvent } from '../programs/content.ts'
import { acceptEvent, type TrackEventInput } from './check.ts'
import { decideUnstored } from './preview.ts'
import { trackEvent } from './service.ts'

export interface ContentAsked {
  profile: ProfileKey
  zone: string
  targeting?: TypedTargeting | null
  recordView: boolean
}

export interface Content {
  readonly decision: Attributed & Explained
  readonly zone: string
  readonly body: unknown
  /** What the campaign itself wants events to ask for. */
  readonly requiredTargets: Campaign['requiredTargets']
}

/** Nothing to show: no journey has content for the zone, or the profile id is nobody's, or why nobody would get the credit. */
export type NoContentReason = 'NO_CONTENT' | 'UNKNOWN_PROFILE' | UnattributedReason

export interface ContentResolution {
  readonly content: Content | null
  readonly reason: NoContentReason | null
  /** Null where nothing was decided. */
  readonly decision: Explained | null
  /** The view, where it was tracked. */
  readonly eventId: string | null
}

const maxZone = 100

/**
 * The content of the journey that would be credited with a view in the zone, among those that show something there. An unknown
 * identifier is somebody new, who stays unknown unless the view is recorded. BAD_INPUT for a blank zone or identifier;
 * FORBIDDEN to record without EVENTS_WRITE.
 */
export async function resolveContent(context: Context, asked: ContentAsked): Promise<ContentResolution> {
  const { accountId, services, principal, now } = context
  if (asked.recordView && !can(principal, ['EVENTS_WRITE']))
    throw refusal(principal, { field: 'Query.resolveContent(recordView: true)', scopes: ['EVENTS_WRITE'] })
  const zone = checkedText(asked.zone, 'zone', maxZone)
  const { id, identifiers } = checkRef(asked.profile, 'profile')
  if (id === null && identifiers.length === 0) throw badInput('a blank identifier names nobody', 'profile')
  const input: TrackEventInput = {
    name: viewEvent,
    profile: asked.profile,
    data: { zone },
    targeting: asked.targeting ?? null,
  }
  const event = acceptEvent(input, { path: 'input', now, sender: principal })
  const resolution = await services.database.transaction(async (tx) => {
    const account = await services.ruleSets.inForce(tx, accountId)
    const rules = rulesFor(account.rules, zone)
    if (!rules) return nothing('NO_CONTENT')
    const decision = await decideUnstored(tx, accountId, { event, account: { ...account, rules } })
    return decision ? resolved(decision, rules, zone) : nothing('UNKNOWN_PROFILE')
  })
  if (!asked.recordView || !resolution.content) return resolution
  const { eventId } = await trackEvent(context, viewOf(input, resolution.content))
  return { ...resolution, eventId }
}

const nothing = (reason: NoContentReason, decision: Explained | null = null): ContentResolution => ({
  content: null,
  reason,
  decision,
  eventId: null,
})

function resolved(decision: Explained, rules: RuleSet, zone: string): ContentResolution {
  if (decision.status === 'UNATTRIBUTED') return nothing(decision.reason, decision)
  const { campaignId, journey } = decision
  const campaign = rules.campaigns.get(campaignId)
  const piece = campaign?.facts.content.find((one) => one.zone === zone && one.journeyName === journey.definition)
  if (!campaign || !piece) throw new Error(`a journey without content for ${zone} was chosen`)
  const { requiredTargets } = campaign
  return { content: { decision, zone, body: piece.body, requiredTargets }, reason: null, decision, eventId: null }
}

/** The view as an event that may be credited to what was shown, and to nothing else. What the campaign wants to be asked for stays. */
function viewOf(input: TrackEventInput, { decision, zone, requiredTargets }: Content): TrackEventInput {
  const { campaignId, journey } = decision
  // Within a kind they are alternatives: others of these two kinds would let the view go elsewhere.
  const kept = (input.targeting?.require ?? []).filter(
    (target) => target.kind === 'PROGRAM' || requiredTargets.get(target.kind)?.has(foldTarget(target)),
  )
  return {
    ...input,
    data: { zone, campaign_id: campaignId, journey_name: journey.definition },
    targeting: {
      ...input.targeting,
      require: [
        ...kept,
        { kind: 'CAMPAIGN_ID', value: campaignId },
        { kind: 'JOURNEY_NAME', value: journey.definition },
      ],
    },
  }
}

const maxZones = 100

/** By rule set, so that they go with it: what is left of it for a zone, the one used last at the end. */
const narrowed = new WeakMap<RuleSet, Map<string, RuleSet | null>>()

function rulesFor(rules: RuleSet, zone: string): RuleSet | null {
  const zones = narrowed.get(rules) ?? new Map<string, RuleSet | null>()
  narrowed.set(rules, zones)
  const known = zones.get(zone)
  const found = known === undefined ? narrowedTo(rules, zone) : known
  zones.delete(zone)
  zones.set(zone, found)
  const [oldest] = zones.keys()
  if (zones.size > maxZones && oldest !== undefined) zones.delete(oldest)
  return found
}
