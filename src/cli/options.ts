// What the command line is told: flags first, then the environment.

import { parseArgs } from 'node:util'

export const usage = `tributary import <file> [options]

Brings a file of rows in: CSV or JSON lines, plain or gzipped. Without --run it shows what would become of the rows, and asks.

  --kind <kind>          PEOPLE (default), FIELD_VALUES, AUDIENCE, EVENTS,
                         PRODUCTS, CUSTOMERS, ORDERS or ORDER_ITEMS
  --strategy <strategy>  UPSERT (default), CREATE_ONLY, UPDATE_ONLY or REPLACE
  --clear-blank          a blank cell removes the field; else it says nothing
  --map <column=field>   what a column tells; may be given again. column= leaves it out
  --preset <name>        a mapping that was saved
  --ignore-unknown       leave columns out that nobody knows
  --audience <id>        of imports into an audience
  --attribute            of events: decide upon them, in the order of their times
  --plan                 show the plan, and change nothing
  --yes                  do what was planned without asking
  --run                  bring rows in as they are looked at, without a plan
  --outcome <file>       write what became of each row
  --url, TRIBUTARY_URL   the server; default http://127.0.0.1:4000
  --key, TRIBUTARY_KEY   an API key that may bring in such rows

The same file with the same options within a day is the same import: after an interruption the command goes on with it.`

export interface ImportOptions {
  readonly file: string
  readonly url: string
  readonly key: string
  /** As `createImport` takes it. */
  readonly input: Readonly<Record<string, unknown>>
  readonly isPlanOnly: boolean
  readonly isConfirmed: boolean
  readonly outcome: string | undefined
}

/** Null where help is asked for. @throws with a line for the person at the terminal. */
export function readOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ImportOptions | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      kind: { type: 'string', default: 'PEOPLE' },
      strategy: { type: 'string', default: 'UPSERT' },
      'clear-blank': { type: 'boolean', default: false },
      map: { type: 'string', multiple: true, default: [] },
      preset: { type: 'string' },
      'ignore-unknown': { type: 'boolean', default: false },
      audience: { type: 'string' },
      attribute: { type: 'boolean', default: false },
      plan: { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
      run: { type: 'boolean', default: false },
      outcome: { type: 'string' },
      url: { type: 'string' },
      key: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help || positionals.length === 0) return null
  const [command, file, ...rest] = positionals
  if (command !== 'import') throw new Error(`${command}: no such command; there is: import`)
  if (file === undefined || rest.length > 0) throw new Error('import: one file, such as people.csv')
  if (values.plan && values.run) throw new Error('--plan and --run: one of them')
  const key = values.key || env.TRIBUTARY_KEY
  if (!key) throw new Error('--key or TRIBUTARY_KEY: the server wants an API key')
  const url = values.url || env.TRIBUTARY_URL || 'http://127.0.0.1:4000'
  if (!/^https?:\/\/[^/]/.test(url) || !URL.canParse(url)) throw new Error(`--url: ${url} is no http address`)
  return {
    ...{ file, key, url: url.replace(/\/+(graphql\/?)?$/, ''), outcome: values.outcome },
    ...{ isPlanOnly: values.plan, isConfirmed: values.yes },
    input: {
      ...{
        kind: values.kind.toUpperCase(),
        strategy: values.strategy.toUpperCase(),
        mode: values.run ? 'RUN' : 'PLAN',
      },
      ...{ blankCells: values['clear-blank'] ? 'CLEAR' : 'IGNORE', mapping: values.map.map(mappingIn) },
      ...(values.preset ? { preset: values.preset } : {}),
      ...(values['ignore-unknown'] ? { unknownColumns: 'IGNORE' } : {}),
      ...(values.audience ? { audienceId: values.audience } : {}),
      ...(values.attribute ? { attribute: true } : {}),
    },
  }
}

function mappingIn(given: string): { column: string; field: string | null } {
  const at = given.lastIndexOf('=')
  if (at <= 0) throw new Error(`--map: ${given} is not column=field`)
  return { column: given.slice(0, at), field: given.slice(at + 1) || null }
}
