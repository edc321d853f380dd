// A PostgreSQL that follows another by streaming replication, made of a copy of it.

import { execFile } from 'node:child_process'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { postgresFolder, postgresUser } from './binaries.ts'
import { freePort } from './ports.ts'

const run = promisify(execFile)

export interface Standby {
  url: string
  /** What it is sent from now on it keeps to itself, until it is told to go on. */
  hold(): Promise<void>
  goOn(): Promise<void>
  stop(): Promise<void>
  start(): Promise<void>
  remove(): Promise<void>
}

export async function startStandby(primaryUrl: string): Promise<Standby> {
  const [bin, user, port] = [postgresFolder() ?? '', postgresUser(), await freePort()]
  const folder = await mkdtemp(path.join(tmpdir(), 'tributary-standby-'))
  if (user) await chown(folder, user.uid, user.gid)
  const [cluster, log] = [path.join(folder, 'cluster'), path.join(folder, 'log')]
  const call = (name: string, args: string[]) => run(path.join(bin, name), args, { cwd: '/', ...user })
  const settings = `-p ${port} -k ${folder} -c listen_addresses=127.0.0.1`
  const start = async () => {
    await call('pg_ctl', ['-D', cluster, '-l', log, '-w', '-t', '60', 'start', '-o', settings])
  }
  const stop = async () => {
    await call('pg_ctl', ['-D', cluster, '-w', '-m', 'immediate', 'stop'])
  }
  await call('pg_basebackup', ['-d', primaryUrl, '-D', cluster, '-R', '-X', 'stream', '-c', 'fast'])
  await start()
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`
  const tell = async (statement: string) => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query(statement)
    await client.end()
  }
  return {
    url,
    hold: () => tell('SELECT pg_wal_replay_pause()'),
    goOn: () => tell('SELECT pg_wal_replay_resume()'),
    stop,
    start,
    async remove() {
      await stop().catch(() => undefined)
      await rm(folder, { recursive: true, force: true })
    },
  }
}
