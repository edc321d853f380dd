// Every list and look-up of the hot path stands on an index, and reads one month where an id tells which: the statements that a
// server really sends, against an account of 20,000 events beside another, planned as the database plans them with their values
// and, as prepared statements are after a while, without.

import { readFile } from 'node:fs/promises'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeId } from '../../src/core/ids.ts'
import { fillBelongings } from '../support/belongings.ts'
import { addCampaign, openBrand } from '../support/brand.ts'
import { fillEvents, fillPeople } from '../support/filling.ts'
import { listen } from '../support/listen.ts'
import { accountOf } from '../support/people.ts'
import { type Plan, planned, plansOf } from '../support/plans.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { type Statement, statementsOf } from '../support/statements.ts'

const people = 5_000
const events = 20_000

let server: TestServer
let caller: Caller
let client: pg.Client
let campaignId: string
let programId: string
/** Months without a row. */
let empty: Set<string>

beforeAll(async () => {
  server = await startServer()
  const [first] = await server.app.services.database.system.$queryRaw<
    { name: string }[]
  >`SELECT current_database() AS name`
  const url = new URL(process.env.TEST_DATABASE_URL ?? '')
  url.pathname = `/${first?.name}`
  client = new pg.Client({ connectionString: url.toString() })
  await client.connect()
  await filled(await server.otherAccount(), events / 4)
  caller = await filled(await server.otherAccount(), events)
  await client.query(await readFile(path.resolve(import.meta.dirname, '../../prisma/recount.sql'), 'utf8'))
  await client.query('ANALYZE')
  const { rows } = await client.query(
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relispartition AND reltuples = 0",
  )
  empty = new Set(rows.map(({ relname }) => relname))
}, 120_000)
afterAll(async () => {
  await client?.end()
  await server?.stop()
})

async function filled(one: Caller, to: number): Promise<Caller> {
  ;({ programId, campaignId } = await openBrand(one))
  const history = { event: { name: 'purchase', atLeast: 2, withinLastDays: 30 } }
  const spent = { order: { aggregate: 'TOTAL_MINOR', op: 'GTE', value: 3000, currency: 'EUR' } }
  const drinks = { product: { id: 'P-1', atLeast: 2 } }
  const flow = (name: string, names: string[], more: object = {}) => ({
    name,
    role: 'PARTICIPANT',
    events: names,
    ...more,
  })
  const friend = { name: 'friend', role: 'FRIEND', events: ['join', 'click'], priority: 300 }
  await addCampaign(one, { programId, name: 'Friends', journeys: [friend] })
  await addCampaign(one, {
    programId,
    name: 'Loyal',
    journeys: [
      flow('loyal', ['purchase'], { entry: history, priority: 200 }),
      flow('big', ['purchase'], { entry: { all: [spent, { not: drinks }] }, priority: 150 }),
    ],
  })
  await one.query(
    'mutation { setEventType(input: { name: "refund", followsTransaction: true }) { eventType { name } } }',
  )
  const crowd = {
    accountId: await accountOf(one),
    people,
    campaignId: decodeId('Campaign', campaignId) ?? '',
    programId: decodeId('Program', programId) ?? '',
  }
  const run = (text: string, values: readonly unknown[]) => client.query(text, [...values])
  await fillPeople(run, crowd)
  const now = Date.now()
  await fillEvents(run, {
    ...crowd,
    from: 0,
    to,
    since: new Date(now - 86_400_000),
    until: new Date(now - 60_000),
  })
  return one
}

/** Rules, codes, programs, revisions and the like: as many as people wrote, and read whole. */
const small =
  /^(account|api_key|program|program_label|campaign|campaign_revision|campaign_state_change|journey_definition|code_campaign|audience|audience_mark|audience_replacement|event_type|event_type_alias|field_definition|field_index|field_policy|field_normaliser|field_type_change|value_mapping|feed_head|feed_epoch|currency_rate|import|import_preset|export|pg_\w+)$/

interface Scans {
  scans: string[]
  wide: string[]
  statements: Statement[]
  tables: Set<string>
}

/** Reads an index from end to end, or all that the account has in it. */
const isWide = ({ 'Node Type': type, 'Index Cond': condition }: Plan) =>
  /Index/.test(type) && (condition === undefined || /^\(account_id = [^()]+\)$/.test(condition))

/** What every server looks for now and then, whatever else goes on: here there is nothing due, and such a small table is read whole. */
const byItself = /FROM audience_(poke|due)\s+(WHERE (side|due_at)|ORDER BY)|UPDATE audience_mark/

/** What of the work is not on an index, and what is of too much of one, as one line each. */
async function scansOf(work: () => Promise<unknown>): Promise<Scans> {
  const statements = (await statementsOf(work)).filter(({ text }) => !byItself.test(text))
  const unique = [...new Map(statements.map((one) => [one.text, one])).values()]
  const [scans, wide, tables]: [string[], string[], Set<string>] = [[], [], new Set()]
  for (const statement of unique) {
    for (const { nodes, text } of await plansOf(client, statement)) {
      for (const node of nodes) {
        const { 'Node Type': type, 'Relation Name': name } = node
        if (name === undefined) continue
        tables.add(name.replace(/_(\d{4}_\d{2}|default)$/, ''))
        if (type === 'Seq Scan' && !small.test(name) && !empty.has(name)) scans.push(`${name} in ${text}`)
        if (isWide(node) && !small.test(name)) wide.push(`${name} in ${text}`)
      }
    }
  }
  return { scans, wide, statements, tables }
}

const send = async (inputs: object[]) => {
  const { trackEvents } = await caller.query(
    'mutation ($input: TrackEventsInput!) { trackEvents(input: $input) { results { payload { event { id } } error { message } } } }',
    { input: { events: inputs } },
  )
  expect(trackEvents.results.filter(({ error }: { error: unknown }) => error)).toEqual([])
  return trackEvents.results.map(({ payload }: { payload: { event: { id: string } } }) => payload.event.id) as string[]
}

const hourAgo = () => new Date(Date.now() - 3_600_000).toISOString()

const newOrder = () => ({ order_id: `N-${Math.random()}`, products: [{ product_id: 'P-5' }, { sku: 'unheard of' }] })

/** All that an event may bring: codes, shares, addresses that were shared with, follow-ups, late ones, rules that ask for the past. */
const batch = () => [
  { name: 'click', profile: { sourceId: 'p7' }, idempotencyKey: `key ${Math.random()}` },
  { name: 'join', profile: { sourceId: 'new one' }, targeting: { advocateCodes: ['ADV10'] } },
  { name: 'join', profile: { email: 'user41@example.com' } },
  { name: 'join', profile: { sourceId: 'p31' }, targeting: { shareIds: ['SHARE40'] } },
  { name: 'purchase', profile: { sourceId: 'p8', deviceId: 'd9' }, data: { order_id: 'T-100', total: 5 } },
  { name: 'purchase', profile: { sourceId: 'p8' }, data: newOrder() },
  { name: 'refund', profile: { sourceId: 'p10' }, data: { order_id: 'T-4' } },
  { name: 'purchase', profile: { sourceId: 'p11' }, occurredAt: hourAgo(), targeting: { partnerId: 'shop' } },
  { name: 'hum', profile: { deviceId: 'unheard of' } },
]

describe('on an index, whatever is looked up', () => {
  test('for a batch of events of all kinds', async () => {
    // Rules are read once.
    await send(batch())
    const { scans, wide, tables } = await scansOf(() => send(batch()))
    expect([scans, wide]).toEqual([[], []])
    const used = ['attribution', 'code', 'event', 'evidence', 'idempotency_key', 'identity', 'journey', 'relationship']
    const more = [
      'attribution_count',
      'feed_head',
      'journey_step',
      'order_change',
      'order_item',
      'placed_order',
      'product',
    ]
    expect([...tables]).toEqual(expect.arrayContaining([...used, ...more]))
  })

  test('for a decision made anew', async () => {
    const [eventId] = await send([{ name: 'purchase', profile: { sourceId: 'p12' } }])
    const document = 'mutation ($input: ReattributeEventInput!) { reattributeEvent(input: $input) { __typename } }'
    const { scans, wide } = await scansOf(() => caller.query(document, { input: { eventId, note: 'again' } }))
    expect([scans, wide]).toEqual([[], []])
  })

  const page = 'pageInfo { endCursor } edges { node { id } }'
  const filters: [string, () => object][] = [
    ['all', () => ({})],
    ['one campaign', () => ({ campaignIds: [campaignId] })],
    ['one program', () => ({ programIds: [programId] })],
    ['one person', () => ({ profile: { sourceId: 'p7' } })],
    ['one advocate', () => ({ advocate: { sourceId: 'p9' } })],
    ['one event name', () => ({ eventNames: ['click'] })],
    ['what is credited', () => ({ status: 'ATTRIBUTED' })],
    ['what is credited for sure', () => ({ quality: 'HIGH' })],
  ]
  test.each(filters)('for a page of attributions of %s, from both ends and from a cursor', async (_, filter) => {
    const document = `query ($filter: AttributionFilter, $first: Int, $last: Int, $after: String) {
      attributions(filter: $filter, first: $first, last: $last, after: $after) { ${page} } }`
    const { attributions } = await caller.query(document, { filter: filter(), first: 5 })
    const after = attributions.pageInfo.endCursor
    const { scans } = await scansOf(async () => {
      await caller.query(document, { filter: filter(), first: 20 })
      await caller.query(document, { filter: filter(), last: 20 })
      await caller.query(document, { filter: filter(), first: 20, after })
    })
    expect(scans).toEqual([])
  })

  test('for people by their identifiers, with all that is theirs', async () => {
    const person = `id identities { value } fields
      events(first: 5) { ${page} } attributions(last: 5) { ${page} }
      journeys(first: 5) { edges { node { name steps(first: 5) { edges { node { kind event { name } } } } } } }
      advocates(first: 5) { edges { node { evidence(first: 2) { edges { node { kind } } } } } } friends(first: 5) { ${page} }`
    const { scans } = await scansOf(async () => {
      for (const by of [{ sourceId: 'p7' }, { email: 'user10@example.com' }, { deviceId: 'd20' }])
        await caller.query(`query ($by: ProfileKeyInput!) { profile(by: $by) { ${person} } }`, { by })
      await caller.query(`{ profiles(first: 20) { edges { node { ${person} } } } }`)
      await caller.query('{ profiles(search: "p471") { edges { node { id } } } }')
    })
    expect(scans).toEqual([])
  })

  test('for a person seen whole, exported and erased', async () => {
    await client.query(fillBelongings)
    const whole = `kind permitsEvents consents { state } interests { name } addresses { city } blocks { kind } codes { ${page} }
      consentHistory(first: 5) { edges { node { state } } } network(depth: 5) { people { profile { id } } } advocates: network(towards: ADVOCATES) { isCut }
      timeline(first: 10) { ${page} } named: timeline(filter: { names: ["purchase"], from: "2026-01-01T00:00:00Z" }) { ${page} }
      qualitySignals { low } engagement { pagesViewed }`
    const { scans } = await scansOf(async () => {
      await caller.query(`{ profile(by: { sourceId: "p8" }) { ${whole} } }`)
      await caller.query(`{ profiles(first: 20) { edges { node { ${whole} } } } }`)
      for (const name of ['exportProfile(input: $input) { document }', 'eraseProfile(input: $input) { erasedAt }'])
        await caller.query(
          `mutation ($input: ${name.startsWith('export') ? 'Export' : 'Erase'}ProfileInput!) { ${name} }`,
          { input: { profile: { email: 'user8@example.com' } } },
        )
    })
    expect(scans).toEqual([])
  })

  test('for an event, its decision, and what would be decided', async () => {
    const [id] = await send([{ name: 'purchase', profile: { sourceId: 'p13' } }])
    const preview = { input: { name: 'purchase', profile: { sourceId: 'p14' } } }
    const { scans } = await scansOf(async () => {
      await caller.query(
        'query ($id: ID!) { event(id: $id) { name } attribution(eventId: $id) { summary supersedes { id } } }',
        { id },
      )
      await caller.query('query ($input: TrackEventInput!) { previewTargeting(input: $input) { __typename } }', preview)
    })
    expect(scans).toEqual([])
  })

  test('for the inbox, which counts nothing but minutes and hours', async () => {
    const { scans, statements } = await scansOf(() =>
      caller.query(
        `{ unattributedInbox { totals { events } edges { node { count people hint firstAt samples { id } eventNames { count } } } } }`,
      ),
    )
    expect(scans).toEqual([])
    expect(statements.some(({ text }) => text.includes('attribution_count'))).toBe(true)
  })
})

describe('on an index, for whoever listens', () => {
  /** What is not on an index of work that sends, among others, statements that say so. */
  const scansWith = async (marks: readonly string[], work: () => Promise<unknown>) => {
    const { scans, statements } = await scansOf(work)
    const texts = statements.map(({ text }) => text.replace(/\s+/g, ' '))
    for (const mark of marks) expect(texts).toContainEqual(expect.stringContaining(mark))
    return scans
  }
  const firstCursor = async () => {
    const { attributions } = await caller.query('{ attributions(first: 1) { pageInfo { endCursor } } }')
    return String(attributions.pageInfo.endCursor)
  }

  test('where the feed has come, and what it holds after a cursor', async () => {
    const listener = listen(caller.socket(), { after: await firstCursor() })
    const read = () => listener.until((updates) => updates.length > 100)
    expect(await scansWith(["FROM feed_head WHERE topic = 'ATTRIBUTIONS'", 'AND a.position > '], read)).toEqual([])
    listener.stop()
  })

  test('being told where what is left begins', async () => {
    const lost = Buffer.from(await firstCursor(), 'base64url')
      .toString()
      .replace(/:(\d+)\./, ':9999.')
    const after = Buffer.from(lost).toString('base64url')
    const read = () => listen(caller.socket(), { after }).error()
    expect(await scansWith(['ORDER BY position LIMIT 1'], read)).toEqual([])
  })

  test('counts by campaign, which read nothing but minutes and hours', async () => {
    const query = 'subscription { campaignStats { counts { eventName } } }'
    const read = async () => {
      const snapshots = caller.socket().iterate({ query })
      await snapshots.next()
      await snapshots.return?.()
    }
    expect(await scansWith(['attribution_count'], read)).toEqual([])
  })
})

describe('one month is read', () => {
  const monthsOf = async (work: () => Promise<unknown>, table: string) => {
    const months = new Set<string>()
    for (const statement of await statementsOf(work)) {
      const [custom] = await plansOf(client, statement)
      for (const { 'Relation Name': name } of custom?.nodes ?? []) if (name?.startsWith(`${table}_2`)) months.add(name)
    }
    return [...months]
  }
  const month = `_${new Date().toISOString().slice(0, 7).replace('-', '_')}`

  test('where the id of an event is known', async () => {
    const [id] = await send([{ name: 'purchase', profile: { sourceId: 'p13' } }])
    const read = () =>
      caller.query('query ($id: ID!) { event(id: $id) { name } attribution(eventId: $id) { status } }', { id })
    expect(await monthsOf(read, 'event')).toEqual([`event${month}`])
    expect(await monthsOf(read, 'attribution')).toEqual([`attribution${month}`])
  })

  test('where the inbox is asked for a week', async () => {
    const filter = { from: new Date(Date.now() - 100_000).toISOString(), to: new Date().toISOString() }
    const document =
      'query ($filter: UnattributedInboxFilter) { unattributedInbox(filter: $filter) { totals { events } } }'
    expect(await monthsOf(() => caller.query(document, { filter }), 'event')).toEqual([`event${month}`])
  })
})

test('every statement of a batch names the account', async () => {
  const statements = await statementsOf(() => send(batch()))
  const accountId = await accountOf(caller)
  const about = statements.filter(({ text }) => planned.some((word) => text.trim().toUpperCase().startsWith(word)))
  expect(about.length).toBeGreaterThan(10)
  const others = about.filter(({ text, values }) => !values.includes(accountId) && !/pg_advisory|api_key/.test(text))
  expect(others.map(({ text }) => text)).toEqual([])
})

// Last, since the audiences stay.
test('on an index, too, what dynamic audiences ask of the people of a batch', async () => {
  const rules = [
    { not: { event: { name: 'nothing' } } },
    { event: { name: 'purchase', atLeast: 2, withinLastDays: 30 } },
    { order: { aggregate: 'TOTAL_MINOR', op: 'GTE', value: 3000, currency: 'EUR' } },
    { quality: { is: 'NONE' } },
    { any: [{ relationship: { as: 'ADVOCATE' } }, { relationship: { as: 'FRIEND', withinLastDays: 900 } }] },
    { field: { field: 'emailDomain', op: 'EQ', value: 'example.com' } },
  ]
  for (const [n, rule] of rules.entries()) {
    const input = { name: `Audience ${n}`, rule }
    await caller.query('mutation ($input: CreateAudienceInput!) { createAudience(input: $input) { __typename } }', {
      input,
    })
  }
  await client.query('ANALYZE audience_member, audience_change, audience_due, audience_hour')
  const some = () => [...batch(), { name: 'hum', profile: { deviceId: `fresh ${Math.random()}` } }]
  await send(some())
  const { scans, wide, tables } = await scansOf(() => send(some()))
  expect([scans, wide]).toEqual([[], []])
  expect([...tables]).toEqual(expect.arrayContaining(['audience_member', 'audience_change', 'audience_due']))
}, 60_000)
