// npm run bench -- <name>: measures, prints a table a person can read and, as the last line, one JSON object.

import type { Bench } from './report.ts'
import { printReport } from './report.ts'

const benches: { readonly [name: string]: () => Promise<{ bench: Bench }> } = {
  audiences: () => import('./audiences.ts'),
  decide: () => import('./decide.ts'),
  duplicates: () => import('./duplicates.ts'),
  growth: () => import('./growth.ts'),
  ingest: () => import('./ingest.ts'),
  live: () => import('./live.ts'),
  reads: () => import('./reads.ts'),
}

const [name = ''] = process.argv.slice(2)
const load = Object.hasOwn(benches, name) ? benches[name] : undefined
if (!load) {
  console.error(`npm run bench -- <name>; there is: ${Object.keys(benches).join(', ')}`)
  process.exit(2)
}
const { bench } = await load()
printReport(name, await bench())
