// Redis servers of a test's own: one, three that are a cluster, or a master and its replica with sentinels over them.

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import { program } from './binaries.ts'
import { freePort } from './ports.ts'

export interface RedisServer {
  port: number
  url: string
  /** Asks the server something. */
  ask(command: string, ...args: (string | number)[]): Promise<unknown>
  /** It keeps its connections and answers nobody, until it resumes. */
  pause(): void
  resume(): void
  /** Ends it as a crash would; nothing was written to disk. */
  kill(): Promise<void>
  /** Starts it again, on the same port. */
  start(): Promise<void>
  remove(): Promise<void>
}

export async function startRedis(...settings: string[]): Promise<RedisServer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tributary-redis-'))
  const port = await freePort()
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder]
  return started({ port, folder, args: [...args, ...settings] })
}

async function startSentinel(masterPort: number): Promise<RedisServer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tributary-sentinel-'))
  const port = await freePort()
  const file = path.join(folder, 'sentinel.conf')
  const settings = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor ${masterName} 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds ${masterName} 1000`,
    `sentinel failover-timeout ${masterName} 5000`,
  ]
  await writeFile(file, `${settings.join('\n')}\n`)
  return started({ port, folder, args: [file, '--sentinel'] })
}

async function started({ port, folder, args }: { port: number; folder: string; args: string[] }): Promise<RedisServer> {
  let child: ChildProcess
  const client = new Redis({ port, host: '127.0.0.1', lazyConnect: true, retryStrategy: () => 50 })
  client.on('error', () => undefined) // It is killed and comes back.
  const start = async () => {
    child = spawn(program('redis-server') ?? '', args, { stdio: 'ignore' })
    await client.ping()
  }
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  await start()
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    ask: (command, ...more) => client.call(command, ...more),
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    kill,
    start,
    async remove() {
      client.disconnect()
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const run = promisify(execFile)

export interface RedisCluster {
  url: string
  nodes: readonly RedisServer[]
  remove(): Promise<void>
}

/** Three masters that share the slots. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const settings = [
    '--cluster-enabled',
    'yes',
    '--cluster-node-timeout',
    '1000',
    '--cluster-require-full-coverage',
    'no',
  ]
  const nodes = await Promise.all([1, 2, 3].map(() => startRedis(...settings)))
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`)
  await run(program('redis-cli') ?? '', ['--cluster', 'create', ...addresses, '--cluster-yes'])
  return {
    url: `redis+cluster://${addresses.join(',')}`,
    nodes,
    remove: async () => void (await Promise.all(nodes.map((node) => node.remove()))),
  }
}

const masterName = 'wakes'

export interface WatchedRedis {
  url: string
  master: RedisServer
  /** Whether the first sentinel knows the replica and the others. */
  isReady(): Promise<boolean>
  /** The port of whom the sentinels call master now. */
  masterPort(): Promise<number>
  remove(): Promise<void>
}

/** A master with a replica, and three sentinels of which two must agree. */
export async function startWatchedRedis(): Promise<WatchedRedis> {
  const master = await startRedis()
  const replica = await startRedis('--replicaof', '127.0.0.1', String(master.port))
  const sentinels = await Promise.all([1, 2, 3].map(() => startSentinel(master.port)))
  const [first] = sentinels
  return {
    url: `redis+sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${masterName}`,
    master,
    async isReady() {
      const lists = await Promise.all(['replicas', 'sentinels'].map((what) => first?.ask('SENTINEL', what, masterName)))
      return lists.map((list) => (Array.isArray(list) ? list.length : 0)).join() === '1,2'
    },
    async masterPort() {
      const answer = await first?.ask('SENTINEL', 'get-master-addr-by-name', masterName)
      return Number(Array.isArray(answer) ? answer[1] : undefined)
    },
    remove: async () => void (await Promise.all([...sentinels, replica, master].map((server) => server.remove()))),
  }
}
