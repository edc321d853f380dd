// How much memory a process holds, as the operating system counts it.

import { execFileSync } from 'node:child_process'

const kilobyte = 1_024
const megabyte = kilobyte * kilobyte

/** Resident memory in MB. */
export function residentMb(pid: number | undefined): number {
  const kilobytes = Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }))
  return (kilobytes * kilobyte) / megabyte
}

/** A heap in which a server must make do: one that keeps what it should let go of ends there. */
export const smallHeap = { NODE_OPTIONS: '--max-old-space-size=256' }
