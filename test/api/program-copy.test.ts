// A program copied inside its account.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accountOf } from '../support/people.ts'
import { aRichProgram, type Blueprint, mutate, read } from '../support/programs.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { aCampaign, aProgram, createCampaign, fresh, refused } from '../support/setup.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})

afterAll(() => server?.stop())

const copyProgram = `mutation ($input: CopyProgramInput!) { copyProgram(input: $input) {
  program { id name labels lookbackDays campaigns(first: 100) { edges { node { id name state } } } } } }`

describe('a copy', () => {
  test('holds the same as the original, under names of its own', async () => {
    const caller = await server.otherAccount()
    const { programId } = await aRichProgram(caller)
    const input = { programId, name: 'Autumn', labels: [{ from: 'VIP', to: 'Guests' }] }
    const { program } = (await caller.query(copyProgram, { input })).copyProgram
    expect(program).toMatchObject({ name: 'Autumn', labels: ['guests'], lookbackDays: 30 })
    const names = program.campaigns.edges.map(({ node }: { node: { name: string } }) => node.name)
    expect(names).toEqual(['Autumn: Refer', 'Autumn: Gold', 'Autumn: Everybody', 'Autumn: Bound'])
    const [original, copy] = [await read(caller, programId), await read(caller, program.id)]
    expect(copy.codes).toEqual([])
    expect(copy.campaigns[3]?.requiredTargets).toEqual([
      { kind: 'CAMPAIGN_ID', campaign: 'Autumn: Refer' },
      { kind: 'PROGRAM', program: 'Autumn' },
      { kind: 'PROGRAM', value: 'Autumn' },
      { kind: 'PROGRAM', value: 'guests' },
      { kind: 'JOURNEY_NAME', value: 'friend' },
    ])
    const said = ({ campaigns }: Blueprint) => campaigns.map(({ name: _, requiredTargets: __, ...rest }) => rest)
    const renamed = JSON.stringify(said(original)).replaceAll('"program":"Spring"', '"program":"Autumn"')
    expect(said(copy)).toEqual(JSON.parse(renamed))
  })

  test('that cannot be made leaves nothing behind', async () => {
    const caller = await server.otherAccount()
    const { programId } = await aRichProgram(caller)
    const copy = (more: object) =>
      refused(caller, copyProgram, { programId, name: 'Copy', labels: [{ from: 'vip', to: 'x' }], ...more })
    expect(await copy({ name: 'Spring' })).toBe('CONFLICT input.name')
    expect(await copy({ name: ' ' })).toBe('BAD_INPUT input.name')
    expect(await copy({ labels: [] })).toBe('BAD_INPUT input.labels')
    expect(await copy({ labels: [{ from: 'nope', to: 'x' }] })).toBe('BAD_INPUT input.labels[0].from')
    expect(
      await copy({
        labels: [
          { from: 'vip', to: 'x' },
          { from: 'spring', to: 'SPRING' },
        ],
      }),
    ).toBe('CONFLICT input.labels[1]')
    expect(await copy({ programId: await aProgram(server) })).toBe('NOT_FOUND input.programId')
    const elsewhere = await aProgram(caller)
    await caller.query(createCampaign, {
      input: {
        programId: elsewhere,
        name: 'Copy: Gold',
        journeys: [{ name: 'a', role: 'PARTICIPANT', events: ['a'] }],
      },
    })
    expect(await copy({})).toBe('CONFLICT input.name')
    const { programs } = await caller.query('{ programs { edges { node { name } } } }')
    expect(programs.edges).toHaveLength(2)
  })

  test('has no campaigns that are over', async () => {
    const caller = await server.otherAccount()
    const { programId, campaigns } = await aRichProgram(caller)
    const archive = (name: string) =>
      mutate(caller, 'changeCampaignState', { campaignId: campaigns.get(name), state: 'ARCHIVED' })
    await archive('Gold')
    const labels = [{ from: 'vip', to: 'guests' }]
    const { program } = (await caller.query(copyProgram, { input: { programId, name: 'Autumn', labels } })).copyProgram
    const names = program.campaigns.edges.map(({ node }: { node: { name: string } }) => node.name)
    expect(names).toEqual(['Autumn: Refer', 'Autumn: Everybody', 'Autumn: Bound'])
    await archive('Refer')
    expect(await refused(caller, copyProgram, { programId, name: 'Winter', labels })).toBe('CONFLICT input.programId')
  })

  test('tells what is wrong with the original by the name of its campaign', async () => {
    const caller = await server.otherAccount()
    const { programId } = await aRichProgram(caller)
    // As a server of before, whose bounds were others, may have stored it.
    await server.app.services.database.system.journeyDefinition.updateMany({
      where: { accountId: await accountOf(caller), name: 'views' },
      data: { priority: 2_000_000 },
    })
    const { errors } = await caller.send(copyProgram, {
      input: { programId, name: 'Autumn', labels: [{ from: 'vip', to: 'x' }] },
    })
    expect(errors[0]?.message).toBe('the campaign Gold, journeys[0].priority: not from -1000000 to 1000000')
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_INPUT', field: 'input.programId' })
  })

  test('of a program with a long name is cut, and refused where that makes two alike', async () => {
    const caller = await server.otherAccount()
    const long = 'x'.repeat(150)
    const campaignId = await aCampaign(caller, { name: `${long}1` })
    const { node } = await caller.query('query ($id: ID!) { node(id: $id) { ... on Campaign { program { id } } } }', {
      id: campaignId,
    })
    const programId = node.program.id
    const { program } = (await caller.query(copyProgram, { input: { programId, name: 'y'.repeat(100) } })).copyProgram
    expect(program.campaigns.edges[0].node.name).toBe(`${'y'.repeat(100)}: ${'x'.repeat(98)}`)
    await caller.query(createCampaign, {
      input: { programId, name: `${long}2`, journeys: [{ name: 'a', role: 'PARTICIPANT', events: ['a'] }] },
    })
    expect(await refused(caller, copyProgram, { programId, name: fresh('z'.repeat(100)) })).toBe('CONFLICT input.name')
  })
})
