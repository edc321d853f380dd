// How Redis may be named: one server, a cluster, or sentinels that know the master.

import { describe, expect, test } from 'vitest'
import { redisPlace } from '../../src/platform/redis.ts'

const open = { isTls: false }

describe('a URL', () => {
  test.each(['redis://localhost', 'redis://:secret@cache:6380/1', 'rediss://app:secret@cache.example.com'])(
    'of one server is left to the client: %s',
    (url) => {
      expect(redisPlace(url)).toEqual({ kind: 'single', url })
    },
  )

  test('of a cluster lists some of its nodes', () => {
    expect(redisPlace('redis+cluster://a:7000,b,[::1]:7002')).toEqual({
      kind: 'cluster',
      nodes: [
        { host: 'a', port: 7000 },
        { host: 'b', port: 6379 },
        { host: '::1', port: 7002 },
      ],
      access: open,
    })
  })

  test('of sentinels lists them, and names the master that they watch', () => {
    expect(redisPlace('redis+sentinel://a,b:26380/mymaster')).toEqual({
      kind: 'sentinel',
      sentinels: [
        { host: 'a', port: 26379 },
        { host: 'b', port: 26380 },
      ],
      master: 'mymaster',
      access: open,
      sentinelAccess: {},
    })
  })

  test('carries a user and a password, percent-encoded, and asks for TLS', () => {
    expect(redisPlace('rediss+cluster://app:p%40ss%2C%3A@a:7000,b:7001')).toMatchObject({
      access: { username: 'app', password: 'p@ss,:', isTls: true },
    })
    expect(redisPlace('redis+cluster://:secret@a:7000')).toMatchObject({ access: { password: 'secret' } })
  })

  test('tells the password of the sentinels from that of the servers', () => {
    const url = 'rediss+sentinel://app:secret@a,b/mymaster?sentinel_username=watch&sentinel_password=other%26'
    expect(redisPlace(url)).toMatchObject({
      access: { username: 'app', password: 'secret', isTls: true },
      sentinelAccess: { username: 'watch', password: 'other&' },
    })
  })

  test.each([
    ['another protocol', 'http://localhost'],
    ['several hosts without saying what they are', 'redis://a:1,b:2'],
    ['no host', 'redis+cluster://'],
    ['an empty host', 'redis+cluster://a:7000,'],
    ['a port that is none', 'redis+cluster://a:70000'],
    ['a numbered database in a cluster', 'redis+cluster://a:7000/1'],
    ['sentinels without the name of a master', 'redis+sentinel://a:26379'],
    ['sentinels with two names', 'redis+sentinel://a:26379/one/two'],
    ['a setting that nobody knows', 'redis+sentinel://a:26379/one?sentinel_pasword=x'],
    ['a broken percent-encoding', 'redis+cluster://app:%E0%A4%A@a:7000'],
    ['an unknown kind', 'redis+proxy://a:7000'],
  ])('with %s is none', (_what, url) => {
    expect(redisPlace(url)).toBeUndefined()
  })
})
