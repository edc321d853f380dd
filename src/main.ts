// Starts the server: configuration, the app or the workers that each open one, and an orderly end on SIGINT and SIGTERM.

import './mode.ts'
import cluster from 'node:cluster'
import closeWithGrace from 'close-with-grace'
import { type Config, ConfigError, readConfig } from './config.ts'
import { FolderInUseError } from './platform/folder-lock.ts'
import { createLog } from './platform/log.ts'
import { joinPrimary, openWorkers, type Started, WorkerStartError } from './platform/workers.ts'

const config = configOrExit()
const ownLog = createLog({ level: config.logLevel })
const log = cluster.worker ? ownLog.child({ worker: cluster.worker.id }) : ownLog

// By the codes of Node and of PostgreSQL.
const databaseFaults = new Map([
  ['ECONNREFUSED', 'nothing listens there'],
  ['ETIMEDOUT', 'no answer from there'],
  ['3D000', 'there is no such database'],
  ['28P01', 'user or password are refused'],
  ['28000', 'the user is refused'],
])
const folderFaults = new Set(['EEXIST', 'ENOTDIR', 'EACCES', 'EROFS', 'EPERM', 'ENOENT'])

try {
  if (config.workers > 1 && cluster.isPrimary) await supervise()
  else await serve()
} catch (error) {
  const fault = plainFault(error)
  if (fault) process.stderr.write(`${fault}\n`)
  else if (!(error instanceof WorkerStartError)) log.fatal({ err: error }, 'the start failed')
  process.exitCode = 1
  cluster.worker?.disconnect() // or it would stay for its primary
}

async function supervise(): Promise<void> {
  const opening = openWorkers({ count: config.workers, log })
  // Before they are there: the first answers while the others still start. Longer than a worker gives itself.
  closeWithGrace({ delay: 25_000, logger: false }, async () => {
    log.info('stopping: the workers finish what they accepted')
    await (await opening).close()
  })
  greet(await opening)
}

async function serve(): Promise<void> {
  // Not before: a primary needs none of it.
  const [{ openApp }, { hasEmbeddedDatabase }] = await Promise.all([
    import('./app.ts'),
    import('./platform/database.ts'),
  ])
  if (config.databaseUrl === undefined && !hasEmbeddedDatabase(config.dataDir)) {
    log.info({ folder: config.dataDir }, 'making an embedded database; this takes some seconds, once')
  }
  const app = await openApp({
    config,
    database:
      config.databaseUrl === undefined
        ? { folder: config.dataDir }
        : { url: config.databaseUrl, replicaUrl: config.databaseReplicaUrl },
    log,
  })
  let ending: Promise<void> | undefined
  // An interrupt at a terminal reaches every process; a worker's end is then its primary's to ask for.
  const skip = cluster.isWorker ? (['SIGINT'] as const) : []
  if (cluster.isWorker) process.on('SIGINT', () => undefined)
  const end = closeWithGrace({ delay: 20_000, logger: false, skip: [...skip] }, ({ err }) => {
    if (err) log.fatal({ err }, 'stopping after an unexpected error')
    else if (!ending) log.info('stopping: finishing what was accepted')
    ending ??= app.close()
    return ending
  })
  const started = { url: app.url, firstKey: app.firstKey }
  joinPrimary(started, () => end.close())
  if (!cluster.isWorker) greet(started)
}

function configOrExit(): Config {
  try {
    return readConfig(process.env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  }
}

/** One line on what a person can mend; undefined for anything else. */
function plainFault(error: unknown): string | undefined {
  if (error instanceof FolderInUseError) return `DATA_DIR: ${error.message}`
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE')
    return `PORT: ${config.port} is taken; stop what listens there, or choose another, for example PORT=4001`
  if (code === 'ENOTFOUND' || code === 'EADDRNOTAVAIL')
    return `HOST: ${config.host} is no address of this machine, for example HOST=127.0.0.1`
  if (typeof code !== 'string') return undefined
  if (config.databaseUrl !== undefined && databaseFaults.has(code))
    return `DATABASE_URL: ${databaseFaults.get(code)}; expected a PostgreSQL that answers there, for example postgresql://user:password@localhost:5432/tributary`
  if (config.databaseUrl === undefined && folderFaults.has(code))
    return `DATA_DIR: ${config.dataDir} cannot be used (${code}), expected a folder that can be written to, for example DATA_DIR=./.tributary`
  return undefined
}

// For a person at a terminal: where it is, and the key that is shown this once.
function greet({ url, firstKey }: Started): void {
  const lines = [`Tributary is at ${url}/graphql (GraphiQL in a browser; health at ${url}/health)`]
  if (firstKey) lines.push('', 'The first account’s key, shown this once; keep it:', '', `  ${firstKey}`, '')
  process.stdout.write(`${lines.join('\n')}\n`)
}
