// A crash of the process that holds the embedded database.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { backend } from '../support/backend.ts'
import { crashAndCompare } from '../support/crash.ts'
import { crashInImport } from '../support/crash-import.ts'
import { startProcess } from '../support/process.ts'

// On PostgreSQL the same is asked in test/processes.
describe.runIf(backend() === 'embedded')('a server with the embedded database', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'tributary-crash-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('killed in the middle of a stream loses no acknowledged event and decides none twice', { timeout: 90_000 }, () =>
    crashAndCompare(() => startProcess({ DATA_DIR: folder })),
  )

  it(
    'killed in the middle of an import goes on with it when it is back, and brings nothing in twice',
    { timeout: 120_000 },
    () => crashInImport(() => startProcess({ DATA_DIR: folder })),
  )

  it('refuses a folder that another process uses, and names it', { timeout: 60_000 }, async () => {
    const owner = await startProcess({ DATA_DIR: folder })
    await expect(startProcess({ DATA_DIR: folder, LOG_LEVEL: 'silent' })).rejects.toThrow('ended with 1')
    expect(await owner.terminate()).toBe(0)
  })
})
