// The suites: pure ones, those against a running server on the embedded database, and the same again on PostgreSQL and Redis
// where TEST_DATABASE_URL and TEST_REDIS_URL say where those are, with what needs several processes. `npm run test:faults` runs
// the last one, which takes minutes and starts its own PostgreSQL and Redis.

import { createRequire } from 'node:module'
import path from 'node:path'
import { defineConfig } from 'vitest/config'

const root = path.resolve(import.meta.dirname, '..')
const hasServices = Boolean(process.env.TEST_DATABASE_URL && process.env.TEST_REDIS_URL)

// graphql must be one module to the sources and to the libraries that require it.
const graphql = createRequire(import.meta.url).resolve('graphql')
const resolve = { alias: [{ find: /^graphql$/, replacement: graphql }] }

// For a machine that does much else besides: who waits for a thing that comes waits long enough.
const patience = { testTimeout: 60_000, hookTimeout: 120_000, expect: { poll: { timeout: 20_000 } } }

const project = (name: string, include: string[], more: object = {}) => ({
  root,
  resolve,
  test: { name, include, pool: 'forks' as const, ...patience, ...more },
})

// The sources are loaded once a process, not once a file: no test leaves anything behind in a module.
const together = { isolate: false }

const onServer = (name: 'embedded' | 'postgresql', include: string[]) =>
  project(name, include, { globalSetup: ['test/support/global-setup.ts'], env: { TEST_BACKEND: name }, ...together })

const onBoth = ['test/api/**/*.test.ts', 'test/modules/**/*.test.ts']

if (!hasServices) {
  process.stdout.write('skipped: PostgreSQL + Redis and several processes (set TEST_DATABASE_URL and TEST_REDIS_URL)\n')
}

export default defineConfig({
  test: {
    // A file waits for its database and its sockets as much as for the processor.
    maxWorkers: '100%',
    projects: [
      project('core', ['test/core/**/*.test.ts', 'test/*.test.ts'], together),
      project('platform', ['test/platform/**/*.test.ts']),
      project('faults', ['test/faults/**/*.test.ts']),
      onServer('embedded', onBoth),
      ...(hasServices ? [onServer('postgresql', [...onBoth, 'test/processes/**/*.test.ts'])] : []),
    ],
  },
})
