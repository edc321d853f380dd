// A PostgreSQL of a test's own, with the durability that it has by default, to be killed and started again.

import { execFile } from 'node:child_process'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { postgresFolder, postgresUser } from './binaries.ts'
import { freePort } from './ports.ts'

const run = promisify(execFile)

export interface Postgres {
  url: string
  /** Ends every server process at once, as a crash would, and starts again; it recovers from its log. */
  crashAndRestart(): Promise<void>
  remove(): Promise<void>
}

export async function startPostgres(): Promise<Postgres> {
  const [bin, user, port] = [postgresFolder() ?? '', postgresUser(), await freePort()]
  const folder = await mkdtemp(path.join(tmpdir(), 'tributary-faults-'))
  if (user) await chown(folder, user.uid, user.gid)
  const [cluster, log] = [path.join(folder, 'cluster'), path.join(folder, 'log')]
  // The other user may not read the folder that tests run in.
  const call = (name: string, args: string[]) => run(path.join(bin, name), args, { cwd: '/', ...user })
  const control = (...args: string[]) => call('pg_ctl', ['-D', cluster, '-l', log, '-w', '-t', '60', ...args])
  await call('initdb', ['-D', cluster, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'])
  const settings = `-p ${port} -k ${folder} -c listen_addresses=127.0.0.1`
  await control('start', '-o', settings)
  return {
    url: `postgresql://postgres@127.0.0.1:${port}/postgres`,
    async crashAndRestart() {
      await control('restart', '-m', 'immediate', '-o', settings)
    },
    async remove() {
      await control('stop', '-m', 'immediate')
      await rm(folder, { recursive: true, force: true })
    },
  }
}
