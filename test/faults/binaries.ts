// Where the servers are that a fault needs, as the machine has them; and what to say where one is missing.

import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'

const debian = '/usr/lib/postgresql'

/** The folder of PostgreSQL's newest server; Debian does not put it into PATH. */
export function postgresFolder(): string | undefined {
  const versions = existsSync(debian) ? readdirSync(debian) : []
  const newestFirst = versions.toSorted((a, b) => Number(b) - Number(a)).map((name) => path.join(debian, name, 'bin'))
  return [...newestFirst, ...folders()].find((folder) => existsSync(path.join(folder, 'initdb')))
}

/** The path of a program that is called by its name. */
export const program = (name: string): string | undefined =>
  folders()
    .map((folder) => path.join(folder, name))
    .find((file) => existsSync(file))

const folders = () => (process.env.PATH ?? '').split(path.delimiter).filter((folder) => folder !== '')

/**
 * Why faults cannot be made here; undefined where they can. Throws instead where CI_FAULTS=1 says that they must be made: a test
 * that is skipped there would look like one that passed.
 */
export function whyNot(): string | undefined {
  const missing = [
    ...(postgresFolder() ? [] : ['initdb of PostgreSQL']),
    ...['redis-server', 'redis-cli'].filter((name) => program(name) === undefined),
    ...(isRoot && postgresUser() === undefined ? ['the user postgres, since PostgreSQL does not run as root'] : []),
  ]
  if (missing.length === 0) return undefined
  const reason = `missing here: ${missing.join(', ')}`
  if (process.env.CI_FAULTS === '1') throw new Error(reason)
  return reason
}

const isRoot = process.getuid?.() === 0

/** Whom PostgreSQL runs as: nobody else where this is not root. */
export function postgresUser(): { uid: number; gid: number } | undefined {
  if (!isRoot) return undefined
  try {
    const ask = (flag: string) =>
      Number(execFileSync('id', [flag, 'postgres'], { stdio: ['ignore', 'pipe', 'ignore'] }))
    return { uid: ask('-u'), gid: ask('-g') }
  } catch {
    return undefined
  }
}
