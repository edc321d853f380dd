// Whether people are still on their journeys now, as targeting has it: the rules in force say after how long one runs out.

import type { Context } from '../../context.ts'
import { isActiveAt } from '../../core/targeting/journeys.ts'
import type { RuleSet } from '../../core/targeting/rule-set.ts'
import type { JourneyState } from '../../generated/prisma/client.ts'

export interface LivedJourney {
  campaignId: string
  definition: string
  state: JourneyState
  startedAt: Date
  lastActivityAt: Date
  exitedAt: Date | null
}

/** Begun, neither left nor withdrawn, and within the inactivity limit of its definition in force; the limit is exclusive. */
export async function isActive(context: Context, journey: LivedJourney): Promise<boolean> {
  if (journey.state === 'WITHDRAWN') return false
  const rules = await context.memo('rules in force', () => rulesInForce(context))
  const definitions = rules.campaigns.get(journey.campaignId)?.definitions ?? []
  const limit = definitions.find(({ name }) => name === journey.definition)?.inactivityMs ?? null
  const times = {
    startedAt: journey.startedAt.getTime(),
    exitedAt: journey.exitedAt?.getTime() ?? null,
    activities: [journey.lastActivityAt.getTime()],
  }
  return isActiveAt(times, context.now.getTime(), limit)
}

async function rulesInForce({ sql, accountId, services }: Context): Promise<RuleSet> {
  return (await services.ruleSets.inForce(sql, accountId)).rules
}
