// The examples of the targeting specification, played on the resolver alone.

import { describe, expect, test } from 'vitest'
import type { CampaignState } from '../../src/core/targeting/facts.ts'
import file from './cases.json' with { type: 'json' }
import { type EventSetup, type Played, Stage, type WorldSetup, warningCodesOf } from './stage.ts'

interface Step {
  event?: EventSetup
  state?: { campaign: string; to: CampaignState }
}

interface Case {
  name: string
  world: string
  before: Step[]
  event: EventSetup
  expect: {
    campaign?: string | null
    decidedBy?: string
    advocate?: string | null
    journey?: string
    reason?: string
    detail?: string
    quality?: string
    warnings?: string[]
    sameJourneyAsStep?: number
  }
}

// `as`: a JSON module has the types of its texts, which are wider than the lists they are from.
const { worlds, cases } = file as unknown as { worlds: Record<string, WorldSetup>; cases: Case[] }

describe('the examples of the specification', () => {
  test.each(cases)('$name', ({ world, before, event, expect: expected }) => {
    const setup = worlds[world]
    if (!setup) throw new Error(`no world ${world}`)
    const stage = new Stage(setup)
    const steps = before.map((step) => play(stage, step))
    const outcome = stage.send(event)
    const seen = {
      campaign: outcome.campaignId,
      decidedBy: outcome.decidedBy,
      advocate: outcome.advocateId,
      journey: outcome.journey?.definition,
      reason: outcome.reason,
      detail: outcome.reasonDetail,
      quality: outcome.quality,
      warnings: warningCodesOf(outcome),
    }
    const { sameJourneyAsStep, warnings, ...fields } = expected
    expect(seen).toMatchObject(fields)
    if (warnings) expect(seen.warnings).toEqual(expect.arrayContaining(warnings))
    if (sameJourneyAsStep !== undefined)
      expect(outcome.effects.journeyId).toBe(steps[sameJourneyAsStep]?.effects.journeyId)
  })
})

function play(stage: Stage, { event, state }: Step): Played | null {
  if (state) stage.changeState(state.campaign, state.to)
  return event ? stage.send(event) : null
}
