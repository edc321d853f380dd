// Makes what is generated from sources (Prisma's client and Pothos' types; typed GraphQL operations) where the sources changed
// since it was made last. `client` makes only what the server needs; `--force` makes it whether or not anything changed.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '..')
const at = (...parts) => path.join(root, ...parts)

const steps = [
  {
    name: 'client',
    sources: () => ['prisma/schema.prisma', 'package-lock.json'],
    command: ['node_modules/prisma/build/index.js', 'generate', '--config', 'prisma/config.ts'],
  },
  {
    name: 'operations',
    sources: () => [
      'schema.graphql',
      'codegen.ts',
      'package-lock.json',
      ...typescriptIn('test'),
      ...typescriptIn('src/demo'),
    ],
    command: ['node_modules/@graphql-codegen/cli/cjs/bin.js', '--config', 'codegen.ts'],
  },
]

// Prisma starts its generators by name.
const env = { ...process.env, PATH: `${at('node_modules/.bin')}${path.delimiter}${process.env.PATH}` }

const [only] = process.argv.slice(2).filter((word) => !word.startsWith('-'))
for (const step of steps) if (only === undefined || only === step.name) run(step)

function run({ name, sources, command }) {
  const stamp = at('src/generated', `.${name}`)
  const digest = digestOf(sources())
  if (!process.argv.includes('--force') && read(stamp) === digest) return
  try {
    execFileSync(process.execPath, command, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    process.stderr.write(`${error.stdout}${error.stderr}`)
    process.exit(1)
  }
  mkdirSync(path.dirname(stamp), { recursive: true })
  writeFileSync(stamp, digest)
}

function digestOf(files) {
  const hash = createHash('sha256')
  for (const file of files) hash.update(file).update(read(at(file)) ?? '')
  return hash.digest('hex')
}

function read(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function typescriptIn(folder) {
  return readdirSync(at(folder), { recursive: true })
    .map((name) => path.join(folder, name))
    .filter((name) => name.endsWith('.ts') && statSync(at(name)).isFile())
    .sort()
}
