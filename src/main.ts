// Starts the server: configuration, the app, and an orderly end on SIGINT and SIGTERM.

import closeWithGrace from 'close-with-grace'
import { openApp } from './app.ts'
import { type Config, ConfigError, readConfig } from './config.ts'
import { hasEmbeddedDatabase } from './platform/database.ts'
import { FolderInUseError } from './platform/folder-lock.ts'
import { createLog } from './platform/log.ts'

const config = configOrExit()
const log = createLog({ level: config.logLevel })
if (config.databaseUrl === undefined && !hasEmbeddedDatabase(config.dataDir)) {
  log.info({ folder: config.dataDir }, 'making an embedded database; this takes some seconds, once')
}

try {
  const app = await openApp({
    config,
    database: config.databaseUrl === undefined ? { folder: config.dataDir } : { url: config.databaseUrl },
    log,
  })
  closeWithGrace({ delay: 20_000, logger: false }, async ({ err }) => {
    if (err) log.fatal({ err }, 'stopping after an unexpected error')
    else log.info('stopping: finishing what was accepted')
    await app.close()
  })
  greet(app.url, app.firstKey)
} catch (error) {
  const fault = plainFault(error)
  if (fault) process.stderr.write(`${fault}\n`)
  else log.fatal({ err: error }, 'the start failed')
  process.exitCode = 1
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
  return undefined
}

// For a person at a terminal: where it is, and the key that is shown this once.
function greet(url: string, firstKey: string | undefined): void {
  const lines = [`Tributary is at ${url}/graphql (GraphiQL in a browser; health at ${url}/health)`]
  if (firstKey) lines.push('', 'The first account’s key, shown this once; keep it:', '', `  ${firstKey}`, '')
  process.stdout.write(`${lines.join('\n')}\n`)
}
