// The disk of the database is full for a while: events are refused with an error that says to come again, reads go on, and
// once there is room everything that was sent is taken. The disk is a small one in memory, which only root can mount.

import { execFileSync } from 'node:child_process'
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { expect, it } from 'vitest'
import { postgresUser } from './binaries.ts'
import { openTwoCampaigns } from './campaigns.ts'
import { follow } from './follower.ts'
import { expectNothingLost } from './ledger.ts'
import { startLoad } from './load.ts'
import { describeFault, later, openScene } from './scene.ts'

const diskMb = 64

/** A disk of its own for PostgreSQL to keep tables on; undefined where mounting is not allowed. */
async function mountDisk(): Promise<string | undefined> {
  const [folder, user] = [await mkdtemp(path.join(tmpdir(), 'tributary-disk-')), postgresUser()]
  later(() => rm(folder, { recursive: true, force: true }))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskMb}m`, 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  later(() => execFileSync('umount', [folder]))
  if (user) await chown(folder, user.uid, user.gid)
  return folder
}

/** A database on that disk. */
async function createDatabase(serverUrl: string, folder: string): Promise<string> {
  const client = new pg.Client({ connectionString: serverUrl })
  await client.connect()
  try {
    await client.query(`CREATE TABLESPACE small LOCATION '${folder}'`)
    await client.query('CREATE DATABASE small TABLESPACE small')
  } finally {
    await client.end()
  }
  return serverUrl.replace(/\/\w+$/, '/small')
}

/** Takes all the room that is left; returns how to give it back. */
async function fill(folder: string): Promise<() => Promise<void>> {
  const file = path.join(folder, 'ballast')
  for (let isFull = false; !isFull; ) {
    isFull = await writeFile(file, Buffer.alloc(65_536), { flag: 'a' }).then(
      () => false,
      () => true,
    )
  }
  return () => rm(file)
}

describeFault('a disk that is full', () => {
  it('refuses events for as long as it is, and loses none', { timeout: 300_000 }, async ({ skip }) => {
    const disk = await mountDisk()
    if (disk === undefined) return skip('mounting a small disk needs root')
    const scene = await openScene()
    const databaseUrl = await createDatabase(scene.postgres.url, disk)
    const server = await scene.serve({ DATABASE_URL: databaseUrl })
    const servers = [server]
    const campaigns = await openTwoCampaigns(server)
    const follower = follow(servers)
    later(() => follower.stop())
    await follower.ready()
    // Large enough that the room which tables have inside is used up soon.
    const load = startLoad({ servers, campaigns, senders: 8, data: { ballast: 'x'.repeat(4_000) } })

    await load.more(100)
    const makeRoom = await fill(disk)
    await load.refused(20)
    const { errors } = await server.send('{ attributions(last: 1) { edges { node { summary } } } }')
    await makeRoom()
    await load.more(100)
    await load.stop()

    expect(errors).toEqual([])
    expect(load.unanswered()).toBe(0)
    await expectNothingLost({ databaseUrl, load, follower, campaigns })
  })
})
