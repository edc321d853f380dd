// What a program that sends plain POSTs can rely on, among them the SDKs that were written for other servers.

import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { ApiError } from '../../src/errors.ts'
import type { Post, PostAnswer } from '../../src/platform/rest.ts'
import { rudderSdk, segmentSdk } from '../support/sdk.ts'
import { adaKey, type EdgeContext, startEdge } from './edge.ts'

interface Seen {
  who: string | null
  body: unknown
}

/** A server that takes what comes at `/v1/batch`, or what `refuse` throws for the nth request. */
async function startTaker(refuse: (request: number) => ApiError | null = () => null, bodyBytes = 1_000_000) {
  const seen: Seen[] = []
  let requests = 0
  const take: Post<EdgeContext> = {
    keyIn: (body) => (body as { writeKey?: string }).writeKey,
    run: async ({ principal }, body): Promise<PostAnswer> => {
      const error = refuse(++requests)
      if (error) throw error
      seen.push({ who: principal, body })
      return { status: 200, body: { success: true } }
    },
  }
  const edge = await startEdge({
    posts: { '/v1/batch': take },
    limits: { bodyBytes },
    corsOrigins: ['https://shop.example'],
  })
  const send = async (body: string | Buffer, headers: Record<string, string> = {}, method = 'POST') => {
    const given = method === 'POST' ? { body: typeof body === 'string' ? body : new Uint8Array(body) } : {}
    const response = await fetch(`${edge.url}/v1/batch`, { method, headers, ...given })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) }
  }
  return { edge, seen, send, count: () => requests }
}

const basic = (user: string) => ({ authorization: `Basic ${Buffer.from(user).toString('base64')}` })
const one = JSON.stringify({ a: 'ö' })

describe('the key', () => {
  test.each<[string, Record<string, string>, string]>([
    ['as Basic user name', basic(`${adaKey}:`), one],
    ['as Basic user name without a colon', basic(adaKey), one],
    ['as Bearer', { authorization: `Bearer ${adaKey}` }, one],
    ['in the body', {}, JSON.stringify({ a: 'ö', writeKey: adaKey })],
    [
      'in the body, of a beacon that a page sends as text',
      { 'content-type': 'text/plain' },
      JSON.stringify({ writeKey: adaKey }),
    ],
  ])('is taken %s', async (_title, headers, body) => {
    const { seen, send } = await startTaker()
    expect(await send(body, headers)).toMatchObject({ status: 200, body: { success: true } })
    expect(seen).toEqual([{ who: 'Ada', body: JSON.parse(body) }])
  })

  test.each<[string, Record<string, string>, string]>([
    ['unknown in the header', basic('nobody:'), one],
    ['unknown in the body', {}, JSON.stringify({ writeKey: 'nobody' })],
    ['unknown in the header, whatever the body says', basic('nobody:'), JSON.stringify({ writeKey: adaKey })],
    ['that was not sent', {}, one],
    ['that is empty', basic(':'), one],
    ['of another scheme', { authorization: `Digest ${adaKey}` }, one],
  ])('%s is refused, with a challenge that makes no browser remember one', async (_title, headers, body) => {
    const { seen, send } = await startTaker()
    const answer = await send(body, headers)
    expect(answer).toMatchObject({ status: 401, body: { success: false, error: { code: 'UNAUTHENTICATED' } } })
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    expect(seen).toEqual([])
  })
})

describe('the body', () => {
  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'text/plain;charset=UTF-8',
    'application/x-www-form-urlencoded',
    'application/octet-stream',
  ])('is JSON, plain or gzipped, though it is called %s', async (type) => {
    const { seen, send } = await startTaker()
    const headers = { ...basic(adaKey), 'content-type': type }
    await send(one, headers)
    await send(gzipSync(one), headers)
    await send(gzipSync(one), { ...headers, 'content-encoding': 'gzip' })
    expect(seen.map(({ body }) => body)).toEqual(Array(3).fill({ a: 'ö' }))
  })

  test('is measured unpacked: what a kilobyte unpacks to is not taken whatever it is', async () => {
    const { seen, send } = await startTaker(undefined, 1_000)
    const large = JSON.stringify({ a: ' '.repeat(1_000) })
    for (const body of [large, gzipSync(large), gzipSync(Buffer.alloc(50_000_000))]) {
      const answer = await send(body, basic(adaKey))
      expect(answer).toMatchObject({ status: 413, body: { error: { code: 'PAYLOAD_TOO_LARGE', retryable: false } } })
    }
    expect(await send(gzipSync(JSON.stringify({ a: ' '.repeat(900) })), basic(adaKey))).toMatchObject({ status: 200 })
    expect(seen).toHaveLength(1)
  })

  test.each<[string, string | Buffer]>([
    ['that is no JSON', 'a=b'],
    ['that is empty', ''],
    ['that is no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['that is half of a gzip', gzipSync(one).subarray(0, 12)],
  ])('%s is refused', async (_title, body) => {
    const { send } = await startTaker()
    expect(await send(body, basic(adaKey))).toMatchObject({ status: 400, body: { error: { code: 'BAD_REQUEST' } } })
  })
})

describe('an answer', () => {
  test.each([
    [new ApiError('RATE_LIMITED', 'later', { retryAfterMs: 1_500 }), 429, '2'],
    [new ApiError('UNAVAILABLE', 'later'), 503, '1'],
    [new ApiError('FORBIDDEN', 'no'), 403, null],
    [new ApiError('BAD_INPUT', 'no'), 400, null],
  ])('%s', async (error, status, retryAfter) => {
    const { send } = await startTaker(() => error)
    const answer = await send(one, basic(adaKey))
    expect(answer).toMatchObject({ status, body: { success: false, error: { code: error.code } } })
    expect(answer.headers.get('retry-after')).toBe(retryAfter)
  })

  test('to anything but a POST says so; a page of a listed origin may ask first', async () => {
    const { send } = await startTaker()
    const refused = await send('', basic(adaKey), 'GET')
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'POST'])
    for (const [origin, allowed] of [
      ['https://shop.example', 'https://shop.example'],
      ['https://evil.example', null],
    ]) {
      const answer = await send('', { origin: String(origin), 'access-control-request-method': 'POST' }, 'OPTIONS')
      expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([204, allowed])
    }
  })
})

const batchesOf = (seen: readonly Seen[]) =>
  seen.map(({ body }) => (body as { batch: { event: string }[] }).batch.map(({ event }) => event))

describe('an SDK that is told to wait comes again, and nothing is lost', () => {
  test.each([
    ['429', new ApiError('RATE_LIMITED', 'later', { retryAfterMs: 1 })],
    ['503', new ApiError('UNAVAILABLE', 'later')],
  ])('after %s', async (_status, error) => {
    const [segment, rudder] = await Promise.all([startTaker(once(error)), startTaker(once(error))])
    const { analytics, errors, finish } = segmentSdk(segment.edge.url, adaKey, { flushAt: 3 })
    for (const event of ['a', 'b', 'c']) analytics.track({ userId: 'u', event })
    const other = rudderSdk(rudder.edge.url, adaKey)
    other.analytics.track({ userId: 'u', event: 'a' })
    await Promise.all([finish(), other.finish()])
    expect([errors, segment.count(), batchesOf(segment.seen)]).toEqual([[], 2, [['a', 'b', 'c']]])
    expect([rudder.count(), batchesOf(rudder.seen)]).toEqual([2, [['a']]])
  })
})

const once = (error: ApiError) => (request: number) => (request === 1 ? error : null)
