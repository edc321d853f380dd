// Messages that come while the database is away.

import { expect, inject, it, onTestFinished } from 'vitest'
import { openApp } from '../../src/app.ts'
import { createLog } from '../../src/platform/log.ts'
import { copyTemplate } from '../support/backend.ts'
import { rudderSdk, segmentSdk } from '../support/sdk.ts'
import { adminKey, callerOf } from '../support/server.ts'
import { proxyToPort } from '../support/tcp-proxy.ts'

async function openBehindProxy() {
  const copy = await copyTemplate(inject('template'))
  onTestFinished(() => copy.remove())
  if (!('url' in copy.place)) throw new Error('this needs PostgreSQL')
  const url = new URL(copy.place.url)
  const proxy = await proxyToPort(Number(url.port || 5432), url.hostname)
  onTestFinished(() => proxy.close())
  url.hostname = '127.0.0.1'
  url.port = String(proxy.port)
  const app = await openApp({
    config: { port: 0, host: '127.0.0.1', adminKey, redisUrl: undefined, corsOrigins: [] },
    database: { url: url.toString() },
    log: createLog({ level: 'silent' }),
  })
  onTestFinished(() => app.close())
  return { app, proxy, caller: callerOf(app.url, adminKey) }
}

it('both SDKs send them again until they are stored, each once and in order', async () => {
  const { app, proxy, caller } = await openBehindProxy()
  const statuses: number[] = []
  const segment = segmentSdk(app.url, adminKey, { flushAt: 2 })
  segment.analytics.on('http_response', ({ status }) => statuses.push(status))
  const rudder = rudderSdk(app.url, adminKey)
  proxy.cut()
  for (const event of ['One', 'Two', 'Three', 'Four']) {
    segment.analytics.track({ userId: 'ada', event })
    rudder.analytics.track({ userId: 'bob', event })
  }
  await expect.poll(() => statuses, { timeout: 15_000 }).toContain(503)
  proxy.restore()
  await Promise.all([segment.finish(), rudder.finish()])

  const { ada, bob } = await caller.query(`{
    ada: profile(by: { sourceId: "ada" }) { events(first: 9) { edges { node { name } } } }
    bob: profile(by: { sourceId: "bob" }) { events(first: 9) { edges { node { name } } } }
  }`)
  const names = ({ events }: { events: { edges: { node: { name: string } }[] } }) =>
    events.edges.map(({ node }) => node.name)
  expect(segment.errors).toEqual([])
  // Its batches come one beside the other; those of RudderStack's one after the other.
  expect(names(ada).sort()).toEqual(['four', 'one', 'three', 'two'])
  expect(names(bob)).toEqual(['one', 'two', 'three', 'four'])
})
