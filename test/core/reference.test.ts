// The resolver and the second implementation in reference/, written from the text of the specification alone, are of one
// opinion about every generated scene. A failure prints the seed and the smallest scene that shows it.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decide } from '../../src/core/targeting/decide.ts'
import { resolve } from './reference/resolve.ts'
import { toldBy } from './reference/told.ts'
import { runs, scene, stageOf } from './scenes.ts'

test('two implementations agree on who is credited, by what, why not, what ends and what is warned of', {
  timeout: 600_000,
}, () => {
  fc.assert(
    fc.property(scene, (given) => {
      const stage = stageOf(given)
      const event = stage.event(given.event)
      expect(toldBy(decide(event, stage.world, stage.rules))).toEqual(resolve(event, stage))
    }),
    runs,
  )
})
