// Several processes behind one address: no two requests of a caller need to meet the same one.

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { copyTemplate } from '../support/backend.ts'
import { type Balancer, balance } from '../support/balancer.ts'
import { addCampaign, openBrand, track } from '../support/brand.ts'
import { listen } from '../support/listen.ts'
import { type ServerProcess, startProcess } from '../support/process.ts'
import { adminKey, type Caller, callerOf } from '../support/server.ts'
import { listAll } from '../support/stream.ts'

describe('two processes behind a load balancer that takes turns', () => {
  const closing: (() => unknown)[] = []
  let servers: readonly [ServerProcess, ServerProcess]
  let balancer: Balancer
  let caller: Caller
  beforeAll(async () => {
    const copy = await copyTemplate(inject('template'))
    closing.push(() => copy.remove())
    if (!('url' in copy.place)) throw new Error('several processes need PostgreSQL')
    const env = { DATABASE_URL: copy.place.url, REDIS_URL: process.env.TEST_REDIS_URL ?? '' }
    servers = await Promise.all([startProcess(env), startProcess(env)])
    for (const server of servers) closing.push(() => server.terminate())
    balancer = await balance(servers.map(({ url }) => url))
    closing.push(() => balancer.close())
    caller = callerOf(balancer.url, adminKey)
  })
  afterAll(async () => {
    for (const close of closing.splice(0).reverse()) await close()
  })

  it('are one server to a caller: what a request has done the next one finds, whoever answers it', async () => {
    const { programId, campaignId } = await openBrand(caller)
    for (let index = 0; index < 21; index++) {
      const { event, attribution } = await track(caller, {
        name: 'click',
        profile: { email: 'ada@example.com' },
        idempotencyKey: `k${index}`,
      })
      const found = await caller.query(
        'query ($id: ID!) { event(id: $id) { idempotencyKey } attribution(eventId: $id) { id } }',
        { id: event.id },
      )
      expect(found).toEqual({ event: { idempotencyKey: `k${index}` }, attribution: { id: attribution.id } })
      expect(attribution.campaign.id).toBe(campaignId)
    }
    // A campaign made through one decides on the other.
    const other = await addCampaign(caller, { programId, name: 'Another' })
    const targeting = { journeyCampaignId: other }
    const decided = [1, 2].map(() => track(caller, { name: 'signup', profile: { deviceId: 'd' }, targeting }))
    for (const { attribution } of await Promise.all(decided)) expect(attribution.campaign.id).toBe(other)
    const [one = 0, two = 0] = balancer.given
    expect(Math.abs(one - two)).toBeLessThanOrEqual(1)
  })

  it('take a key that was made through the other, and refuse it once it is revoked there', async () => {
    const { createApiKey } = await caller.query(
      'mutation { createApiKey(input: { name: "reader", scopes: [ATTRIBUTIONS_READ] }) { secret apiKey { id } } }',
    )
    const reader = callerOf(balancer.url, createApiKey.secret)
    for (let index = 0; index < 4; index++) {
      const { errors } = await reader.send('{ attributions(first: 1) { edges { cursor } } }')
      expect(errors).toEqual([])
    }
    await caller.query('mutation ($id: ID!) { revokeApiKey(input: { apiKeyId: $id }) { apiKey { id } } }', {
      id: createApiKey.apiKey.id,
    })
    // Each process remembers a key for a second.
    await expect
      .poll(async () => {
        const answers = [await reader.send('{ account { id } }'), await reader.send('{ account { id } }')]
        return answers.map(({ errors }) => errors[0]?.extensions.code)
      })
      .toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED'])
  })

  it('deliver each event once, in one order, to subscribers of either, whichever took it', async () => {
    const had = (await listAll(caller)).length
    const dashboards = [listen(caller.socket()), listen(caller.socket())]
    await Promise.all(dashboards.map((dashboard) => dashboard.ready()))
    const sent = Array.from({ length: 60 }, (_, index) =>
      track(caller, { name: 'click', profile: { deviceId: `d${index % 7}` }, idempotencyKey: `live${index}` }),
    )
    await Promise.all(sent)
    await Promise.all(dashboards.map((dashboard) => dashboard.until(() => dashboard.keys().length >= sent.length)))
    const listed = (await listAll(caller)).slice(had).map(({ key }) => key)
    expect(dashboards.map((dashboard) => dashboard.keys())).toEqual([listed, listed])
    expect(listed.length).toBe(sent.length)
    for (const dashboard of dashboards) dashboard.stop()
  })
})
