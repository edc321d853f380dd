// How large and how wrong a document and its variables may be, and what the answer says then.

import { getIntrospectionQuery } from 'graphql'
import { describe, expect, test } from 'vitest'
import { post, startEdge } from './edge.ts'

const refusal = (code: string) => expect.objectContaining({ code, retryable: false })

describe('a document', () => {
  const deep = (levels: number) => `${'{ self '.repeat(levels - 1)}{ hello }${' }'.repeat(levels - 1)}`

  test('may be 16 fields deep and no deeper, through fragments too', async () => {
    const edge = await startEdge()
    expect((await post(edge, { query: deep(16) })).errors).toBeUndefined()
    const straight = await post(edge, { query: deep(17) })
    expect(straight.error).toMatchObject({
      message: expect.stringContaining('at most 16'),
      extensions: refusal('GRAPHQL_VALIDATION_FAILED'),
    })
    const around = `query { self { ...__schema } } fragment __schema on Query ${deep(16)}`
    expect((await post(edge, { query: around })).error?.message).toContain('17, at most 16')
  })

  test('of introspection passes in full', async () => {
    const query = getIntrospectionQuery({
      descriptions: true,
      directiveIsRepeatable: true,
      inputValueDeprecation: true,
      oneOf: true,
      schemaDescription: true,
      specifiedByUrl: true,
    })
    const answer = await post(await startEdge(), { query })
    expect(answer.errors).toBeUndefined()
    expect(answer.data).toHaveProperty('__schema.types')
  })

  test.each([
    [
      '101 aliases of __typename',
      'aliases',
      `{ ${Array.from({ length: 101 }, (_, i) => `a${i}: __typename`).join(' ')} }`,
    ],
    ['40 aliases of a field', 'aliases', `{ ${Array.from({ length: 40 }, (_, i) => `a${i}: hello`).join(' ')} }`],
    ['60 directives', 'directives', `{ hello ${'@skip(if: false) '.repeat(60)} }`],
    ['a value nested 100 deep', 'levels deep', `{ greet(profile: ${'['.repeat(100)}${']'.repeat(100)}) { hello } }`],
  ])('with %s is refused by the name of the limit', async (_what, word, query) => {
    const answer = await post(await startEdge(), { query })
    expect(answer.errors).toHaveLength(1)
    expect(answer.error).toMatchObject({
      message: expect.stringContaining(word),
      extensions: refusal('GRAPHQL_VALIDATION_FAILED'),
    })
  })

  test.each([
    ['a selection nested 20,000 deep', `${'{a'.repeat(20_000)}${'}'.repeat(20_000)}`],
    ['a list nested 20,000 deep', `{ a(b: ${'['.repeat(20_000)}${']'.repeat(20_000)}) }`],
    ['a selection nested 4,900 deep', `${'{a'.repeat(4_900)}`],
    ['inline fragments nested 3,000 deep', `{${'...{'.repeat(3_000)}a${'}'.repeat(3_000)}}`],
    ['a text of 200,000 characters', `{ hello } #${'x'.repeat(200_000)}`],
    ['a syntax error', '{ hello'],
  ])('%s is refused as a text that cannot be read', async (_what, query) => {
    const answer = await post(await startEdge(), { query })
    expect(answer.error?.extensions).toEqual(expect.objectContaining({ retryable: false }))
    expect(['GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED']).toContain(answer.error?.extensions.code)
  })

  test('with fragments that multiply is measured at once', async () => {
    const fragments = Array.from(
      { length: 60 },
      (_, i) => `fragment f${i} on Query { a: self { ...f${i + 1} } b: self { ...f${i + 1} } }`,
    )
    const query = `{ ...f0 } ${fragments.join(' ')} fragment f60 on Query { hello }`
    expect((await post(await startEdge(), { query })).error?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED')
  })
})

describe('a document that does not fit', () => {
  test('because of an unknown field gets a suggestion', async () => {
    const answer = await post(await startEdge(), { query: '{ helo }' })
    expect(answer.error).toMatchObject({
      message: expect.stringContaining('Did you mean "hello"'),
      extensions: refusal('GRAPHQL_VALIDATION_FAILED'),
    })
  })

  test('because its operation cannot be told is refused', async () => {
    const edge = await startEdge()
    const two = 'query A { hello } query B { hello }'
    expect((await post(edge, { query: two })).error?.extensions).toEqual(refusal('BAD_REQUEST'))
    expect((await post(edge, { query: two, operationName: 'C' })).error?.extensions).toEqual(refusal('BAD_REQUEST'))
    expect(await post(edge, { query: two, operationName: 'B' })).toMatchObject({ data: { hello: 'world' } })
  })
})

describe('an input', () => {
  const query = 'query ($p: ProfileInput!) { greet(profile: $p) }'

  test.each([
    [{ p: { email: 'a@b.c', age: 'ten' } }, 'p.age'],
    [{ p: { email: 'a@b.c', agee: 10 } }, 'p.agee'],
    [{ p: { age: 10 } }, 'p.email'],
    [{ p: { email: 'a@b.c', friend: { email: 'd@e.f', age: 2 ** 31 } } }, 'p.friend.age'],
    [{}, 'p'],
  ])('of the wrong shape, %j, is named by its field', async (variables, field) => {
    const answer = await post(await startEdge(), { query, variables })
    expect(answer.error?.extensions).toEqual(expect.objectContaining({ code: 'BAD_INPUT', retryable: false, field }))
  })

  test('with a key __proto__ is an unknown field', async () => {
    const answer = await post(
      await startEdge(),
      `{"query":"${query}","variables":{"p":{"email":"a@b.c","__proto__":{"x":1}}}}`,
    )
    expect(answer.error?.extensions).toEqual(expect.objectContaining({ code: 'BAD_INPUT', field: 'p.__proto__' }))
  })

  test('refused by a scalar keeps the scalar’s code and field, as a variable and as a literal', async () => {
    const edge = await startEdge()
    const expected = expect.objectContaining({ code: 'BAD_INPUT', retryable: false, field: 'input.at' })
    const variable = await post(edge, { query, variables: { p: { email: 'a@b.c', at: 'dusk' } } })
    expect(variable.error?.extensions).toEqual(expected)
    const literal = await post(edge, { query: '{ greet(profile: { email: "a@b.c", at: "dusk" }) }' })
    expect(literal.error?.extensions).toEqual(expected)
  })

  test('of the wrong type in the document itself fails validation', async () => {
    const answer = await post(await startEdge(), { query: '{ greet(profile: { email: 5 }) }' })
    expect(answer.error?.extensions).toEqual(refusal('GRAPHQL_VALIDATION_FAILED'))
  })

  test('nested 5,000 deep is refused, not a crash', async () => {
    const edge = await startEdge()
    const nested = `${'{"friend":'.repeat(5_000)}null${'}'.repeat(5_000)}`
    const answer = await post(edge, `{"query":${JSON.stringify(query)},"variables":{"p":${nested}}}`)
    expect(answer).toMatchObject({ status: 400, error: { extensions: refusal('BAD_INPUT') } })
  })

  test('that is wrong and long is not echoed whole', async () => {
    const answer = await post(await startEdge(), {
      query,
      variables: { p: { email: 'a@b.c', age: 'x'.repeat(50_000) } },
    })
    expect(answer.error?.message.length).toBeLessThan(1_100)
  })
})
