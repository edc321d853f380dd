// Integrators under whom servers fall over: each sends one person's events, the next when the last was acknowledged, every
// event to another server than the one before, and again with the same key until it is acknowledged. They write down everything.

import { setTimeout as pause } from 'node:timers/promises'
import type { Caller } from '../support/server.ts'
import type { TwoCampaigns } from './campaigns.ts'

export interface Acknowledgement {
  eventId: string
  attributionId: string
  campaignId: string | null
  replayed: boolean
  /** From the first try to the answer. */
  tookMs: number
  at: number
  tries: number
}

export interface Refusal {
  code: string
  retryable: boolean
  message: string
}

export interface Load {
  readonly acknowledged: ReadonlyMap<string, Acknowledgement>
  /** Every error that an answer carried, in the order of arrival. */
  readonly refusals: readonly Refusal[]
  /** Requests that got no answer at all. */
  unanswered(): number
  /** Resolves when so many more are acknowledged than now. Fails where a sender gave up. */
  more(count: number): Promise<void>
  /** Resolves when so many errors more have come. Fails where a sender gave up. */
  refused(count: number): Promise<void>
  /** Ends after the events under way are acknowledged. Fails where a sender gave up. */
  stop(): Promise<void>
}

export interface LoadOptions {
  /** Looked at before each try: servers come and go. */
  servers: readonly Caller[]
  campaigns: TwoCampaigns
  senders: number
  /** Between an acknowledgement and the next event of a sender. */
  everyMs?: number
  /** What each event carries. */
  data?: object
}

const document = `mutation ($input: TrackEventInput!) {
  trackEvent(input: $input) { replayed event { id } attribution { id campaign { id } } }
}`

const giveUpMs = 60_000

export function startLoad({ servers, campaigns, senders, everyMs = 0, data = {} }: LoadOptions): Load {
  const acknowledged = new Map<string, Acknowledgement>()
  const refusals: Refusal[] = []
  const waiting = new Set<() => void>()
  let unanswered = 0
  let isStopped = false

  /** One try: the answer, or nothing where it has to be sent again. */
  const attempt = async (server: Caller, input: object) => {
    const answer = await server.send(document, { input }).catch(() => undefined)
    if (!answer) unanswered++
    for (const { message, extensions } of answer?.errors ?? []) {
      refusals.push({ code: extensions.code, retryable: extensions.retryable, message })
      if (!extensions.retryable) throw new Error(`refused for good: ${extensions.code} ${message}`)
    }
    for (const check of waiting) check()
    return answer?.data?.trackEvent
  }

  const deliver = async (person: string, count: number) => {
    const key = keyOf(person, count)
    const input = {
      name: 'click',
      profile: { deviceId: person },
      idempotencyKey: key,
      data,
      ...campaigns.hintsOf(count),
    }
    const began = performance.now()
    for (let tries = 1; ; tries++) {
      const server = servers[(count + tries) % servers.length]
      const payload = server && (await attempt(server, input))
      const at = performance.now()
      if (payload) {
        const { event, attribution, replayed } = payload
        const campaignId = attribution.campaign?.id ?? null
        const told = { eventId: event.id, attributionId: attribution.id, campaignId, replayed }
        acknowledged.set(key, { ...told, tookMs: at - began, at, tries })
        for (const check of waiting) check()
        return
      }
      if (at - began > giveUpMs) throw new Error(`${key} was not taken within ${giveUpMs / 1_000} s`)
      await pause(Math.min(20 * tries, 500)) // As a client waits before it tries again.
    }
  }

  const send = async (person: string) => {
    for (let count = 0; !isStopped; count++) {
      await deliver(person, count)
      if (everyMs > 0) await pause(everyMs)
    }
  }

  const sending = Promise.all(Array.from({ length: senders }, (_, index) => send(`person${index}`)))
  /** Fails where a sender gave up before. */
  const until = async (isDone: () => boolean) => {
    const done = new Promise<void>((resolve) => {
      const check = () => {
        if (!isDone()) return
        waiting.delete(check)
        resolve()
      }
      waiting.add(check)
      check()
    })
    await Promise.race([done, sending])
  }
  return {
    acknowledged,
    refusals,
    unanswered: () => unanswered,
    more(count) {
      const goal = acknowledged.size + count
      return until(() => acknowledged.size >= goal)
    },
    refused(count) {
      const goal = refusals.length + count
      return until(() => refusals.length >= goal)
    },
    async stop() {
      isStopped = true
      await sending
    },
  }
}

const keyOf = (person: string, count: number) => `${person}-${count}`

/** Whose event it is, and which of theirs, from 0. */
export function readKey(key: string): { person: string; count: number } {
  const [person = '', count] = key.split('-')
  return { person, count: Number(count) }
}
