// A server of the demo's own: a child process on a free port of this machine, with a temporary folder as its database unless
// DATABASE_URL names another. `stop` ends the one and removes the other.

import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Place } from './client.ts'

export interface OwnServer extends Place {
  stop(): Promise<void>
}

type Environment = Readonly<Record<string, string | undefined>>

const root = path.resolve(import.meta.dirname, '../..')
const stopMs = 25_000
const outputKept = 4_000

/** Resolves when the server accepts requests. @throws with the server's own words where it does not start, and on abort. */
export async function startOwnServer(env: Environment, signal: AbortSignal): Promise<OwnServer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tributary-demo-'))
  const key = env.ADMIN_KEY || randomBytes(24).toString('hex')
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts'], {
    cwd: root,
    // A process group of its own: Ctrl-C reaches the demo alone, which then ends the server in order.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...env, HOST: '127.0.0.1', PORT: '0', DATA_DIR: folder, ADMIN_KEY: key, LOG_LEVEL: 'warn' },
  })
  const stop = async () => {
    await end(child)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    return { url: await urlOf(child, signal), key, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** From the greeting that the server prints when it listens. */
function urlOf(child: ChildProcess, signal: AbortSignal): Promise<string> {
  let output = ''
  return new Promise((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output = `${output}${chunk}`.slice(-outputKept)
      const [, url] = /^Tributary is at (\S+)\/graphql /m.exec(output) ?? []
      if (url) resolve(url)
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`the server did not start:\n${output}`)))
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    if (signal.aborted) reject(signal.reason)
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), stopMs)
  await exited
  clearTimeout(timer)
}
