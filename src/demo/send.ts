// The integrator: one trackEvent per redemption, many in flight, the events of one household one after another.

import { setTimeout as pause } from 'node:timers/promises'
import { graphql } from '../generated/operations/index.ts'
import { type Client, inFlight, present, Refused } from './client.ts'
import type { Redemption } from './complete-journey.ts'
import { eventName, sourceIdOf } from './setup.ts'

const eventsAtOnce = 64
const attempts = 5
const firstPauseMs = 100

const TrackRedemption = graphql(`
  mutation DemoRedemption($input: TrackEventInput!) { trackEvent(input: $input) { replayed event { id } } }
`)

/** What became of one redemption; times are of `performance.now()`. */
export type Answer =
  | { sentAtMs: number; answeredAtMs: number; replayed: boolean; eventId: string }
  | { sentAtMs: number; refusal: string }

/** Sends them all; returns the answers by key. Events that were refused are among them; only an abort is thrown. */
export async function sendRedemptions(
  client: Client,
  redemptions: readonly Redemption[],
  hear: (answer: Answer) => void,
): Promise<Map<string, Answer>> {
  const answers = new Map<string, Answer>()
  const latest = new Map<string, Promise<void>>()
  const send = async (redemption: Redemption) => {
    const answer = await sendOne(client, redemption)
    answers.set(redemption.key, answer)
    hear(answer)
  }
  await inFlight(redemptions, eventsAtOnce, (redemption) => {
    const before = latest.get(redemption.household) ?? Promise.resolve()
    const sent = before.then(() => send(redemption))
    latest.set(redemption.household, sent)
    return sent
  })
  return answers
}

/** The key makes it safe to send an event again whose answer was lost. */
async function sendOne(client: Client, { key, household, coupon, on }: Redemption): Promise<Answer> {
  const sentAtMs = performance.now()
  const input = {
    name: eventName,
    idempotencyKey: key,
    profile: { sourceId: sourceIdOf(household) },
    occurredAt: `${on}T00:00:00Z`,
    targeting: { couponCodes: [coupon] },
  }
  for (let attempt = 1; ; attempt++) {
    try {
      const { trackEvent } = await client.ask(TrackRedemption, { input })
      const { replayed, event } = present(trackEvent)
      return { sentAtMs, answeredAtMs: performance.now(), replayed, eventId: event.id }
    } catch (error) {
      client.signal.throwIfAborted()
      const isFinal = error instanceof Refused && !error.retryable
      if (isFinal || attempt === attempts) return { sentAtMs, refusal: messageOf(error) }
    }
    await pause(firstPauseMs * 2 ** attempt, undefined, { signal: client.signal })
  }
}

/** What went wrong, in words; fetch keeps them in the cause. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
