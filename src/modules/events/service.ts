// trackEvent and trackEvents: check, then the batch.

import type { Context } from '../../context.ts'
import { ApiError, badInput } from '../../errors.ts'
import type { Log } from '../../platform/log.ts'
import type { Ingested, Outcome } from './admission.ts'
import { type AcceptedEvent, type Arrival, acceptEvent, type TrackEventInput } from './check.ts'

const maxEvents = 500

export async function trackEvent(
  { services, accountId, now, principal }: Context,
  input: TrackEventInput,
): Promise<Ingested> {
  const event = acceptEvent(input, { path: 'input', now, sender: principal })
  const [outcome] = await services.intake.submit(accountId, [event])
  if (!outcome || outcome instanceof Error) throw outcome ?? new Error('one event gives one outcome')
  return outcome
}

/** One outcome for each event, in their order. LIMIT_EXCEEDED for more than 500. */
export async function trackEvents(
  { services, accountId, now, principal }: Context,
  { events }: { events: readonly TrackEventInput[] },
): Promise<(Ingested | ApiError)[]> {
  if (events.length > maxEvents)
    throw new ApiError('LIMIT_EXCEEDED', `over ${maxEvents} events`, { field: 'input.events' })
  if (events.length === 0) throw badInput('no events', 'input.events')
  const checked = events.map((input, index) => check(input, { path: `input.events[${index}]`, now, sender: principal }))
  const accepted = checked.filter((event): event is AcceptedEvent => !(event instanceof ApiError))
  const outcomes = accepted.length ? await services.intake.submit(accountId, accepted) : []
  const byId = new Map(accepted.map((event, index) => [event.id, outcomes[index]]))
  return checked.map((event) => (event instanceof ApiError ? event : itemOf(services.log, byId.get(event.id))))
}

function itemOf(log: Log, outcome: Outcome | undefined): Ingested | ApiError {
  if (outcome && (!(outcome instanceof Error) || outcome instanceof ApiError)) return outcome
  log.error({ err: outcome }, 'an event of a list failed unexpectedly')
  return new ApiError('INTERNAL_SERVER_ERROR', 'Unexpected error.')
}

function check(input: TrackEventInput, place: Arrival): AcceptedEvent | ApiError {
  try {
    return acceptEvent(input, place)
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
}
