// What holds for every input, tried on generated worlds. A failure prints the seed and the smallest scene that shows it.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { foldName } from '../../src/core/names.ts'
import { decide } from '../../src/core/targeting/decide.ts'
import type { Attributed, Decision, Explained } from '../../src/core/targeting/decision.ts'
import type { EventFacts, JourneyDefinition } from '../../src/core/targeting/facts.ts'
import { isActiveAt } from '../../src/core/targeting/journeys.ts'
import { type CarriedHints, carriedBy } from './reference/carried.ts'
import { lookUpAll } from './reference/looked-up.ts'
import { askedOf } from './reference/resolve.ts'
import { runs, type Scene, scene, shuffled, stageOf } from './scenes.ts'
import type { Stage } from './stage.ts'

interface Decided {
  stage: Stage
  event: EventFacts
  decision: Explained
}

function decideScene(given: Scene): Decided {
  const stage = stageOf(given)
  const event = stage.event(given.event)
  return { stage, event, decision: decide(event, stage.world, stage.rules) }
}

/** Who won: all but the trace. */
const winnerOf = ({ campaignId, journey, advocateId, relationship, quality }: Decision) => ({
  campaignId,
  journey,
  advocateId,
  relationship: relationship?.id ?? null,
  quality,
})

type Won = Decided & { decision: Explained & Attributed }

const whenAttributed = (check: (won: Won) => void) =>
  fc.property(scene, (given) => {
    const decided = decideScene(given)
    const { decision } = decided
    if (decision.status === 'ATTRIBUTED') check({ ...decided, decision })
  })

/** As whenAttributed, where the event was judged for itself. */
const whenWon = (check: (won: Won) => void) =>
  whenAttributed((won) => {
    if (won.decision.decidedBy !== 'INHERITED') check(won)
  })

const isSomethingRequired = ({ targets, requiredLabels }: CarriedHints): boolean =>
  targets.length > 0 || requiredLabels.length > 0

/** The decision where one campaign's flows are others. */
function decideWith(
  { stage, event }: Decided,
  campaignId: string,
  change: (flow: JourneyDefinition) => JourneyDefinition,
) {
  const campaign = stage.campaigns.find(({ id }) => id === campaignId)
  if (!campaign) throw new Error(`no campaign ${campaignId}`)
  const { journeys, state } = campaign
  campaign.journeys = journeys.map(change)
  stage.changeState(campaignId, state)
  const decision = decide(event, stage.world, stage.rules)
  campaign.journeys = journeys
  stage.changeState(campaignId, state)
  return decision
}

const takenAway = (flow: JourneyDefinition): JourneyDefinition => ({
  ...flow,
  events: ['elsewhere'],
  startEvents: ['elsewhere'],
})

const endsBeforeCampaigns = ['PERSON_BLOCKED', 'BOT', 'TARGET_MALFORMED', 'HINT_UNRESOLVED']

describe('whatever the world and the event', { timeout: 600_000 }, () => {
  test('the order in which facts are listed changes nothing', () => {
    fc.assert(
      fc.property(scene, fc.nat(), (given, seed) => {
        const { stage, event, decision } = decideScene(given)
        const other = shuffled(stage, seed)
        expect(decide(event, other.world, other.stage.rules)).toEqual(decision)
      }),
      runs,
    )
  })

  test('deciding changes nothing, so a preview is the decision that is committed', () => {
    fc.assert(
      fc.property(scene, (given) => {
        const { stage, event, decision } = decideScene(given)
        const before = structuredClone(stage.world)
        expect(decide(event, stage.world, stage.rules)).toEqual(decision)
        expect(stage.world).toEqual(before)
      }),
      runs,
    )
  })

  // Its flows are taken away, not its life: a stopped campaign would also take the bonus of the codes that stand for it.
  test('taking away all flows of a campaign that lost never changes the winner', () => {
    fc.assert(
      whenWon((won) => {
        const losers = new Set(won.decision.trace.candidates.map(({ campaignId }) => campaignId))
        losers.delete(won.decision.campaignId)
        for (const id of losers) expect(winnerOf(decideWith(won, id, takenAway))).toEqual(winnerOf(won.decision))
      }),
      runs,
    )
  })

  test('taking away the other flows of the winning campaign never changes the winner', () => {
    fc.assert(
      whenWon((won) => {
        const { campaignId, journey } = won.decision
        const without = decideWith(won, campaignId, (flow) =>
          flow.name === journey.definition ? flow : takenAway(flow),
        )
        expect(winnerOf(without)).toEqual(winnerOf(won.decision))
      }),
      runs,
    )
  })

  test('raising the winner’s priority never dethrones it', () => {
    fc.assert(
      whenAttributed((won) => {
        const { campaignId, journey } = won.decision
        const raised = decideWith(won, campaignId, (flow) =>
          flow.name === journey.definition ? { ...flow, priority: flow.priority + 1000 } : flow,
        )
        expect(winnerOf(raised)).toEqual(winnerOf(won.decision))
      }),
      runs,
    )
  })

  test('a campaign that is not live never wins, a paused one only with an active journey', () => {
    fc.assert(
      whenWon(({ stage, event, decision }) => {
        const campaign = stage.campaigns.find(({ id }) => id === decision.campaignId)
        expect(['LIVE', 'PAUSED']).toContain(campaign?.state)
        if (campaign?.state === 'PAUSED') expect(decision.journey.passage).toBe('ACTIVE')
        expect(event.t).toBeGreaterThanOrEqual(campaign?.startsAt ?? Number.NEGATIVE_INFINITY)
        expect(event.t).toBeLessThan(campaign?.endsAt ?? Number.POSITIVE_INFINITY)
        const definition = campaign?.journeys.find(({ name }) => name === decision.journey.definition)
        expect(definition?.events).toContain(event.name)
      }),
      runs,
    )
  })

  test('the winner satisfies every required target', () => {
    fc.assert(
      whenAttributed(({ stage, event, decision }) => {
        const program = stage.programs.find(({ id }) => id === decision.programId)
        const labels = (program?.labels ?? []).map(foldName)
        const says: { readonly [kind: string]: readonly (string | undefined)[] } = {
          CAMPAIGN_ID: [decision.campaignId],
          PROGRAM: [program?.id, program?.name, ...labels].map((name) => name && foldName(name)),
          JOURNEY_NAME: [decision.journey.definition],
        }
        const { targets, requiredLabels } = carriedBy(event)
        for (const kind of new Set(targets.map((target) => target.kind))) {
          const wanted = targets.filter((target) => target.kind === kind).map(({ value }) => value)
          const isMet = wanted.some((value) => says[kind]?.includes(kind === 'CAMPAIGN_ID' ? value : foldName(value)))
          expect(isMet).toBe(true)
        }
        for (const label of requiredLabels) expect(labels).toContain(foldName(label))
      }),
      runs,
    )
  })

  test('a hint that is unknown never changes the winner', () => {
    fc.assert(
      fc.property(scene, (given) => {
        const { stage, event, decision } = decideScene(given)
        const { targeting = {}, data } = event
        const isRaw = [
          'coupon_code',
          'share_id',
          'advocate_code',
          'journey',
          'journey.campaign_id',
          'labels',
          'promo_link',
        ].some((key) => key in data)
        if (isRaw || targeting.strictHints) return
        const more: EventFacts = {
          ...event,
          targeting: {
            ...targeting,
            couponCodes: ['UNHEARD-OF', ...(targeting.couponCodes ?? [])],
            shareIds: [...(targeting.shareIds ?? []), 'UNHEARD-OF'],
            advocateCodes: ['UNHEARD-OF', ...(targeting.advocateCodes ?? [])],
            labels: [...(targeting.labels ?? []), 'unheard of'],
            journeyCampaignId: targeting.journeyCampaignId ?? 'unheard of',
            promoLink: targeting.promoLink ?? 'UNHEARD-OF',
          },
        }
        const other = decide(more, stage.world, stage.rules)
        expect(winnerOf(other)).toEqual(winnerOf(decision))
        expect(other).toMatchObject({ reason: decision.reason, decidedBy: decision.decidedBy })
      }),
      runs,
    )
  })

  test('where nothing is required a viable coupon’s campaign wins', () => {
    fc.assert(
      whenWon(({ stage, event, decision }) => {
        const carried = carriedBy(event)
        if (isSomethingRequired(carried)) return
        const { explicit } = lookUpAll(askedOf(event, stage), carried)
        const coupons = explicit.filter(({ kind }) => kind === 'COUPON_CODE')
        const named = coupons.flatMap(({ campaignIds }) => campaignIds)
        const viable = decision.trace.candidates.filter(({ phase }) => phase !== 'CANDIDATES')
        if (viable.some(({ campaignId }) => named.includes(campaignId))) expect(named).toContain(decision.campaignId)
      }),
      runs,
    )
  })

  test('an uncredited event names the campaign that got furthest as its near miss', () => {
    fc.assert(
      fc.property(scene, (given) => {
        const { decision, event } = decideScene(given)
        if (decision.status === 'ATTRIBUTED' || decision.trace.inheritedFrom !== null) return
        const { nearMiss, campaigns } = decision.trace
        const [first] = campaigns
        if (endsBeforeCampaigns.includes(decision.reason)) expect(nearMiss).toBeNull()
        else if (isSomethingRequired(carriedBy(event))) expect(decision.reason).toBe('REQUIRED_TARGET_UNMATCHED')
        else {
          expect(decision.reason).toBe(first?.code)
          expect(nearMiss).toMatchObject({ campaignId: first?.campaignId, code: first?.code })
        }
      }),
      runs,
    )
  })

  test('a person has one active journey of an identity and one relationship to an advocate in a program', () => {
    fc.assert(
      fc.property(scene, (given) => {
        if (given.fate === 'MERGED') return
        const stage = stageOf(given)
        stage.send(given.event)
        const { journeys, relationships } = stage.person('F')
        const now = Date.parse('2026-03-20T00:00:00Z')
        const active = journeys.filter((journey) => isActiveAt(journey, now, null))
        const identities = active.map(({ campaignId, definition, key, relationshipId }) =>
          JSON.stringify([campaignId, definition, key, relationshipId]),
        )
        expect(new Set(identities).size).toBe(identities.length)
        const pairs = relationships.map(({ advocateId, programId }) => `${advocateId} ${programId}`)
        expect(new Set(pairs).size).toBe(pairs.length)
        for (const { exitedAt, activities } of journeys) {
          if (exitedAt !== null) expect(Math.max(...activities)).toBeLessThanOrEqual(exitedAt)
        }
      }),
      runs,
    )
  })

  test('nobody is credited for another advocate’s code, nor oneself', () => {
    fc.assert(
      whenWon(({ stage, event, decision }) => {
        expect(decision.advocateId).not.toBe('F')
        if (decision.journey.role !== 'FRIEND') expect(decision.advocateId).toBeNull()
        if (decision.decidedBy !== 'COUPON_CODE' || decision.advocateId === null) return
        const { explicit } = lookUpAll(askedOf(event, stage), carriedBy(event))
        const advocates = explicit.filter(({ kind }) => kind === 'COUPON_CODE').map(({ advocateId }) => advocateId)
        if (!advocates.includes(null)) expect(advocates).toContain(decision.advocateId)
      }),
      runs,
    )
  })
})
