// The server as a process of its own, so that it can be killed.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { adminKey, type Caller, callerOf } from './server.ts'

const root = path.resolve(import.meta.dirname, '../..')

export interface ServerProcess extends Caller {
  url: string
  child: ChildProcess
  /** Its standard output so far. */
  printed(): string
  /** Ends the process as a crash would. */
  kill(): Promise<void>
  /** Asks it to end, and gives its exit code. */
  terminate(): Promise<number | null>
}

/** Starts `src/main.ts` on a free port; resolves when it answers. */
export async function startProcess(env: Record<string, string>): Promise<ServerProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts'], {
    cwd: root,
    env: { PATH: process.env.PATH, PORT: '0', ADMIN_KEY: adminKey, LOG_LEVEL: 'error', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed = ''
  child.stdout?.on('data', (chunk) => {
    printed += String(chunk)
  })
  const url = await urlIn(child)
  const ended = () => (child.exitCode === null && child.signalCode === null ? once(child, 'exit') : Promise.resolve())
  return {
    ...callerOf(url, adminKey),
    url,
    child,
    printed: () => printed,
    async kill() {
      child.kill('SIGKILL')
      await ended()
    },
    async terminate() {
      child.kill('SIGTERM')
      await ended()
      return child.exitCode
    },
  }
}

function urlIn(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    if (!child.stdout) throw new Error('the process has no output to read')
    createInterface(child.stdout).on('line', (line) => {
      const found = /http:\/\/[\d.:]+/.exec(line)
      if (found) resolve(found[0])
    })
    child.once('exit', (code) => reject(new Error(`the server ended with ${code} before it answered`)))
  })
}
