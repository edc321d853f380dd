// Applies prisma/migrations in order, each in one transaction, with Prisma's own bookkeeping table, so that
// `prisma migrate status` agrees. Two servers that start together take turns.

import { createHash, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

/** The little that a migration needs of a connection; every call must reach the same one. */
export interface MigrationConnection {
  exec(statements: string): Promise<unknown>
  rows(query: string): Promise<Record<string, unknown>[]>
}

const folder = path.resolve(import.meta.dirname, '../../prisma/migrations')

const bookkeeping = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz, migration_name varchar(255) NOT NULL,
  logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)`

// Any fixed number will do, as long as every server of the database takes the same lock.
const lockKey = 7_416_021_150

/** Brings the database to the newest migration and returns the names applied. Refuses one that was edited after it was applied. */
export async function migrate(connection: MigrationConnection): Promise<string[]> {
  await connection.exec(`SELECT pg_advisory_lock(${lockKey})`)
  try {
    await connection.exec(bookkeeping)
    const done = await appliedMigrations(connection)
    const applied: string[] = []
    for (const name of await migrationNames()) {
      const sql = await readFile(path.join(folder, name, 'migration.sql'), 'utf8')
      const checksum = createHash('sha256').update(sql).digest('hex')
      const known = done.get(name)
      if (known !== undefined && known !== checksum)
        throw new Error(`migration ${name} was edited after it was applied`)
      if (known !== undefined) continue
      await apply(connection, { name, sql, checksum })
      applied.push(name)
    }
    return applied
  } finally {
    await connection.exec(`SELECT pg_advisory_unlock(${lockKey})`)
  }
}

async function appliedMigrations(connection: MigrationConnection): Promise<Map<string, string>> {
  const rows = await connection.rows(
    'SELECT migration_name, checksum FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
  )
  return new Map(rows.map((row) => [String(row.migration_name), String(row.checksum)]))
}

async function migrationNames(): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
}

async function apply(connection: MigrationConnection, migration: { name: string; sql: string; checksum: string }) {
  const { name, sql, checksum } = migration
  const record = `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count)
    VALUES ('${randomUUID()}', '${checksum}', now(), '${name.replaceAll("'", "''")}', 1)`
  try {
    await connection.exec(`BEGIN;\n${sql}\n;${record};COMMIT;`)
  } catch (error) {
    await connection.exec('ROLLBACK').catch(() => undefined)
    throw new Error(`migration ${name} failed`, { cause: error })
  }
}
