// The servers that reads are compared with: packages of their own, installed by the first run, each a process over the same database.

import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { root, urlIn } from './place.ts'

const source = path.join(root, 'test/bench/peers')
// Beside the sources and not among them: what is installed there is large, and none of ours.
const folder = path.join(root, '.tributary/bench-peers')

export interface Peer {
  readonly url: string
  readonly pid: number
  stop(): Promise<void>
}

/** Installs what the peers are made of, where the very same is not installed yet. */
export async function installPeers(): Promise<void> {
  const lock = (place: string) => readFileSync(path.join(place, 'package-lock.json'), 'utf8')
  const isInstalled = existsSync(path.join(folder, 'node_modules/.package-lock.json')) && lock(folder) === lock(source)
  cpSync(source, folder, { recursive: true })
  if (!isInstalled) await promisify(execFile)('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, maxBuffer: 1e7 })
}

/** Starts one of them on a free port; resolves when it listens. */
export async function startPeer(
  file: 'mercurius.mjs' | 'postgraphile.mjs',
  env: Record<string, string>,
): Promise<Peer> {
  const child = spawn(process.execPath, ['--max-semi-space-size=64', file], {
    cwd: folder,
    env: { PATH: process.env.PATH, NODE_ENV: 'production', GRAPHILE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return {
    url: await urlIn(child),
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGTERM')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}
