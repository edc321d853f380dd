// The resolver and the second implementation in reference/, written from the text of the specification alone, are of one
// opinion about every generated scene; and so are the resolver's long and short ways. A failure prints the seed and the
// smallest scene that shows it.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { choose, decide } from '../../src/core/targeting/decide.ts'
import { resolve } from './reference/resolve.ts'
import { toldBy } from './reference/told.ts'
import { runs, scene, stageOf } from './scenes.ts'

describe('two implementations of one specification', { timeout: 600_000 }, () => {
  test('agree on who is credited, by what, why not, what ends and what is warned of', () => {
    fc.assert(
      fc.property(scene, (given) => {
        const stage = stageOf(given)
        const event = stage.event(given.event)
        expect(toldBy(decide(event, stage.world, stage.rules))).toEqual(resolve(event, stage))
      }),
      runs,
    )
  })

  test('a decision that is not explained is the same, but for what it was decided by', () => {
    fc.assert(
      fc.property(scene, (given) => {
        const stage = stageOf(given)
        const event = stage.event(given.event)
        const { trace: _, ...explained } = decide(event, stage.world, stage.rules)
        const chosen = choose(event, stage.world, stage.rules)
        expect({ ...chosen, decidedBy: explained.decidedBy }).toEqual(explained)
      }),
      runs,
    )
  })
})
