// Where a benchmark runs: a scratch database on a real PostgreSQL server with its default durability, our server as a process
// of its own, and the CPU time that processes have used.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'

export const root = path.resolve(import.meta.dirname, '../..')
export const adminKey = 'the-first-account-key-of-a-bench'
/** How long one measurement lasts. */
export const seconds = Number(process.env.BENCH_SECONDS ?? 8)
export const rounds = 3

const serverUrl = () => {
  const url = process.env.DATABASE_URL ?? process.env.TEST_DATABASE_URL
  if (!url) throw new Error('set DATABASE_URL to a PostgreSQL server on which a scratch database may be made')
  return url
}

export interface Scratch {
  readonly url: string
  query<Row = Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]>
  /** CPU seconds of the backends that serve the database now. */
  cpu(): Promise<ReadonlyMap<number, number>>
  drop(): Promise<void>
  /** Leaves it there, to be looked at. */
  leave(): Promise<void>
}

/** An empty database of its own; `drop` removes it. Where `existing` names one, that, with what is in it. */
export async function scratchDatabase(name: string, existing?: string): Promise<Scratch> {
  const database = existing ?? `bench_${name}_${process.pid}`
  const admin = async (statement: string) => {
    const client = new pg.Client({ connectionString: serverUrl() })
    await client.connect()
    await client.query(statement)
    await client.end()
  }
  if (!existing) await admin(`CREATE DATABASE ${database}`)
  const url = new URL(serverUrl())
  url.pathname = `/${database}`
  const client = new pg.Client({ connectionString: url.toString() })
  await client.connect()
  return {
    url: url.toString(),
    // The caller says what its statement gives.
    query: async <Row>(text: string, values?: unknown[]) => (await client.query(text, values)).rows as Row[],
    async cpu() {
      const { rows } = await client.query<{ pid: number }>(
        'SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
      )
      return new Map(rows.map(({ pid }) => [pid, cpuSeconds(pid)]))
    },
    leave: () => client.end(),
    async drop() {
      await client.end()
      await admin(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)
    },
  }
}

/** What backends used between two readings; those that ended in between are not counted. */
export const cpuBetween = (before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>): number =>
  [...after].reduce((sum, [pid, used]) => sum + used - (before.get(pid) ?? 0), 0)

const ticksPerSecond = 100

/** User and system CPU seconds of a process of this machine; 0 where it cannot be read (another system, or ended). */
export function cpuSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
  } catch {
    return 0
  }
}

export interface BenchServer {
  readonly url: string
  readonly pid: number
  /** The data; throws where there are errors. */
  // biome-ignore lint/suspicious/noExplicitAny: untyped documents answer whatever they ask for
  query(document: string, variables?: object): Promise<any>
  stop(): Promise<void>
}

/** Starts `src/main.ts` on a free port, with `args` for Node before it; resolves when it answers. */
export async function startServer(env: Record<string, string>, args: readonly string[] = []): Promise<BenchServer> {
  const child = spawn(process.execPath, ['--max-semi-space-size=64', ...args, '--import', 'tsx', 'src/main.ts'], {
    cwd: root,
    env: { PATH: process.env.PATH, PORT: '0', ADMIN_KEY: adminKey, LOG_LEVEL: 'error', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await urlIn(child)
  return {
    url,
    pid: child.pid ?? 0,
    async query(document, variables) {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${adminKey}` },
        body: JSON.stringify({ query: document, variables }),
      })
      // The server's answer; the caller says what it asked for.
      const { data, errors } = (await response.json()) as { data: object; errors?: unknown }
      if (errors) throw new Error(JSON.stringify(errors))
      return data
    },
    async stop() {
      child.kill('SIGTERM')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}

/** The first address that the process prints. */
export function urlIn(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    if (!child.stdout) throw new Error('the process has no output to read')
    createInterface(child.stdout).on('line', (line) => {
      const found = /http:\/\/[\d.:]+/.exec(line)
      if (found) resolve(found[0])
    })
    child.once('exit', (code) => reject(new Error(`the server ended with ${code} before it answered`)))
  })
}

export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
