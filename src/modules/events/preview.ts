// The decision that trackEvent would take: the same loading and deciding, and nothing written.

import type { Context } from '../../context.ts'
import type { Explained } from '../../core/targeting/decision.ts'
import { traceOf } from '../../core/targeting/trace.ts'
import { notFound } from '../../errors.ts'
import type { Transaction } from '../../platform/database.ts'
import { resolvePeople } from '../profiles/resolve.ts'
import type { AccountRules } from '../programs/rule-sets.ts'
import { type AcceptedEvent, acceptEvent, type TrackEventInput } from './check.ts'
import { decideBatch, worldRequest } from './decide-batch.ts'
import { heldToFields } from './field-check.ts'
import { findOvertaken } from './overtaken.ts'
import { loadWorld } from './world.ts'

export interface PreviewAsked {
  input: TrackEventInput
  includeDrafts: boolean
  /** When it would be received; default: now. */
  asOf: Date | null
}

/**
 * The decision about an event as if it were received at `asOf`: its time defaults to that instant and is clamped against it. The
 * rules and what is known of people are those of now. BAD_INPUT as trackEvent has it; NOT_FOUND for a profile id of nobody.
 */
export async function previewTargeting(
  context: Context,
  { input, includeDrafts, asOf }: PreviewAsked,
): Promise<Explained> {
  const { accountId, services } = context
  const event = acceptEvent(input, { path: 'input', now: asOf ?? context.now })
  return services.database.transaction(async (tx) => {
    const account = await services.ruleSets.inForce(tx, accountId, { drafts: includeDrafts })
    const decision = await decideUnstored(tx, accountId, { event, account })
    if (!decision) throw notFound('no such profile', 'input.profile.id')
    return decision
  })
}

/** The decision about an event that is not stored; null for one about a profile id of nobody. New people stay unknown. */
export async function decideUnstored(
  tx: Transaction,
  accountId: string,
  { event, account }: { event: AcceptedEvent; account: AccountRules },
): Promise<Explained | null> {
  const held = heldToFields(event, account)
  if (held instanceof Error) throw held
  const people = await resolvePeople(tx, [event.ref], { accountId, write: false, rules: account.identity })
  const [step] = people.steps
  if (!step) return null
  const events = [{ event: held, step }]
  const later = await findOvertaken(tx, accountId, { events, people })
  const request = worldRequest(accountId, { events, people, account, later })
  const world = await loadWorld(tx, request)
  const { results } = decideBatch(request.events, [step], { world, rules: account.rules, later })
  const [facts, result] = [request.events[0], results[0]]
  if (!facts || !result) throw new Error('one event gives one decision')
  const { decision, trace, warnings } = result
  return { ...decision, warnings, trace: traceOf(trace, facts, account.rules) }
}
