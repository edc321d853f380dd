// The decision that trackEvent would take now: the same loading and deciding, and nothing written.

import type { Context } from '../../context.ts'
import { decide } from '../../core/targeting/decide.ts'
import type { Explained } from '../../core/targeting/decision.ts'
import { takeStep } from '../../core/targeting/people.ts'
import { notFound } from '../../errors.ts'
import { resolvePeople } from '../profiles/resolve.ts'
import { acceptEvent, type TrackEventInput } from './check.ts'
import { worldRequest } from './decide-batch.ts'
import { loadWorld } from './world.ts'

export async function previewTargeting(
  context: Context,
  { input, includeDrafts }: { input: TrackEventInput; includeDrafts: boolean },
): Promise<Explained> {
  const event = acceptEvent(input, { path: 'input', now: context.now })
  const { accountId, services } = context
  return services.database.transaction(async (tx) => {
    const account = await services.ruleSets.inForce(tx, accountId, { drafts: includeDrafts })
    const people = await resolvePeople(tx, [event.ref], { accountId, write: false })
    const [step] = people.steps
    if (!step) throw notFound('no such profile', 'input.profile.id')
    const request = worldRequest(accountId, { events: [{ event, step }], people, account })
    const [facts] = request.events
    if (!facts) throw new Error('one event gives one request')
    const world = await loadWorld(tx, request)
    takeStep(world, step)
    return decide(facts, world, account.rules)
  })
}
