// The configuration, read once at the start from environment variables. Each has a default that works on a bare machine;
// a wrong one stops the start with one line that says what was found, what is expected, and an example.

import { availableParallelism } from 'node:os'
import { z } from 'zod'
import { readTrusted } from './platform/persisted.ts'
import { redisPlace } from './platform/redis.ts'

export type Config = Readonly<{
  /** 0 takes any free port. */
  port: number
  host: string
  /** Of a PostgreSQL server; undefined: the embedded database in `dataDir`. */
  databaseUrl: string | undefined
  /** Of a PostgreSQL server that follows that one; undefined: none. */
  databaseReplicaUrl: string | undefined
  /** Of a Redis server, cluster or sentinels; it wakes other processes; undefined: one process, which wakes itself. */
  redisUrl: string | undefined
  dataDir: string
  /** Fixes the key of the first account; undefined: one is made and shown once. */
  adminKey: string | undefined
  corsOrigins: readonly string[]
  /** Whole months that events are kept after theirs; undefined: for ever. */
  retentionMonths: number | undefined
  /** Of a file that is imported, as it is sent. */
  importMaxBytes: number
  /** Processes that serve; 1: this one. */
  workers: number
  /** Trusted operations, text by hash; undefined: none are listed. */
  persistedOperations: ReadonlyMap<string, string> | undefined
  /** Run the trusted operations and no others. */
  persistedOnly: boolean
  logLevel: (typeof logLevels)[number]
}>

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

const highestPort = 65_535
const portNumber = z
  .string()
  .regex(/^\d{1,5}$/)
  .transform(Number)
  .pipe(z.number().max(highestPort))
const urlOf = (...protocols: string[]) =>
  z
    .string()
    .refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol) && new URL(text).host !== '')
const origins = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((origin) => origin.trim())
      .filter((origin) => origin !== ''),
  )
  .pipe(z.array(z.string().refine((origin) => isOrigin(origin))))

const maxWorkers = 256
const workerCount = z
  .string()
  .regex(/^(auto|\d{1,3})$/)
  .transform((text) => (text === 'auto' ? availableParallelism() : Number(text)))
  .pipe(z.number().min(1).max(maxWorkers))
const maxMonths = 1_200
const monthCount = z
  .string()
  .regex(/^\d{1,4}$/)
  .transform(Number)
  .pipe(z.number().min(1).max(maxMonths))
const mostImportMegabytes = 100_000
const megabyte = 1_000_000
const importMegabytes = z
  .string()
  .regex(/^\d{1,6}$/)
  .transform(Number)
  .pipe(z.number().min(1).max(mostImportMegabytes))
const truth = z.enum(['true', 'false']).transform((text) => text === 'true')
const trustedOperations = z.string().transform((file, { addIssue }) => {
  try {
    return readTrusted(file)
  } catch {
    addIssue('unreadable')
    return z.NEVER
  }
})

const variables = z.object({
  PORT: portNumber.default(4000),
  HOST: z
    .string()
    .regex(/^[\w.:-]+$/)
    .default('127.0.0.1'),
  DATABASE_URL: urlOf('postgres:', 'postgresql:').optional(),
  DATABASE_REPLICA_URL: urlOf('postgres:', 'postgresql:').optional(),
  REDIS_URL: z
    .string()
    .refine((text) => redisPlace(text) !== undefined)
    .optional(),
  DATA_DIR: z.string().default('./.tributary'),
  ADMIN_KEY: z
    .string()
    .regex(/^[\x21-\x7e]{24,200}$/)
    .optional(),
  CORS_ORIGINS: origins.default([]),
  RETENTION_MONTHS: monthCount.optional(),
  IMPORT_MAX_MB: importMegabytes.default(2_000),
  WORKERS: workerCount.default(1),
  PERSISTED_OPERATIONS: trustedOperations.optional(),
  PERSISTED_ONLY: truth.default(false),
  LOG_LEVEL: z.enum(logLevels).default('info'),
})

type Name = keyof typeof variables.shape

const expectations: Record<Name, { expected: string; example: string; secret?: boolean }> = {
  PORT: { expected: `a whole number from 0 (any free port) to ${highestPort}`, example: '4000' },
  HOST: { expected: 'an address or a host name to listen on', example: '127.0.0.1' },
  DATABASE_URL: {
    expected: 'a PostgreSQL URL',
    example: 'postgresql://user:password@localhost:5432/tributary',
    secret: true,
  },
  DATABASE_REPLICA_URL: {
    expected: 'a PostgreSQL URL of a server that follows the one of DATABASE_URL',
    example: 'postgresql://user:password@replica:5432/tributary',
    secret: true,
  },
  REDIS_URL: {
    expected:
      'a Redis URL: redis://host:port, redis+cluster://host:port,host:port or redis+sentinel://host:port,host:port/master (rediss… for TLS)',
    example: 'redis://localhost:6379',
    secret: true,
  },
  DATA_DIR: { expected: 'a folder', example: './.tributary' },
  ADMIN_KEY: {
    expected: '24 to 200 visible ASCII characters without spaces',
    example: '$(openssl rand -hex 24)',
    secret: true,
  },
  CORS_ORIGINS: {
    expected: 'origins (scheme, host and port, no path, no *) separated by commas',
    example: 'https://app.example.com,http://localhost:5173',
  },
  RETENTION_MONTHS: {
    expected: `a whole number of months from 1 to ${maxMonths}, or nothing to keep events for ever`,
    example: '24',
  },
  IMPORT_MAX_MB: { expected: `a whole number of megabytes from 1 to ${mostImportMegabytes}`, example: '2000' },
  WORKERS: { expected: `auto (one per core) or a number of processes from 1 to ${maxWorkers}`, example: 'auto' },
  PERSISTED_OPERATIONS: {
    expected: 'a JSON file with an object of GraphQL documents by hash',
    example: './persisted-documents.json',
  },
  PERSISTED_ONLY: { expected: 'true or false', example: 'true' },
  LOG_LEVEL: { expected: `one of ${logLevels.join(', ')}`, example: 'info' },
}

/** What stops a start. The message is one line per fault and fit to be shown as it is; no secret is in it. */
export class ConfigError extends Error {
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(faults.join('\n'))
    this.name = 'ConfigError'
    this.faults = faults
  }
}

/** The configuration that `env` describes; an empty variable counts as absent. @throws ConfigError with every fault at once. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = trimmed(env)
  const read = variables.safeParse(given)
  const faults = read.success ? [] : faultsOf(read.error, given)
  faults.push(...missing(given))
  if (!read.success || faults.length > 0) throw new ConfigError(faults)
  const { data } = read
  return {
    port: data.PORT,
    host: data.HOST,
    databaseUrl: data.DATABASE_URL,
    databaseReplicaUrl: data.DATABASE_REPLICA_URL,
    redisUrl: data.REDIS_URL,
    dataDir: data.DATA_DIR,
    adminKey: data.ADMIN_KEY,
    corsOrigins: data.CORS_ORIGINS,
    retentionMonths: data.RETENTION_MONTHS,
    importMaxBytes: data.IMPORT_MAX_MB * megabyte,
    workers: data.WORKERS,
    persistedOperations: data.PERSISTED_OPERATIONS,
    persistedOnly: data.PERSISTED_ONLY,
    logLevel: data.LOG_LEVEL,
  }
}

/** A fault for each variable that another one needs. */
function missing(given: Partial<Record<Name, string>>): string[] {
  const needed = (name: Name, because: string) => {
    const { expected, example } = expectations[name]
    return `${name}: got nothing, expected ${expected} because ${because}, for example ${name}=${example}`
  }
  const faults: string[] = []
  // Several processes need a database that they share: the embedded one belongs to a single process.
  if (given.REDIS_URL && !given.DATABASE_URL) faults.push(needed('DATABASE_URL', 'REDIS_URL is set'))
  if (given.DATABASE_REPLICA_URL && !given.DATABASE_URL)
    faults.push(needed('DATABASE_URL', 'DATABASE_REPLICA_URL is set'))
  if (given.WORKERS && given.WORKERS !== '1' && !given.DATABASE_URL) {
    faults.push(needed('DATABASE_URL', `WORKERS is ${given.WORKERS}`))
  }
  if (given.PERSISTED_ONLY === 'true' && !given.PERSISTED_OPERATIONS) {
    faults.push(needed('PERSISTED_OPERATIONS', 'PERSISTED_ONLY is true'))
  }
  return faults
}

function trimmed(env: Readonly<Record<string, string | undefined>>): Partial<Record<Name, string>> {
  const given: Partial<Record<Name, string>> = {}
  for (const name of variables.keyof().options) {
    const value = env[name]?.trim()
    if (value) given[name] = value
  }
  return given
}

function faultsOf(error: z.ZodError, given: Partial<Record<Name, string>>): string[] {
  const wrong = new Set(error.issues.map((issue) => issue.path[0]))
  return variables
    .keyof()
    .options.filter((name) => wrong.has(name))
    .map((name) => {
      const { expected, example, secret } = expectations[name]
      const value = given[name] ?? ''
      const got = secret ? `${value.length} characters that are not shown` : JSON.stringify(value)
      return `${name}: got ${got}, expected ${expected}, for example ${name}=${example}`
    })
}

function isOrigin(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text
}
