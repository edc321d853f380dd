// What reads cost: as many SQL statements for many people as for few, pages that never read more than a page, and cursors
// that only their own list takes.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeId, encodeId } from '../../src/core/ids.ts'
import { backend } from '../support/backend.ts'
import { addCampaign, openBrand } from '../support/brand.ts'
import { accountOf } from '../support/people.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { type Statement, statementsOf } from '../support/statements.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

describe('a nested read costs the same number of statements however many rows it finds', () => {
  const people = `query ($filter: RuleInput) {
    profiles(filter: $filter, first: 60) { edges { node {
      sourceId fields
      identities { kind value }
      journeys(first: 5) { edges { node { name state campaign { name program { name labels } } } } }
      advocates(first: 3) { edges { node { program { name } evidence(first: 2) { edges { node { kind } } } advocate { sourceId identities { value } } } } }
      events(first: 5) { edges { node { name attribution { status campaign { name } advocate { sourceId } } } } }
      attributions(last: 5) { edges { node { quality event { name } journey { name } program { name } } } }
    } } }
  }`
  // Those who came through somebody else's code.
  const filter = { field: { field: 'sourceId', op: 'STARTS_WITH', value: 'friend' } }

  interface Node {
    identities: unknown[]
    journeys: { edges: unknown[] }
    advocates: { edges: { node: { evidence: { edges: unknown[] }; advocate: { identities: unknown[] } } }[] }
    events: { edges: { node: { attribution: { campaign: unknown } } }[] }
    attributions: { edges: unknown[] }
  }

  async function read(caller: Caller): Promise<{ nodes: Node[]; statements: Statement[] }> {
    let nodes: Node[] = []
    const statements = await statementsOf(async () => {
      const { profiles } = await caller.query(people, { filter })
      nodes = profiles.edges.map(({ node }: { node: Node }) => node)
    })
    // Whom a key stands for is remembered for a second, so looking it up is part of some reads only.
    return { nodes, statements: statements.filter(({ text }) => !text.includes('api_key')) }
  }

  test('for 3 people as for 60 with several rows each', async () => {
    const few = await read(await accountWith(3))
    const many = await read(await accountWith(60))
    expect([few.nodes.length, many.nodes.length]).toEqual([3, 60])
    for (const node of many.nodes) {
      expect(node.identities).toHaveLength(3)
      expect(node.journeys.edges).toHaveLength(2)
      expect(node.advocates.edges[0]?.node.advocate.identities).toHaveLength(1)
      expect(node.advocates.edges[0]?.node.evidence.edges).toHaveLength(2)
      expect(node.events.edges).toHaveLength(4)
      expect(node.events.edges.every((edge) => edge.node.attribution.campaign !== null)).toBe(true)
      expect(node.attributions.edges).toHaveLength(4)
    }
    process.stdout.write(
      `statements of the nested read: ${few.statements.length} for 3 people, ${many.statements.length} for 60\n`,
    )
    // Which of several is sent first is chance where there is more than one connection.
    expect(many.statements.map(outline).sort()).toEqual(few.statements.map(outline).sort())
  })

  // Each has a journey as a friend, with an advocate, and one as a participant; a device that was somebody of its own is merged.
  async function accountWith(count: number): Promise<Caller> {
    const caller = await server.otherAccount()
    const { programId } = await openBrand(caller)
    const journeys = [{ name: 'friend', role: 'FRIEND', events: ['signup', 'renewal'] }]
    const campaignId = await addCampaign(caller, { programId, name: 'Friends', journeys })
    const indexes = Array.from({ length: count }, (_, i) => i)
    for (const i of indexes) {
      const input = { code: `CODE${i}`, programId, campaignId, advocate: { sourceId: `advocate ${i}` } }
      await caller.query(
        'mutation ($input: CreateAdvocateCodeInput!) { createAdvocateCode(input: $input) { __typename } }',
        { input },
      )
    }
    const events = indexes.flatMap((i) => {
      const known = { sourceId: `friend ${i}`, email: `friend${i}@example.com` }
      const targeting = { advocateCodes: [`CODE${i}`] }
      return [
        { name: 'click', profile: { deviceId: `device ${i}` } },
        { name: 'signup', profile: known, targeting },
        { name: 'renewal', profile: known, targeting },
        { name: 'purchase', profile: { ...known, deviceId: `device ${i}` } },
      ]
    })
    const { trackEvents } = await caller.query(
      'mutation ($input: TrackEventsInput!) { trackEvents(input: $input) { results { error { message } } } }',
      { input: { events } },
    )
    expect(trackEvents.results.filter(({ error }: { error: unknown }) => error)).toEqual([])
    return caller
  }
})

/** The beginning of a statement and all that it reads from, without what the number of its parameters changes. */
function outline({ text }: Statement): string {
  const tables = text.match(/\b(?:FROM|JOIN)\s+(?:"public"\.)?"?[a-z_]+"?/gi) ?? []
  return `${text.trim().slice(0, 60)} … ${tables.map((table) => table.replace(/\W+(public\W+)?/g, ' ').trim()).join(', ')}`
}

describe('a hundred thousand people', () => {
  // The embedded database has one thread for all of it, and pages there are the same statements.
  const total = backend() === 'embedded' ? 20_000 : 100_000
  let caller: Caller
  let accountId: string

  // The nth person's id.
  const idOf = (n: number) => encodeId('Profile', `01900000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`)
  const ids = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => idOf(from + i))

  beforeAll(async () => {
    caller = await server.otherAccount()
    accountId = await accountOf(caller)
    const { system } = server.app.services.database
    await system.$executeRaw`
      INSERT INTO profile (account_id, id)
      SELECT ${accountId}::uuid, ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid FROM generate_series(0, ${total - 1}::int) AS n`
    await system.$executeRaw`
      INSERT INTO identity (account_id, kind, value, profile_id)
      SELECT account_id, 'SOURCE_ID', 'C-' || row_number() OVER (ORDER BY id), id FROM profile WHERE account_id = ${accountId}::uuid`
  })

  const forth = `query ($after: String, $before: String) { profiles(first: 100, after: $after, before: $before) {
    edges { node { id } } pageInfo { endCursor hasNextPage hasPreviousPage } } }`
  const back = `query ($before: String) { profiles(last: 100, before: $before) {
    edges { node { id } } pageInfo { startCursor hasNextPage hasPreviousPage } } }`

  interface Page {
    profiles: {
      edges: { node: { id: string } }[]
      pageInfo: { startCursor: string; endCursor: string; hasNextPage: boolean; hasPreviousPage: boolean }
    }
  }
  const idsOf = ({ profiles }: Page) => profiles.edges.map(({ node }) => node.id)

  test('are all seen once, in order, page by page, and every statement about them has a LIMIT', {
    timeout: 240_000,
  }, async () => {
    const seen: string[] = []
    const start = performance.now()
    const statements = await statementsOf(async () => {
      for (let after: string | null = null, more = true; more; ) {
        const page: Page = await caller.query<Page>(forth, { after })
        seen.push(...idsOf(page))
        ;({ endCursor: after, hasNextPage: more } = page.profiles.pageInfo)
      }
    })
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    process.stdout.write(`${total} people in ${total / 100} pages: ${seconds} s, ${statements.length} statements\n`)
    expect(seen).toHaveLength(total)
    expect(seen.findIndex((id, n) => id !== idOf(n))).toBe(-1)
    const pages = statements.filter(({ text }) => /from\s+("public"\.)?"?profile\b/i.test(text))
    expect(pages.length).toBeGreaterThanOrEqual(total / 100)
    expect(pages.filter(({ text }) => !/\blimit\b/i.test(text))).toEqual([])
  })

  test('are read backwards from the end', async () => {
    const last = await caller.query<Page>(back)
    expect(idsOf(last)).toEqual(ids(total - 100, total))
    expect(last.profiles.pageInfo).toMatchObject({ hasPreviousPage: true, hasNextPage: false })
    const before = await caller.query<Page>(back, { before: last.profiles.pageInfo.startCursor })
    expect(idsOf(before)).toEqual(ids(total - 200, total - 100))
    expect(before.profiles.pageInfo).toMatchObject({ hasPreviousPage: true, hasNextPage: true })
  })

  test('between two cursors are those between them', async () => {
    const { profiles } = await caller.query<Page>(back)
    const first = await caller.query<Page>(forth)
    const after = first.profiles.pageInfo.endCursor
    const page = await caller.query<Page>(forth, { after, before: profiles.pageInfo.startCursor })
    expect(idsOf(page)).toEqual(ids(100, 200))
  })

  test('are paged and searched by an index', async () => {
    const first = await caller.query<Page>(forth)
    await server.app.services.database.system.$executeRaw`ANALYZE profile, identity, merge`
    const page = await planOf(() => caller.query(forth, { after: first.profiles.pageInfo.endCursor }))
    expect(page).toMatch(/Index (Only )?Scan using profile_pkey/)
    expect(page).not.toMatch(/Seq Scan on profile|Sort/)
    const search = await planOf(() => caller.query('{ profiles(search: "c-4711") { edges { node { id } } } }'))
    expect(search).toMatch(/identity_account_id_lower_value_idx/)
    expect(search).not.toMatch(/Seq Scan on (profile|identity)/)
  })

  test('of whom few satisfy a filter are found to the last, forth and back, without asking everybody one by one', async () => {
    const every = 6_131
    const rare = Array.from({ length: Math.floor(total / every) }, (_, n) => idOf((n + 1) * every))
    const { system } = server.app.services.database
    await system.$executeRaw`
      UPDATE profile SET fields = '{"plan": "gold"}' WHERE account_id = ${await accountOf(caller)}::uuid
      AND id = ANY (${rare.map((id) => decodeId('Profile', id))}::uuid[])`
    const pages = `query ($first: Int, $last: Int, $after: String, $before: String, $plan: JSON) {
      profiles(first: $first, last: $last, after: $after, before: $before, filter: { field: { field: "plan", op: EQ, value: $plan } }) {
        totalCount edges { node { id } } pageInfo { startCursor endCursor hasNextPage hasPreviousPage } } }`
    const page = (variables: Record<string, unknown>) =>
      caller.query<Page & { profiles: { totalCount: number } }>(pages, variables)
    const first = await page({ plan: 'gold', first: 2 })
    expect(idsOf(first)).toEqual(rare.slice(0, 2))
    expect(first.profiles).toMatchObject({ totalCount: rare.length, pageInfo: { hasNextPage: true } })
    expect(idsOf(await page({ plan: 'gold', first: 100, after: first.profiles.pageInfo.endCursor }))).toEqual(
      rare.slice(2),
    )
    const last = await page({ plan: 'gold', last: 2 })
    expect(idsOf(last)).toEqual(rare.slice(-2))
    expect(idsOf(await page({ plan: 'gold', last: 100, before: last.profiles.pageInfo.startCursor }))).toEqual(
      rare.slice(0, -2),
    )
    expect(await page({ plan: 'none', first: 20 })).toMatchObject({ profiles: { totalCount: 0, edges: [] } })
  })

  /** How the database goes about the one statement of the work that finds a page's ids. */
  async function planOf(work: () => Promise<unknown>): Promise<string> {
    const found = (await statementsOf(work)).filter(({ text }) => /FROM profile\s+WHERE/.test(text))
    expect(found).toHaveLength(1)
    const [{ text, values } = { text: '', values: [] }] = found
    const rows = await server.app.services.database.system.$queryRawUnsafe<Record<string, string>[]>(
      `EXPLAIN ${text}`,
      ...values,
    )
    return rows.flatMap((row) => Object.values(row)).join('\n')
  }
})

describe('a cursor is taken only by its own list', () => {
  const profiles =
    'query ($after: String, $before: String) { profiles(after: $after, before: $before) { edges { cursor } } }'

  async function refusal(caller: Caller, variables: object): Promise<string> {
    const { data, errors } = await caller.send(profiles, { ...variables })
    expect(data).toEqual({ profiles: null })
    return `${errors[0]?.extensions.code} ${errors[0]?.extensions.field}`
  }

  const cursorOf = async (caller: Caller, listed: string) => {
    const answer = await caller.query(`{ ${listed} { edges { cursor } } }`)
    return answer[listed].edges[0].cursor
  }

  test('and refused where it is malformed, of another list or of another account', async () => {
    const caller = await server.otherAccount()
    const other = await server.otherAccount()
    for (const one of [caller, other]) {
      await openBrand(one)
      const input = { profile: { sourceId: 'Ann' } }
      await one.query('mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { __typename } }', {
        input,
      })
    }
    const own = await cursorOf(caller, 'profiles')
    expect((await caller.query(profiles, { after: own })).profiles.edges).toEqual([])
    expect(await refusal(caller, { after: 'zzz' })).toBe('BAD_INPUT after')
    expect(await refusal(caller, { before: '' })).toBe('BAD_INPUT before')
    expect(await refusal(caller, { after: own.slice(0, -4) })).toBe('BAD_INPUT after')
    expect(await refusal(caller, { after: await cursorOf(caller, 'campaigns') })).toBe('BAD_INPUT after')
    expect(await refusal(caller, { before: await cursorOf(other, 'profiles') })).toBe('BAD_INPUT before')
  })
})
