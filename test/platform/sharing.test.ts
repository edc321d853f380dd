// Which subscriptions are run together.

import { parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { sharingKey } from '../../src/platform/sharing.ts'

const key = (text: string, variableValues: Record<string, unknown> = {}, rights = 'ann READ') =>
  sharingKey({ document: parse(text), variableValues }, rights)

const listen = 'subscription ($filter: Filter, $after: String) { all(filter: $filter, after: $after) { cursor name } }'

describe('subscriptions are the same', () => {
  it.each([
    ['wherever each begins', key(listen, { after: 'a' }), key(listen, { after: 'b' })],
    ['with a beginning and without', key(listen), key(listen, { after: 'b' })],
    [
      'with a beginning in the text',
      key('subscription { all(after: "a") { name } }'),
      key('subscription { all { name } }'),
    ],
    [
      'with a variable for the beginning alone',
      key('subscription ($after: String) { all(after: $after) { name } }'),
      key('subscription { all { name } }'),
    ],
    ['however the text is spaced', key('subscription { all { name } }'), key('subscription {\n  all {name}\n}')],
    [
      'in whatever order a variable names its parts',
      key(listen, { filter: { a: 1, b: [1, 2] } }),
      key(listen, { filter: { b: [1, 2], a: 1 } }),
    ],
    ['with variables that the document does not use', key(listen, { other: 1 }), key(listen)],
  ])('%s', (_name, one, other) => {
    expect(one).toBe(other)
  })
})

describe('subscriptions are not the same', () => {
  const nested = 'subscription ($after: String) { all(after: $after) { name notes(after: $after) } }'
  it.each([
    ['for other variables', key(listen, { filter: { a: 1 } }), key(listen, { filter: { a: 2 } })],
    ['for lists in another order', key(listen, { filter: [1, 2] }), key(listen, { filter: [2, 1] })],
    ['for null and nothing, as nothing leaves room for a default', key(listen, { filter: null }), key(listen)],
    [
      'for null and nothing, whatever the variable is called',
      key('subscription ($constructor: Filter) { all(filter: $constructor) { name } }', { constructor: null }),
      key('subscription ($constructor: Filter) { all(filter: $constructor) { name } }'),
    ],
    ['for other rights', key(listen), key(listen, {}, 'ann READ WRITE')],
    ['for another account', key(listen), key(listen, {}, 'bob READ')],
    ['for other fields', key('subscription { all { name } }'), key('subscription { all { cursor } }')],
    ['where the beginning is used elsewhere too', key(nested, { after: 'a' }), key(nested, { after: 'b' })],
    [
      'for another operation of the same document',
      sharingKey(
        { document: parse('subscription A { all { name } } subscription B { all { cursor } }'), operationName: 'A' },
        '',
      ),
      sharingKey(
        { document: parse('subscription A { all { name } } subscription B { all { cursor } }'), operationName: 'B' },
        '',
      ),
    ],
  ])('%s', (_name, one, other) => {
    expect(one).not.toBe(other)
  })
})
