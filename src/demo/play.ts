// One performance, whoever the server is: prepare, follow the feed, send everything, wait for the last attribution, compare.

import type { Client } from './client.ts'
import { type Comparison, compare } from './compare.ts'
import type { Recorded, Redemption } from './complete-journey.ts'
import { type Answer, sendRedemptions } from './send.ts'
import { type Found, setUp } from './setup.ts'
import { type Arrival, setBookmark, Watch } from './watch.ts'

const patienceMs = 30_000

/** What is told while it goes on. */
export interface Audience {
  step(line: string): void
  answered(answer: Answer): void
  arrived(redemption: Redemption, arrival: Arrival): void
}

export interface Outcome {
  /** What an earlier run had set up. */
  found: Found
  answers: ReadonlyMap<string, Answer>
  arrivals: ReadonlyMap<string, Arrival>
  comparison: Comparison
  /** From the first event sent to the last answer. */
  sendingMs: number
}

/** Whatever the decisions were, the outcome; @throws where the server cannot be reached or refuses the preparations. */
export async function play(client: Client, recorded: Recorded, audience: Audience): Promise<Outcome> {
  const { campaigns, redemptions } = recorded
  const found = await setUp(client, recorded, (line) => audience.step(line))
  if (found.campaigns + found.coupons > 0) {
    audience.step(`of these, ${found.campaigns} campaigns and ${found.coupons} coupons were there from an earlier run`)
  }
  const byKey = new Map(redemptions.map((redemption) => [redemption.key, redemption]))
  const watch = new Watch(client, await setBookmark(client), (key, arrival) => {
    const redemption = byKey.get(key)
    if (redemption) audience.arrived(redemption, arrival)
  })
  try {
    await watch.caughtUp(patienceMs)
    const beganMs = performance.now()
    const answers = await sendRedemptions(client, redemptions, (answer) => audience.answered(answer))
    const sendingMs = performance.now() - beganMs
    const stored = [...answers].filter(([, answer]) => 'eventId' in answer).map(([key]) => key)
    await watch.arrived(stored, patienceMs)
    const decided = new Map([...watch.arrivals].map(([key, { decision }]) => [key, decision.campaign?.name ?? null]))
    const comparison = compare(campaigns, redemptions, decided)
    return { found, answers, arrivals: watch.arrivals, comparison, sendingMs }
  } finally {
    watch.stop()
  }
}
