// Where a test file's database comes from: a copy of one that was migrated once for the whole run.

import { openAsBlob } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { newId } from '../../src/ids.ts'
import { secretColumns } from '../../src/modules/accounts/keys.ts'
import { type DatabasePlace, openDatabase } from '../../src/platform/database.ts'

export type Backend = 'embedded' | 'postgresql'

export const backend = (): Backend => (process.env.TEST_BACKEND === 'postgresql' ? 'postgresql' : 'embedded')

const serverUrl = () => {
  const url = process.env.TEST_DATABASE_URL
  if (!url) throw new Error('TEST_DATABASE_URL is not set')
  return url
}

const urlOf = (database: string) => {
  const url = new URL(serverUrl())
  url.pathname = `/${database}`
  return url.toString()
}

async function admin(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl() })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

const dumpFile = (run: string) => path.join(tmpdir(), `${run}.tar`)

/** Makes the migrated database that all others are copied from; returns how to remove it. */
export async function makeTemplate(run: string): Promise<() => Promise<void>> {
  if (backend() === 'embedded') {
    const database = await openDatabase({ memory: 'empty' })
    await writeFile(dumpFile(run), Buffer.from(await (await database.dump()).arrayBuffer()))
    await database.close()
    return () => rm(dumpFile(run), { force: true })
  }
  await admin(`CREATE DATABASE "${run}"`)
  const database = await openDatabase({ url: urlOf(run) })
  await database.close()
  return () => admin(`DROP DATABASE IF EXISTS "${run}" WITH (FORCE)`)
}

export interface Copy {
  place: DatabasePlace
  remove(): Promise<void>
}

let copies = 0

/** A database of its own for one test file. */
export async function copyTemplate(run: string): Promise<Copy> {
  if (backend() === 'embedded')
    return { place: { memory: await openAsBlob(dumpFile(run)) }, remove: async () => undefined }
  const name = `${run}_${process.pid}_${++copies}`
  await admin(`CREATE DATABASE "${name}" TEMPLATE "${run}" STRATEGY wal_log`)
  return { place: { url: urlOf(name) }, remove: () => admin(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`) }
}

/** An account in a PostgreSQL database that servers use; returns its key. */
export async function addAccount(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const [accountId, secret] = [newId(), `account-key-${newId()}`]
  const { prefix, hash } = secretColumns(secret)
  try {
    await client.query('INSERT INTO account (id, name) VALUES ($1, $2)', [accountId, 'Another'])
    await client.query(
      "INSERT INTO api_key (account_id, id, name, prefix, hash, scopes) VALUES ($1, $2, 'test', $3, $4, '{admin}')",
      [accountId, newId(), prefix, hash],
    )
  } finally {
    await client.end()
  }
  return secret
}
