// One process per data folder: the embedded database does not refuse a second one, and two would overwrite each other.
// The lock is a file with the owner's pid; one left behind by a dead process is taken over.

import { mkdir, open, readFile, rm, rmdir, unlink } from 'node:fs/promises'
import path from 'node:path'

/** Another process has the folder. */
export class FolderInUseError extends Error {}

export interface FolderLock {
  release(): Promise<void>
}

/** Takes the folder's lock. Fails, naming the owner, while another process holds it. */
export async function lockFolder(folder: string): Promise<FolderLock> {
  await mkdir(folder, { recursive: true })
  const file = path.join(folder, 'tributary.lock')
  if (!(await create(file))) await takeOver(file)
  return { release: () => rm(file, { force: true }) }
}

async function create(file: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx')
    await handle.writeFile(`${process.pid} ${await startOf(process.pid)}\n`)
    await handle.close()
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

// Two processes may find the same stale lock at once: the folder made here lets one of them look and replace.
async function takeOver(file: string): Promise<void> {
  const turn = `${file}.turn`
  await mkdir(turn).catch(() => {
    throw new Error(`another process is taking over ${file}; if none is, remove ${turn}`)
  })
  try {
    const owner = await ownerOf(file)
    if (owner && (await isAlive(owner))) {
      throw new FolderInUseError(
        `${path.dirname(file)} is in use by process ${owner.pid}; stop it, or choose another DATA_DIR`,
      )
    }
    await unlink(file).catch(() => undefined)
    if (!(await create(file))) throw new Error(`${file} was taken by another process`)
  } finally {
    await rmdir(turn)
  }
}

interface Owner {
  pid: number
  start: string
}

async function ownerOf(file: string): Promise<Owner | undefined> {
  const [pid, start = ''] = (await readFile(file, 'utf8').catch(() => '')).trim().split(' ')
  return pid ? { pid: Number(pid), start } : undefined
}

async function isAlive(owner: Owner): Promise<boolean> {
  if (owner.pid === process.pid) return false
  try {
    process.kill(owner.pid, 0)
  } catch (error) {
    // EPERM: it lives, under another user.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false
  }
  // A pid can be given to another process after a restart; where the system tells start times, they settle it.
  const start = await startOf(owner.pid)
  return start === '' || owner.start === '' || start === owner.start
}

/** When the process started, in clock ticks since boot; empty where the system does not tell. */
async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The name in parentheses may hold blanks; the 20th field after it is the start time.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}
