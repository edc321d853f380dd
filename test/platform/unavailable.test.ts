// Which failures a caller is told to try again.

import { GraphQLError } from 'graphql'
import { describe, expect, test } from 'vitest'
import { isUnavailable } from '../../src/platform/unavailable.ts'

const coded = (code: string, extra = {}) => Object.assign(new Error('x'), { code, ...extra })

describe('a database that cannot answer right now', () => {
  test.each([
    ['Prisma cannot reach it', coded('P1001')],
    ['Prisma cannot reach it at start', Object.assign(new Error('x'), { errorCode: 'P1017' })],
    ['the pool is exhausted', coded('P2024')],
    ['no transaction began in time', coded('P2028')],
    ['the connection is refused', coded('ECONNREFUSED')],
    ['both addresses refuse', new AggregateError([coded('ECONNREFUSED'), coded('ECONNREFUSED')])],
    ['an operator shut it down', coded('57P01')],
    ['it has too many connections', coded('53300')],
    ['the disk is full', coded('53100')],
    ['the connection failed', coded('08006')],
    ['pg lost the connection', new Error('Connection terminated unexpectedly')],
    ['pg waited for a connection', new Error('timeout exceeded when trying to connect')],
    ['a raw statement met it', coded('P2010', { meta: { driverAdapterError: { cause: { originalCode: '57P03' } } } })],
    ['a resolver wrapped it', new GraphQLError('x', { originalError: new Error('y', { cause: coded('ECONNRESET') }) })],
  ])('is told from a bug: %s', (_what, error) => {
    expect(isUnavailable(error)).toBe(true)
  })

  test.each([
    ['a broken rule of the data', coded('P2002')],
    ['a wrong statement', coded('42601')],
    ['a bug', new TypeError('x is not a function')],
    ['a word', 'ECONNREFUSED'],
    ['nothing', undefined],
  ])('is not suspected behind %s', (_what, error) => {
    expect(isUnavailable(error)).toBe(false)
  })

  test('is found without getting lost in causes that lead back to themselves', () => {
    const error: Error & { cause?: unknown } = new Error('x')
    error.cause = error
    expect(isUnavailable(error)).toBe(false)
  })
})
