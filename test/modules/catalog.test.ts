// The database could be split by account: the catalog says so of every key, every unique index, every reference and every trigger.
// What a distributed PostgreSQL asks of a table (Citus: `create_distributed_table(name, 'account_id')`) is asked here.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const rows = <Row>(query: string) => server.app.services.database.system.$queryRawUnsafe<Row[]>(query)

/** Not of one account: the accounts themselves, and what the database knows of itself. They would be on every machine. */
const reference = ['account', 'feed_epoch', '_prisma_migrations']

/** A key is looked up before its account is known; on many machines this look-up would be a table of its own. */
const exceptions = ['api_key_hash_key']

interface Key {
  table: string
  name: string
  columns: string[]
}

test('every table is of an account, but for those that are named', async () => {
  const tables = await rows<{ name: string }>(`
    SELECT relname::text AS name FROM pg_class AS t
    WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = current_schema()::regnamespace
      AND NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = t.oid AND attname = 'account_id' AND attnotnull AND atttypid = 'uuid'::regtype)
    ORDER BY name`)
  expect(tables.map(({ name }) => name)).toEqual(['_prisma_migrations', 'account', 'feed_epoch'])
})

test('every primary key and every unique index begins with the account', async () => {
  const keys = await rows<Key>(`
    SELECT t.relname::text AS table, i.relname::text AS name, array_agg(a.attname::text ORDER BY k.place) AS columns
    FROM pg_index AS x JOIN pg_class AS t ON t.oid = x.indrelid JOIN pg_class AS i ON i.oid = x.indexrelid,
      LATERAL unnest(x.indkey) WITH ORDINALITY AS k (number, place) JOIN LATERAL (
        SELECT attname FROM pg_attribute WHERE attrelid = x.indrelid AND attnum = k.number) AS a ON true
    WHERE x.indisunique AND t.relnamespace = current_schema()::regnamespace GROUP BY 1, 2 ORDER BY 1, 2`)
  expect(keys.length).toBeGreaterThan(30)
  const others = keys.filter(({ table, columns }) => columns[0] !== 'account_id' && !reference.includes(table))
  expect(others.map(({ name }) => name)).toEqual(exceptions)
})

test('every other index begins with the account, but for the few that say why not', async () => {
  const indexes = await rows<{ name: string; first: string }>(`
    SELECT i.relname::text AS name, pg_get_indexdef(x.indexrelid, 1, true) AS first
    FROM pg_index AS x JOIN pg_class AS i ON i.oid = x.indexrelid JOIN pg_class AS t ON t.oid = x.indrelid
    WHERE NOT x.indisunique AND t.relnamespace = current_schema()::regnamespace ORDER BY 1`)
  const others = indexes.filter(({ first }) => first !== 'account_id')
  expect(others.map(({ name, first }) => `${name}: ${first}`)).toEqual([
    // Every server looks for what is due next, whoever's it is.
    'audience_due_due_at_idx: due_at',
    // An address leads to the few shares that were sent to it; those of other accounts are left out.
    'code_recipients_idx: recipients',
    // House keeping forgets old keys of all accounts.
    'idempotency_key_created_at_idx: created_at',
    // As for what is due of audiences.
    'open_cart_due_at_idx: due_at',
  ])
})

test('every reference between tables of accounts holds the account on both sides, at the same place', async () => {
  const references = await rows<{ table: string; to: string; own: string[]; other: string[] }>(`
    SELECT c.conrelid::regclass::text AS table, c.confrelid::regclass::text AS to,
      (SELECT array_agg(attname::text ORDER BY k.place) FROM unnest(c.conkey) WITH ORDINALITY AS k (number, place)
        JOIN pg_attribute ON attrelid = c.conrelid AND attnum = k.number) AS own,
      (SELECT array_agg(attname::text ORDER BY k.place) FROM unnest(c.confkey) WITH ORDINALITY AS k (number, place)
        JOIN pg_attribute ON attrelid = c.confrelid AND attnum = k.number) AS other
    FROM pg_constraint AS c WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace`)
  expect(references.length).toBeGreaterThan(20)
  const others = references.filter(({ own, other }) => own[0] !== 'account_id' || other[0] !== 'account_id')
  // To a table that is on every machine.
  expect(others).toEqual([{ table: 'api_key', to: 'account', own: ['account_id'], other: ['id'] }])
})

test('nothing happens behind a statement: no trigger, no rule, no sequence, no view, no function', async () => {
  const own = 'current_schema()::regnamespace'
  expect(
    await rows(
      `SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE NOT tgisinternal AND relnamespace = ${own}`,
    ),
  ).toEqual([])
  expect(
    await rows(`SELECT rulename FROM pg_rewrite JOIN pg_class ON pg_class.oid = ev_class WHERE relnamespace = ${own}`),
  ).toEqual([])
  expect(
    await rows(`SELECT relname FROM pg_class WHERE relkind IN ('S', 'v', 'm', 'f') AND relnamespace = ${own}`),
  ).toEqual([])
  expect(await rows(`SELECT proname FROM pg_proc WHERE pronamespace = ${own}`)).toEqual([])
})

test('what a month is partitioned by is in every key of its table, with the account', async () => {
  const keys = await rows<{ table: string; columns: string[]; by: string }>(`
    SELECT t.relname::text AS table, by.attname::text AS by, array_agg(a.attname::text) AS columns
    FROM pg_partitioned_table AS p JOIN pg_class AS t ON t.oid = p.partrelid
    JOIN pg_attribute AS by ON by.attrelid = t.oid AND by.attnum = p.partattrs[0]
    JOIN pg_index AS x ON x.indrelid = t.oid AND x.indisunique
    JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = ANY (x.indkey) GROUP BY 1, 2, x.indexrelid ORDER BY 1`)
  expect(keys.map(({ table }) => table)).toEqual(['attribution', 'event', 'journey_step'])
  for (const { columns, by } of keys) expect(columns).toEqual(expect.arrayContaining(['account_id', by]))
})
