// The SDKs of Segment and RudderStack as their users run them, pointed at a server under test.

import { createRequire } from 'node:module'
import type RudderAnalytics from '@rudderstack/rudder-sdk-node'
import { Analytics } from '@segment/analytics-node'
import { onTestFinished } from 'vitest'

// Its ES module asks for its parts in a way that Node refuses.
const Rudder: typeof RudderAnalytics = createRequire(import.meta.url)('@rudderstack/rudder-sdk-node')

export interface Segment {
  analytics: Analytics
  /** Why messages were given up. */
  errors: unknown[]
  /** How often a request was made. */
  readonly requests: number
  /** Sends what is left; resolves when all of it was answered or given up. */
  finish(): Promise<void>
}

export function segmentSdk(host: string, writeKey: string, more: { flushAt?: number } = {}): Segment {
  const analytics = new Analytics({ host, writeKey, flushInterval: 50, ...more })
  const errors: unknown[] = []
  let requests = 0
  analytics.on('error', (error) => errors.push(error))
  analytics.on('http_request', () => requests++)
  return {
    analytics,
    errors,
    get requests() {
      return requests
    },
    finish: () => analytics.closeAndFlush({ timeout: 20_000 }),
  }
}

export interface Rudderstack {
  analytics: RudderAnalytics
  finish(): Promise<void>
}

/** RudderStack's queue: gzipped bodies, which axios labels as a form. */
export function rudderSdk(dataPlaneUrl: string, writeKey: string): Rudderstack {
  const analytics = new Rudder(writeKey, { dataPlaneUrl, logLevel: 'none', flushInterval: 50, retryCount: 5 })
  onTestFinished(() => analytics.flush().then(() => undefined))
  return { analytics, finish: () => flushAll(analytics) }
}

async function flushAll(analytics: RudderAnalytics): Promise<void> {
  await analytics.flush()
  // What came while the first flush was under way.
  await analytics.flush()
}
