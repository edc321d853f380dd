// What the demo is told: flags first, then the environment.

import { parseArgs } from 'node:util'
import type { Place } from './client.ts'

export const usage = `npm run demo [-- --url <url> --key <key>] [--first <n>]

Plays an integrator and a dashboard on real data (The Complete Journey: 2,102 coupon redemptions of 27 campaigns).

  --url, TRIBUTARY_URL   a running server, such as http://127.0.0.1:4000; without it the demo starts one of its own
  --key, TRIBUTARY_KEY   an API key of that server with the scope ADMIN
  --first <n>            only the first n redemptions

A server of the demo's own keeps its database in a temporary folder, or uses DATABASE_URL and REDIS_URL where they are set.`

export interface Options {
  /** A running server; undefined: start one. */
  place: Place | undefined
  /** How many redemptions to play; Infinity: all. */
  first: number
  help: boolean
}

/** @throws with a line for the person at the terminal. */
export function readOptions(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      url: { type: 'string' },
      key: { type: 'string' },
      first: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const url = values.url || env.TRIBUTARY_URL
  const key = values.key || env.TRIBUTARY_KEY
  return { place: url ? placeOf(url, key) : undefined, first: countOf(values.first), help: values.help }
}

function placeOf(url: string, key: string | undefined): Place {
  if (!/^https?:\/\/[^/]/.test(url) || !URL.canParse(url)) throw new Error(`--url: ${url} is no http address`)
  if (!key) throw new Error('--key or TRIBUTARY_KEY: the server wants an API key')
  return { url: url.replace(/\/+(graphql\/?)?$/, ''), key }
}

function countOf(first: string | undefined): number {
  if (first === undefined) return Number.POSITIVE_INFINITY
  if (!/^[1-9]\d{0,5}$/.test(first)) throw new Error(`--first: ${first} is no count`)
  return Number(first)
}
