// The explanation of a stored decision: what the row keeps of it, told again as the whole trace that readers are given.

import DataLoader from 'dataloader'
import type { Context } from '../../context.ts'
import type { Trace } from '../../core/targeting/decision.ts'
import type { EventFacts, JsonObject, TypedTargeting } from '../../core/targeting/facts.ts'
import type { StoredTrace } from '../../core/targeting/stored-trace.ts'
import { traceOf as tell } from '../../core/targeting/trace.ts'
import type { Prisma } from '../../generated/prisma/client.ts'
import type { AccountRules } from '../programs/rule-sets.ts'

/** The columns that a trace is made from. */
export const traceColumns = {
  trace: true,
  rulesVersion: true,
  occurredAt: true,
  profileId: true,
  event: { select: { id: true, name: true, data: true, targeting: true } },
} as const satisfies Prisma.AttributionSelect

export interface TraceRow {
  trace: unknown
  rulesVersion: number | null
  occurredAt: Date
  profileId: string
  event: { id: string; name: string; data: unknown; targeting: unknown }
}

/** The whole trace of a decision, by the rules that it was decided by. The rule sets of one operation are loaded once each. */
export async function traceOf(context: Context, row: TraceRow): Promise<Trace> {
  const stored = row.trace as StoredTrace | Trace // Written as the resolver gave it.
  // Decisions from before traces were stored in short hold the whole, without a word on what they inherit.
  if (!('v' in stored)) return { ...stored, inheritedFrom: stored.inheritedFrom ?? null }
  const { rules } = await rulesOf(context).load(row.rulesVersion ?? 0)
  return tell(stored, { ...eventFacts(row), ...(stored.targeting ? { targeting: stored.targeting } : {}) }, rules)
}

function eventFacts({ event, occurredAt, profileId }: TraceRow): EventFacts {
  return {
    id: event.id,
    name: event.name,
    personId: profileId,
    t: occurredAt.getTime(),
    data: event.data as JsonObject, // The column holds JSON objects only.
    ...(event.targeting ? { targeting: event.targeting as TypedTargeting } : {}), // Checked before it was stored.
  }
}

const rulesOf = (context: Context) =>
  context.memo(
    'rules by version',
    () =>
      new DataLoader<number, AccountRules>(async (versions) => {
        const { services, accountId, sql } = context
        const rules: AccountRules[] = []
        for (const version of versions) rules.push(await services.ruleSets.asOf(sql, accountId, version))
        return rules
      }),
  )
