// What somebody who sets environment variables can rely on.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ConfigError, readConfig } from '../../src/config.ts'

const databaseUrl = 'postgresql://app:hunter2@db:5432/tributary'

const faultsOf = (env: Record<string, string>): readonly string[] => {
  try {
    readConfig(env)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
}

describe('without any variable', () => {
  test('the server runs on this machine alone, with the embedded database and live messages inside the process', () => {
    expect(readConfig({})).toEqual({
      port: 4000,
      host: '127.0.0.1',
      databaseUrl: undefined,
      databaseReplicaUrl: undefined,
      redisUrl: undefined,
      dataDir: './.tributary',
      adminKey: undefined,
      corsOrigins: [],
      retentionMonths: undefined,
      importMaxBytes: 2_000_000_000,
      workers: 1,
      persistedOperations: undefined,
      persistedOnly: false,
      logLevel: 'info',
    })
  })

  test('or with empty ones, as compose files leave them, it is the same', () => {
    expect(readConfig({ PORT: '', DATABASE_URL: ' ', ADMIN_KEY: '', CORS_ORIGINS: '' })).toEqual(readConfig({}))
  })
})

test('every variable is taken over', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'config-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const operationsFile = path.join(folder, 'persisted-documents.json')
  writeFileSync(operationsFile, '{ "a1": "{ me { id } }" }')
  const adminKey = 'a-key-of-twenty-four-characters'
  const env = {
    PORT: '0',
    HOST: '0.0.0.0',
    DATABASE_URL: databaseUrl,
    DATABASE_REPLICA_URL: 'postgres://app:hunter2@replica/tributary',
    REDIS_URL: 'rediss://cache:6380/1',
    DATA_DIR: '/var/lib/tributary',
    ADMIN_KEY: adminKey,
    CORS_ORIGINS: 'https://app.example.com, http://localhost:5173',
    RETENTION_MONTHS: '24',
    IMPORT_MAX_MB: '50',
    WORKERS: '3',
    PERSISTED_OPERATIONS: operationsFile,
    PERSISTED_ONLY: 'true',
    LOG_LEVEL: 'debug',
    HOME: '/root',
  }
  expect(readConfig(env)).toEqual({
    port: 0,
    host: '0.0.0.0',
    databaseUrl,
    databaseReplicaUrl: 'postgres://app:hunter2@replica/tributary',
    redisUrl: 'rediss://cache:6380/1',
    dataDir: '/var/lib/tributary',
    adminKey,
    corsOrigins: ['https://app.example.com', 'http://localhost:5173'],
    retentionMonths: 24,
    importMaxBytes: 50_000_000,
    workers: 3,
    persistedOperations: new Map([['a1', '{ me { id } }']]),
    persistedOnly: true,
    logLevel: 'debug',
  })
})

describe('a wrong variable', () => {
  test.each([
    ['PORT', 'http'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '4e3'],
    ['HOST', 'http://localhost'],
    ['CORS_ORIGINS', '*'],
    ['CORS_ORIGINS', 'https://app.example.com/'],
    ['CORS_ORIGINS', 'https://app.example.com,app.example.com'],
    ['WORKERS', '0'],
    ['WORKERS', 'two'],
    ['PERSISTED_OPERATIONS', '/nowhere/persisted-documents.json'],
    ['PERSISTED_ONLY', 'yes'],
    ['LOG_LEVEL', 'verbose'],
  ])('%s=%s stops the start with what was found, what is expected and an example', (name, value) => {
    const faults = faultsOf({ DATABASE_URL: databaseUrl, [name]: value })
    expect(faults).toHaveLength(1)
    expect(faults[0]).toMatch(new RegExp(`^${name}: got ".+", expected .+, for example ${name}=.+$`))
    expect(faults[0]).toContain(JSON.stringify(value))
  })

  test.each([
    ['DATABASE_URL', 'mysql://root:hunter2@db/x'],
    ['DATABASE_URL', 'hunter2'],
    ['REDIS_URL', 'http://:hunter2@cache'],
    ['REDIS_URL', 'redis+sentinel://:hunter2@cache:26379'],
    ['REDIS_URL', 'redis://:hunter2@one:6379,two:6379'],
    ['ADMIN_KEY', 'hunter2'],
    ['ADMIN_KEY', 'hunter2 with spaces and more of them'],
  ])('%s is named without showing the secret in it', (name, value) => {
    const faults = faultsOf({ DATABASE_URL: databaseUrl, [name]: value })
    expect(faults).toEqual([
      expect.stringMatching(`^${name}: got ${value.length} characters that are not shown, expected `),
    ])
    expect(faults.join()).not.toContain('hunter2')
  })

  test('and another are told together, one line each', () => {
    const faults = faultsOf({ PORT: 'x', LOG_LEVEL: 'y', ADMIN_KEY: 'z' })
    expect(faults.map((fault) => fault.split(':')[0])).toEqual(['PORT', 'ADMIN_KEY', 'LOG_LEVEL'])
    expect(new ConfigError(faults).message.split('\n')).toHaveLength(3)
  })
})

test('REDIS_URL may name a cluster or sentinels, and says how where it does not', () => {
  for (const redisUrl of ['redis+cluster://app:hunter2@one:6379,two:6379', 'rediss+sentinel://one,two/mymaster'])
    expect(readConfig({ DATABASE_URL: databaseUrl, REDIS_URL: redisUrl }).redisUrl).toBe(redisUrl)
  const [fault] = faultsOf({ DATABASE_URL: databaseUrl, REDIS_URL: 'redis+sentinel://one,two' })
  expect(fault).toContain('redis+sentinel://host:port,host:port/master')
})

test('REDIS_URL alone stops the start: the processes that it connects would each have a database of their own', () => {
  expect(faultsOf({ REDIS_URL: 'redis://localhost' })).toEqual([
    expect.stringMatching(/^DATABASE_URL: got nothing, expected a PostgreSQL URL because REDIS_URL is set/),
  ])
})

test.each(['2', 'auto'])(
  'WORKERS=%s without a server of PostgreSQL stops the start: each would have a database',
  (workers) => {
    expect(faultsOf({ WORKERS: workers })).toEqual([
      expect.stringMatching(`^DATABASE_URL: got nothing, expected a PostgreSQL URL because WORKERS is ${workers}`),
    ])
  },
)

test('WORKERS=auto is one for each core', () => {
  expect(readConfig({ DATABASE_URL: databaseUrl, WORKERS: 'auto' }).workers).toBe(availableParallelism())
})

test('PERSISTED_ONLY without a list stops the start: nothing at all would run', () => {
  expect(faultsOf({ PERSISTED_ONLY: 'true' })).toEqual([
    expect.stringMatching(/^PERSISTED_OPERATIONS: got nothing, expected a JSON file .* because PERSISTED_ONLY is true/),
  ])
})

test('.env.example lists each variable that is read, with values that work', () => {
  const text = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8')
  const listed = [...text.matchAll(/^#? ?([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value] as const)
  const names = `PORT HOST DATABASE_URL DATABASE_REPLICA_URL REDIS_URL DATA_DIR ADMIN_KEY CORS_ORIGINS RETENTION_MONTHS
    WORKERS IMPORT_MAX_MB PERSISTED_OPERATIONS PERSISTED_ONLY LOG_LEVEL`.split(/\s+/)
  expect(listed.map(([name]) => name)).toEqual(names)
  expect(() => readConfig(Object.fromEntries(listed))).not.toThrow()
})
