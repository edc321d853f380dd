// An event without hints is decided by a shorter way, and a winner can be had without an explanation. Both say what the long way says.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { choose, decide } from '../../src/core/targeting/decide.ts'
import { type Scene, scene, stageOf } from './scenes.ts'

const runs = { numRuns: Number(process.env.PROPERTY_RUNS ?? 2_000) }

const withoutHints = (given: Scene): Scene => ({ ...given, event: { ...given.event, hints: undefined } })

describe('whatever the world and the event', { timeout: 120_000 }, () => {
  test('an event without hints is decided and explained as one that carries none of many', () => {
    fc.assert(
      fc.property(scene, (given) => {
        const stage = stageOf(withoutHints(given))
        const { targeting: _, ...event } = stage.event({ ...given.event, hints: undefined })
        // Targeting that is there, though nothing is in it, takes the long way.
        const long = decide({ ...event, targeting: {} }, stage.world, stage.rules)
        expect(decide(event, stage.world, stage.rules)).toEqual(long)
      }),
      runs,
    )
  })

  test('the winner alone is the winner that is explained', () => {
    fc.assert(
      fc.property(scene, fc.boolean(), (given, hasHints) => {
        const stage = stageOf(given)
        const { targeting, ...bare } = stage.event(given.event)
        const event = hasHints && targeting ? { ...bare, targeting } : bare
        const { trace: _, decidedBy: __, ...explained } = decide(event, stage.world, stage.rules)
        const { decidedBy: ___, ...chosen } = choose(event, stage.world, stage.rules)
        expect(chosen).toEqual(explained)
      }),
      runs,
    )
  })
})
