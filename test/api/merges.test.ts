// Two people made one by hand, and made two again: everything of both reads as one person's meanwhile, and what was written then
// stays with whom it was written for.

import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openBrand, track } from '../support/brand.ts'
import { type Caller, startServer, type TestServer } from '../support/server.ts'
import { anAudience, refused } from '../support/setup.ts'

let server: TestServer
let caller: Caller
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
beforeEach(async () => {
  caller = await server.otherAccount()
})

const mergeDocument = 'mutation ($input: MergeProfilesInput!) { mergeProfiles(input: $input) { profile { id } } }'
const undoDocument = `mutation ($input: UndoMergeInput!) { undoMerge(input: $input) {
  survivor { id } loser { id } blockers { kind id message } } }`
const updateDocument = 'mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { profile { id } } }'

const merge = (survivor: object, loser: object, more: object = {}) =>
  caller.query(mergeDocument, { input: { survivor, loser, ...more } })
const undo = async (loser: string, more: object = {}) =>
  (await caller.query(undoDocument, { input: { loser, ...more } })).undoMerge
const set = async (profile: object, fields: object) =>
  (await caller.query(updateDocument, { input: { profile, set: fields } })).updateProfile.profile.id as string

const whole = `id sourceId fields identities { kind value verifiedAt shared } merges { loserId survivorId source picks }
  events(first: 50) { edges { node { id name } } } journeys { edges { node { id name } } }`

const person = async (by: object) =>
  (await caller.query(`query ($by: ProfileKeyInput!) { profile(by: $by) { ${whole} } }`, { by })).profile

const names = ({ events }: { events: { edges: { node: { name: string } }[] } }) =>
  events.edges.map(({ node }) => node.name)

const found = async (field: string, value: unknown) => {
  const { profiles } = await caller.query(
    'query ($filter: RuleInput) { profiles(filter: $filter) { edges { node { id } } } }',
    { filter: { field: { field, op: 'EQ', value } } },
  )
  return profiles.edges.map(({ node }: { node: { id: string } }) => node.id)
}

describe('a merge', () => {
  it('makes one person of two: everything of both reads as the survivor’s, and the loser’s id leads there', async () => {
    await openBrand(caller)
    const ann = (await track(caller, { name: 'signup', profile: { sourceId: 'ann' } })).profile.id
    const bob = (await track(caller, { name: 'click', profile: { email: 'b@example.com' } })).profile.id
    await set({ sourceId: 'ann' }, { tier: 'gold', city: 'Ulm' })
    await set({ email: 'b@example.com' }, { tier: 'silver', size: 1 })
    const audienceId = await anAudience(caller)
    await caller.query('mutation ($input: AddToAudienceInput!) { addToAudience(input: $input) { added } }', {
      input: { audienceId, profiles: [{ id: bob }] },
    })
    await merge({ sourceId: 'ann' }, { id: bob })
    const one = await person({ id: ann })
    expect(one).toMatchObject({
      id: ann,
      sourceId: 'ann',
      fields: { tier: 'gold', city: 'Ulm', size: 1 },
      merges: [{ loserId: bob, survivorId: ann, source: 'MANUAL', picks: [] }],
    })
    expect(names(one)).toEqual(['signup', 'click'])
    expect(one.identities).toHaveLength(2)
    expect(one.journeys.edges).toHaveLength(2)
    expect(await person({ id: bob })).toEqual(one)
    expect(await person({ email: 'b@example.com' })).toEqual(one)
    const { node } = await caller.query('query ($id: ID!) { node(id: $id) { ... on Profile { sourceId fields } } }', {
      id: bob,
    })
    expect(node).toEqual({ sourceId: 'ann', fields: one.fields })
    const member = { audience: { id: audienceId } }
    const { profiles } = await caller.query(
      'query ($filter: RuleInput) { profiles(filter: $filter) { edges { node { id } } } }',
      { filter: member },
    )
    expect(profiles.edges).toEqual([{ node: { id: ann } }])
  })

  it('takes the values of fields from whom the caller says, field by field, until they are written again', async () => {
    const ann = await set({ sourceId: 'ann' }, { tier: 'gold', city: 'Ulm', plan: 'a' })
    await set({ email: 'b@example.com' }, { tier: 'silver', city: 'Bonn', size: 1 })
    await merge({ id: ann }, { email: 'b@example.com' }, { fields: [{ name: 'tier', rule: 'LOSER' }] })
    expect((await person({ id: ann })).fields).toEqual({ tier: 'silver', city: 'Ulm', plan: 'a', size: 1 })
    // The filter, which is computed by the database, agrees.
    expect([await found('tier', 'silver'), await found('tier', 'gold'), await found('city', 'Ulm')]).toEqual([
      [ann],
      [],
      [ann],
    ])
    await set({ sourceId: 'ann' }, { tier: 'platinum' })
    expect((await person({ id: ann })).fields.tier).toBe('platinum')
    await set({ email: 'b@example.com' }, { city: 'Rome' })
    expect((await person({ id: ann })).fields.city).toBe('Rome')
    expect([await found('tier', 'platinum'), await found('city', 'Rome')]).toEqual([[ann], [ann]])
  })

  it('is told beforehand: conflicts with both values and whose wins, and what moves', async () => {
    await set({ sourceId: 'ann' }, { tier: 'gold', city: 'Ulm', same: { a: 1, b: 2 } })
    await set(
      { sourceId: 'bob', email: 'b@example.com' },
      { tier: 'silver', city: 'Bonn', same: { b: 2, a: 1 }, size: 1 },
    )
    await track(caller, { name: 'visit', profile: { sourceId: 'bob' } })
    const { previewMerge } = await caller.query(
      `query ($survivor: ProfileKeyInput!, $loser: ProfileKeyInput!, $fields: [MergeFieldInput!]) {
        previewMerge(survivor: $survivor, loser: $loser, fields: $fields) {
          survivor { sourceId } loser { sourceId } fieldConflicts { name survivorValue loserValue wins }
          moves { identities events journeys relationships audiences codes } hasTwoSourceIds } }`,
      { survivor: { sourceId: 'ann' }, loser: { sourceId: 'bob' }, fields: [{ name: 'city', rule: 'LOSER' }] },
    )
    expect(previewMerge).toEqual({
      survivor: { sourceId: 'ann' },
      loser: { sourceId: 'bob' },
      fieldConflicts: [
        { name: 'city', survivorValue: 'Ulm', loserValue: 'Bonn', wins: 'LOSER' },
        { name: 'tier', survivorValue: 'gold', loserValue: 'silver', wins: 'SURVIVOR' },
      ],
      moves: { identities: 2, events: 1, journeys: 0, relationships: 0, audiences: 0, codes: 0 },
      hasTwoSourceIds: true,
    })
    expect((await person({ sourceId: 'bob' })).sourceId).toBe('bob')
  })

  it('of two source ids is refused unless allowed; then both name the person, and the survivor’s is told', async () => {
    const bob = await set({ sourceId: 'bob' }, {})
    const ann = await set({ sourceId: 'ann' }, {})
    const input = { survivor: { sourceId: 'ann' }, loser: { sourceId: 'bob' } }
    expect(await refused(caller, mergeDocument, input)).toBe('CONFLICT input.allowTwoSourceIds')
    await merge(input.survivor, input.loser, { allowTwoSourceIds: true })
    const { profile } = await track(caller, { name: 'visit', profile: { sourceId: 'bob' } })
    expect(profile.id).toBe(ann)
    expect(await person({ id: bob })).toMatchObject({ id: ann, sourceId: 'ann' })
  })

  it('with oneself, with nobody and of strangers is refused, and so is a field of neither', async () => {
    const ann = await set({ sourceId: 'ann', email: 'a@example.com' }, {})
    const bob = await set({ phone: '+4930901820' }, {})
    const other = await server.otherAccount()
    const input = (survivor: object, loser: object, more: object = {}) => ({ survivor, loser, ...more })
    expect(await refused(caller, mergeDocument, input({ id: ann }, { id: ann }))).toBe('BAD_INPUT input.loser')
    expect(await refused(caller, mergeDocument, input({ id: ann }, { email: 'a@example.com' }))).toBe(
      'BAD_INPUT input.loser',
    )
    expect(await refused(caller, mergeDocument, input({ id: ann }, { sourceId: 'nobody' }))).toBe(
      'NOT_FOUND input.loser',
    )
    expect(await refused(other, mergeDocument, input({ id: ann }, { id: bob }))).toBe('NOT_FOUND input.survivor')
    const fields = [{ name: 'tier', rule: 'LOSER' }]
    expect(await refused(caller, mergeDocument, input({ id: ann }, { id: bob }, { fields }))).toBe(
      'BAD_INPUT input.fields[0].name',
    )
    await merge({ id: ann }, { id: bob })
    expect(await refused(caller, mergeDocument, input({ id: ann }, { id: bob }))).toBe('BAD_INPUT input.loser')
    expect(
      await refused(await server.withScopes('PROFILES_READ'), mergeDocument, input({ id: ann }, { id: bob })),
    ).toBe('FORBIDDEN')
  })
})

describe('undoing a merge', () => {
  it('gives back what was, with later writes kept by whom they were made for', async () => {
    await openBrand(caller)
    const ann = (await track(caller, { name: 'other', profile: { sourceId: 'ann' } })).profile.id
    const bob = (await track(caller, { name: 'other', profile: { email: 'b@example.com' } })).profile.id
    await set({ id: ann }, { tier: 'gold' })
    await set({ id: bob }, { tier: 'silver' })
    const [annBefore, bobBefore] = [await person({ id: ann }), await person({ id: bob })]
    await merge({ id: ann }, { id: bob })
    const byBob = await track(caller, { name: 'visit', profile: { email: 'b@example.com', phone: '+4930901820' } })
    const byId = await track(caller, { name: 'visit', profile: { id: bob } })
    const byAnn = await track(caller, { name: 'purchase', profile: { sourceId: 'ann', deviceId: 'd' } })
    await set({ email: 'b@example.com' }, { tier: 'bronze', size: 2 })
    await set({ sourceId: 'ann' }, { city: 'Ulm' })
    expect([byBob.profile.id, byId.profile.id, byAnn.profile.id]).toEqual([ann, ann, ann])
    expect((await person({ id: ann })).fields).toEqual({ tier: 'bronze', size: 2, city: 'Ulm' })

    expect(await undo(bob)).toEqual({ survivor: { id: ann }, loser: { id: bob }, blockers: [] })
    const [annAfter, bobAfter] = [await person({ id: ann }), await person({ id: bob })]
    expect(annAfter).toMatchObject({ id: ann, sourceId: 'ann', merges: [], fields: { tier: 'gold', city: 'Ulm' } })
    expect(bobAfter).toMatchObject({ id: bob, sourceId: null, merges: [], fields: { tier: 'bronze', size: 2 } })
    expect(names(annAfter)).toEqual([...names(annBefore), 'purchase'])
    expect(names(bobAfter)).toEqual([...names(bobBefore), 'visit', 'visit'])
    expect(annAfter.identities.map(({ kind }: { kind: string }) => kind)).toEqual(['SOURCE_ID', 'DEVICE'])
    expect(bobAfter.identities.map(({ kind }: { kind: string }) => kind)).toEqual(['EMAIL', 'PHONE'])
    expect(annAfter.journeys.edges).toHaveLength(1)
    expect(bobAfter.journeys.edges).toHaveLength(0)
    const { attribution } = await caller.query('query ($id: ID!) { attribution(eventId: $id) { profile { id } } }', {
      id: byBob.event.id,
    })
    expect(attribution.profile.id).toBe(bob)
  })

  it('is refused where both had a part in something since, names it, and can be forced', async () => {
    await openBrand(caller)
    const ann = await track(caller, { name: 'click', profile: { sourceId: 'ann' } })
    const bob = (await track(caller, { name: 'other', profile: { email: 'b@example.com' } })).profile.id
    await merge({ sourceId: 'ann' }, { id: bob })
    // Ann's journey goes on with an event of Bob's address.
    const both = await track(caller, { name: 'purchase', profile: { email: 'b@example.com' } })
    expect(both.attribution.journey.id).toBe(ann.attribution.journey.id)
    const { errors } = await caller.send(undoDocument, { input: { loser: bob } })
    const blocker = { kind: 'JOURNEY', id: ann.attribution.journey.id }
    expect(errors[0]?.extensions).toMatchObject({ code: 'CONFLICT', field: 'input.loser', blockers: [blocker] })
    const { previewUndoMerge } = await caller.query(
      'query ($loser: ID!) { previewUndoMerge(loser: $loser) { blockers { kind id message } } }',
      { loser: bob },
    )
    expect(previewUndoMerge.blockers).toEqual([
      { ...blocker, message: `both had a part in this journey, first by event ${both.event.id}` },
    ])
    expect((await undo(bob, { force: true })).blockers).toMatchObject([blocker])
    expect(names(await person({ id: bob }))).toEqual(['other', 'purchase'])
    expect((await person({ sourceId: 'ann' })).journeys.edges).toHaveLength(1)
  })

  it('undoes what an event did, too, and gives those back whom the loser has met since', async () => {
    await track(caller, { name: 'signup', profile: { sourceId: 'ann' } })
    const cookie = await track(caller, { name: 'visit', profile: { deviceId: 'd' } })
    const ann = await track(caller, { name: 'visit', profile: { sourceId: 'ann', deviceId: 'd' } })
    expect((await person({ id: ann.profile.id })).merges).toMatchObject([
      { loserId: cookie.profile.id, source: 'EVENT' },
    ])
    await undo(cookie.profile.id)
    expect(names(await person({ id: cookie.profile.id }))).toEqual(['visit'])
    // Bob, merged into Ann, meets a device of his own meanwhile: it goes with him.
    const bob = await set({ email: 'b@example.com' }, {})
    const tablet = (await track(caller, { name: 'tablet', profile: { deviceId: 'tablet' } })).profile.id
    await merge({ sourceId: 'ann' }, { id: bob })
    await track(caller, { name: 'visit', profile: { email: 'b@example.com', deviceId: 'tablet' } })
    expect((await person({ id: tablet })).id).toBe(ann.profile.id)
    await undo(bob)
    expect((await person({ id: tablet })).id).toBe(bob)
    expect(names(await person({ sourceId: 'ann' }))).toEqual(['signup', 'visit'])
  })

  it('twice, of nobody and of somebody who was never merged is refused', async () => {
    const ann = await set({ sourceId: 'ann' }, {})
    const bob = await set({ email: 'b@example.com' }, {})
    expect(await refused(caller, undoDocument, { loser: bob })).toBe('CONFLICT input.loser')
    expect(await refused(caller, undoDocument, { loser: '01940000-0000-7000-8000-000000000000' })).toBe(
      'NOT_FOUND input.loser',
    )
    await merge({ id: ann }, { id: bob })
    expect(await refused(caller, undoDocument, { loser: ann })).toBe('CONFLICT input.loser')
    await undo(bob)
    expect(await refused(caller, undoDocument, { loser: bob })).toBe('CONFLICT input.loser')
  })

  it('of any sequence of merges, in any order, gives everybody back as they were', async () => {
    const count = 5
    const ids: string[] = []
    for (let i = 0; i < count; i++)
      ids.push(await set({ email: `p${i}@example.com` }, { all: i, [`own${i}`]: i, [`odd${i % 2}`]: i }))
    const before = await Promise.all(ids.map((id) => person({ id })))
    const place = fc.nat(count - 1)
    const steps = fc.array(fc.record({ survivor: place, loser: place, rule: fc.constantFrom('SURVIVOR', 'LOSER') }), {
      minLength: 2,
      maxLength: 5,
    })
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), async (merges, isFirstFirst) => {
        for (const { survivor, loser, rule } of merges) {
          const input = { survivor: { id: ids[survivor] }, loser: { id: ids[loser] }, fieldRule: rule }
          const { errors } = await caller.send(mergeDocument, { input })
          for (const { extensions } of errors) expect(extensions.code).toBe('BAD_INPUT')
        }
        // The filter of the database and the fields as they are read say the same of everybody.
        const { profiles } = await caller.query('{ profiles { edges { node { id fields merges { loserId } } } } }')
        for (const { node } of profiles.edges) expect(await found('all', node.fields.all)).toContain(node.id)
        const losers = profiles.edges.flatMap(({ node }: { node: { merges: { loserId: string }[] } }) =>
          node.merges.map(({ loserId }) => loserId),
        )
        for (const loser of isFirstFirst ? losers : losers.toReversed()) await undo(loser)
        expect(await Promise.all(ids.map((id) => person({ id })))).toEqual(before)
      }),
      { numRuns: 6 },
    )
  })
})

describe('merges at the same time', () => {
  it('of overlapping pairs, in circles and beside events, make one person and no knot', async () => {
    const count = 8
    const ids: string[] = []
    for (let i = 0; i < count; i++) ids.push(await set({ sourceId: `s${i}`, email: `e${i}@example.com` }, { i }))
    const pairs = ids.flatMap((_, i) => [[i, (i + 1) % count] as const, [(i + 3) % count, i] as const])
    const answers = await Promise.all([
      ...pairs.map(([survivor, loser]) =>
        caller.send(mergeDocument, {
          input: { survivor: { id: ids[survivor] }, loser: { id: ids[loser] }, allowTwoSourceIds: true },
        }),
      ),
      ...ids.map((_, i) =>
        track(caller, { name: 'visit', profile: { sourceId: `s${i}` } }).then(() => ({ errors: [] })),
      ),
    ])
    const codes = answers.flatMap(({ errors }) => errors.map(({ extensions }) => extensions.code))
    expect(codes.filter((code) => code !== 'BAD_INPUT' && code !== 'CONFLICT')).toEqual([])
    // Of 16 merges 7 joined the 8, whichever they were; all others found the two to be one.
    expect(codes).toHaveLength(pairs.length - (count - 1))
    const people = await Promise.all(ids.map((id) => person({ id })))
    expect(new Set(people.map(({ id }) => id)).size).toBe(1)
    expect(names(people[0])).toHaveLength(count)
    expect(people[0].merges).toHaveLength(count - 1)
  })

  it('and undoings leave each merge whole or undone', async () => {
    const ann = await set({ sourceId: 'ann' }, {})
    const bob = await set({ email: 'b@example.com' }, {})
    const tries = Array.from({ length: 12 }, (_, i) =>
      i % 2
        ? caller.send(undoDocument, { input: { loser: bob, force: true } })
        : caller.send(mergeDocument, { input: { survivor: { id: ann }, loser: { id: bob } } }),
    )
    const codes = (await Promise.all(tries)).flatMap(({ errors }) => errors.map(({ extensions }) => extensions.code))
    expect(codes.filter((code) => code !== 'BAD_INPUT' && code !== 'CONFLICT')).toEqual([])
    const [one, other] = [await person({ id: ann }), await person({ id: bob })]
    expect(one.merges.length).toBe(one.id === other.id ? 1 : 0)
  })
})

describe('a merge candidate', () => {
  const candidates = async (state?: string) =>
    (
      await caller.query(
        `{ mergeCandidates${state ? `(state: ${state})` : ''} { edges { node { id state source decidedAt first { sourceId } } } } }`,
      )
    ).mergeCandidates.edges.map(({ node }: { node: object }) => node)
  const clash = async () => {
    await track(caller, { name: 'visit', profile: { sourceId: 'ann', email: 'a@example.com' } })
    await track(caller, { name: 'visit', profile: { sourceId: 'bob', email: 'a@example.com' } })
  }
  const dismissDocument =
    'mutation ($input: DismissMergeCandidateInput!) { dismissMergeCandidate(input: $input) { mergeCandidate { state } } }'

  it('is accepted by merging the two, and dismissed by undoing that', async () => {
    await clash()
    const [candidate] = await candidates()
    await merge({ sourceId: 'ann' }, { sourceId: 'bob' }, { allowTwoSourceIds: true })
    expect(await candidates()).toEqual([])
    expect(await candidates('ACCEPTED')).toMatchObject([{ id: candidate.id }])
    const { merges } = await person({ sourceId: 'ann' })
    expect(merges).toMatchObject([{ source: 'CANDIDATE' }])
    expect(await refused(caller, dismissDocument, { mergeCandidateId: candidate.id })).toBe(
      'CONFLICT input.mergeCandidateId',
    )
    await undo(merges[0].loserId)
    expect(await candidates('DISMISSED')).toMatchObject([{ id: candidate.id }])
  })

  it('that is dismissed is not noted again, and dismissing it twice changes nothing', async () => {
    await clash()
    const [candidate] = await candidates()
    const input = { mergeCandidateId: candidate.id }
    const first = await caller.query(dismissDocument, { input })
    expect(first.dismissMergeCandidate.mergeCandidate.state).toBe('DISMISSED')
    expect(await caller.query(dismissDocument, { input })).toEqual(first)
    await clash()
    expect(await candidates()).toEqual([])
    expect(await refused(await server.otherAccount(), dismissDocument, input)).toBe('NOT_FOUND input.mergeCandidateId')
  })
})
