// trackEvent and trackEvents: check, then the batch.

import type { Context } from '../../context.ts'
import { ApiError, badInput } from '../../errors.ts'
import { type AcceptedEvent, acceptEvent, type TrackEventInput } from './check.ts'
import { type Ingested, ingest, type Outcome } from './ingest.ts'

const maxEvents = 500

export async function trackEvent(context: Context, input: TrackEventInput): Promise<Ingested> {
  const event = acceptEvent(input, { path: 'input', now: context.now })
  const [outcome] = await ingest(context.services, { accountId: context.accountId, events: [event] })
  if (!outcome || outcome instanceof ApiError) throw outcome ?? new Error('one event gives one outcome')
  return outcome
}

/** One outcome for each event, in their order. LIMIT_EXCEEDED for more than 500. */
export async function trackEvents(
  context: Context,
  { events }: { events: readonly TrackEventInput[] },
): Promise<Outcome[]> {
  if (events.length > maxEvents)
    throw new ApiError('LIMIT_EXCEEDED', `over ${maxEvents} events`, { field: 'input.events' })
  if (events.length === 0) throw badInput('no events', 'input.events')
  const now = context.now
  const checked = events.map((input, index) => check(input, { path: `input.events[${index}]`, now }))
  const accepted = checked.filter((event): event is AcceptedEvent => !(event instanceof ApiError))
  const outcomes = accepted.length
    ? await ingest(context.services, { accountId: context.accountId, events: accepted })
    : []
  const byId = new Map(accepted.map((event, index) => [event.id, outcomes[index]]))
  return checked.map((event) => {
    const outcome = event instanceof ApiError ? event : byId.get(event.id)
    if (!outcome) throw new Error('every accepted event has an outcome')
    return outcome
  })
}

function check(input: TrackEventInput, place: { path: string; now: Date }): AcceptedEvent | ApiError {
  try {
    return acceptEvent(input, place)
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
}
