// The shape of the house: who may import whom, sizes and names, and versions that must agree.
// Each failure names the file and the import at fault. ARCHITECTURE.md says why the rules are as they are.

import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { describe, expect, test } from 'vitest'

const root = path.resolve(import.meta.dirname, '..')

interface Import {
  /** A path in the repository, such as `src/errors.ts`, or a package's name. */
  to: string
  /** Of types alone: gone when the program runs. */
  isType: boolean
}

interface Source {
  file: string
  text: string
  imports: Import[]
}

// Biome keeps every import at the start of its line and in single quotes.
function importsOf(file: string, text: string): Import[] {
  const statements = text.matchAll(/^(?:import|export) (?:([^'"`;]*?) from )?'([^']+)'/gm)
  const calls = text.matchAll(/\bimport\('([^']+)'\)/g)
  return [
    ...[...statements].map(([, names = '', target = '']) => ({ to: placeOf(file, target), isType: isOfTypes(names) })),
    ...[...calls].map(([, target = '']) => ({ to: placeOf(file, target), isType: false })),
  ]
}

const placeOf = (file: string, target: string) =>
  target.startsWith('.') ? path.posix.join(path.posix.dirname(file), target) : packageOf(target)

const packageOf = (target: string) =>
  target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/')

function isOfTypes(names: string): boolean {
  if (names.startsWith('type ')) return true
  const [, list] = /^\{([^}]*)\}$/.exec(names) ?? []
  const each = (list ?? '').split(',').map((name) => name.trim())
  return list !== undefined && each.every((name) => name === '' || name.startsWith('type '))
}

const sources = ['src', 'test']
  .flatMap((folder) => readdirSync(path.join(root, folder), { recursive: true }).map((name) => `${folder}/${name}`))
  .filter((file) => file.endsWith('.ts') && !file.startsWith('src/generated/'))
  .sort()
  .map((file): Source => {
    const text = readFileSync(path.join(root, file), 'utf8')
    return { file, text, imports: importsOf(file, text) }
  })

const inFolder = (folder: string) => sources.filter(({ file }) => file.startsWith(folder))

/** Every import of the files that may not be there, as `file → import`. */
const forbidden = (files: readonly Source[], mayImport: (to: string, one: Import & { from: string }) => boolean) =>
  files.flatMap(({ file, imports }) =>
    imports.filter((one) => !mayImport(one.to, { ...one, from: file })).map(({ to }) => `${file} → ${to}`),
  )

const isPackage = (to: string) => !to.startsWith('src/') && !to.startsWith('test/')
const moduleOf = (file: string) => /^src\/modules\/([^/]+)\//.exec(file)?.[1]

// Files that describe the API to callers; the others of a module are its services: what happens, whoever asks for it.
const describesApi = (file: string) =>
  /\/(([a-z]+-)*(schema|types|inputs?|enums)|trace|event-type)\.ts$/.test(file) && moduleOf(file) !== undefined
const isService = (file: string) => moduleOf(file) !== undefined && !describesApi(file)

// What the whole program stands on and which knows no noun of the product, beside what makes the API's schema.
const ground = ['errors', 'ids', 'scalars', 'keyset', 'access', 'context', 'text', 'topics', 'whole', 'place'].map(
  (name) => `src/${name}.ts`,
)
const schemaGround = [
  'src/loaded-rows.ts',
  'src/builder.ts',
  'src/connections.ts',
  'src/whole-rows.ts',
  'src/scopes.ts',
]
const isGenerated = (to: string) => to.startsWith('src/generated/prisma/')

describe('who may import whom', () => {
  test('core: itself and packages that are plain functions, so no clock, no chance, no database, not even Node', () => {
    const pure = ['country-region-data', 'fastest-levenshtein', 'i18n-iso-countries', 'isbot', 'libphonenumber-js']
    expect(forbidden(inFolder('src/core/'), (to) => to.startsWith('src/core/') || pure.includes(to))).toEqual([])
  })

  test('platform: packages, itself, the errors and Prisma’s client; it knows no noun of the product', () => {
    const mayImport = (to: string) =>
      isPackage(to) || to.startsWith('src/platform/') || to === 'src/errors.ts' || isGenerated(to)
    expect(forbidden(inFolder('src/platform/'), mayImport)).toEqual([])
  })

  // Few packages, and none that reaches outside the process: those that do are the platform's. Types of any package may be named.
  test('services of modules: core, platform, ground and other services; not the API that calls them', () => {
    const packages = ['node:crypto', 'uuid', 'dataloader']
    const mayImport = (to: string, { isType }: Import) =>
      isPackage(to)
        ? packages.includes(to) || isType
        : ['src/core/', 'src/platform/'].some((folder) => to.startsWith(folder)) ||
          ground.includes(to) ||
          isGenerated(to) ||
          isService(to)
    expect(
      forbidden(
        sources.filter(({ file }) => isService(file)),
        mayImport,
      ),
    ).toEqual([])
  })

  test('a module’s schema: its services, the builder, ground and core; of other modules services and what describes their API', () => {
    const mayImport = (to: string) =>
      ['src/core/', 'src/modules/'].some((folder) => to.startsWith(folder)) ||
      [...ground, ...schemaGround].includes(to) ||
      isGenerated(to) ||
      ['graphql', 'zod', 'dataloader'].includes(to)
    expect(
      forbidden(
        sources.filter(({ file }) => describesApi(file)),
        mayImport,
      ),
    ).toEqual([])
  })

  test('the builder is used only by what describes the API', () => {
    const users = ['src/schema.ts', ...schemaGround]
    const others = sources.filter(({ file }) => file.startsWith('src/') && !describesApi(file) && !users.includes(file))
    expect(forbidden(others, (to) => !schemaGround.includes(to))).toEqual([])
  })

  test('ground: no module, but for the types of what the context carries', () => {
    const files = sources.filter(({ file }) => [...ground, ...schemaGround].includes(file))
    const mayImport = (to: string, { isType, from }: Import & { from: string }) =>
      !to.startsWith('src/modules/') || (isType && from === 'src/context.ts')
    expect(forbidden(files, mayImport)).toEqual([])
  })

  test('app.ts: imported by main.ts and by tests alone', () => {
    const others = sources.filter(({ file }) => file !== 'src/main.ts' && !file.startsWith('test/'))
    expect(forbidden(others, (to) => to !== 'src/app.ts')).toEqual([])
  })

  test('the demo: nothing of the server but what it can know of it, as any caller', () => {
    const mayImport = (to: string) =>
      isPackage(to) || ['src/demo/', 'src/generated/operations/', 'src/core/group.ts'].some((it) => to.startsWith(it))
    expect(forbidden(inFolder('src/demo/'), mayImport)).toEqual([])
  })

  test('tests of the API: no service, they ask the server', () => {
    const files = [...inFolder('test/api/'), ...inFolder('test/processes/')]
    expect(forbidden(files, (to) => moduleOf(to) === undefined)).toEqual([])
  })

  test('no circles of files', () => {
    const graph = new Map(sources.map(({ file, imports }) => [file, valuesIn(imports).filter((to) => !isPackage(to))]))
    expect(circlesIn(graph)).toEqual([])
  })

  test('no circles of modules’ services', () => {
    const graph = new Map<string, string[]>()
    for (const { file, imports } of sources.filter((source) => isService(source.file))) {
      const own = moduleOf(file) ?? ''
      const others = valuesIn(imports).filter((to) => isService(to) && moduleOf(to) !== own)
      graph.set(own, [...(graph.get(own) ?? []), ...others.map((to) => moduleOf(to) ?? '')])
    }
    expect(circlesIn(graph)).toEqual([])
  })
})

const valuesIn = (imports: readonly Import[]) => imports.filter(({ isType }) => !isType).map(({ to }) => to)

/** The circles that a walk of the graph meets, each as `a → b → a`. */
function circlesIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const [done, found] = [new Set<string>(), new Set<string>()]
  const walk = (node: string, way: readonly string[]) => {
    if (way.includes(node)) found.add([...way.slice(way.indexOf(node)), node].join(' → '))
    if (way.includes(node) || done.has(node)) return
    for (const next of graph.get(node) ?? []) walk(next, [...way, node])
    done.add(node)
  }
  for (const node of graph.keys()) walk(node, [])
  return [...found]
}

describe('files', () => {
  const maxLines = 400

  test(`at most ${maxLines} lines`, () => {
    const long = sources.filter(({ text }) => text.trimEnd().split('\n').length > maxLines)
    expect(long.map(({ file }) => file)).toEqual([])
  })

  test('begin with what is here', () => {
    expect(
      inFolder('src/')
        .filter(({ text }) => !/^\/\/ \S/.test(text))
        .map(({ file }) => file),
    ).toEqual([])
  })

  test('are called by kebab-case nouns that say something', () => {
    const empty = /(^|[-/])(utils?|helpers?|managers?|handlers?|processors?|info|base|common|misc)([-./]|$)/
    const names = sources.map(({ file }) => file)
    expect(names.filter((name) => empty.test(name))).toEqual([])
    expect(names.filter((name) => !/^([a-z0-9]+(-[a-z0-9]+)*[./])+ts$/.test(name))).toEqual([])
  })

  test('lie in folders that the architecture knows', () => {
    const known = ['cli', 'core', 'demo', 'modules', 'platform']
    const folders = inFolder('src/').map(({ file }) => file.split('/').slice(1, -1)[0])
    expect([...new Set(folders)].filter((folder) => folder && !known.includes(folder))).toEqual([])
    const deep = inFolder('src/modules/').filter(({ file }) => file.split('/').length !== 4)
    expect(deep.map(({ file }) => file)).toEqual([])
  })

  // A partition's definition takes no parameters; its name and bounds are made of a date there. Sets are named by their number.
  test('of the server send no SQL that was put together as text', () => {
    const asText = /\$(query|execute)RawUnsafe|Prisma\.raw\(/
    const unsafe = inFolder('src/').filter(({ text }) => asText.test(text))
    expect(unsafe.map(({ file }) => file)).toEqual([
      'src/modules/events/partitions.ts',
      'src/modules/profiles/filter-sets.ts',
    ])
  })
})

describe('versions', () => {
  const require = createRequire(import.meta.url)
  const own = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  const wanted: Record<string, string> = { ...own.dependencies, ...own.devDependencies }

  test('of Prisma’s parts are the same', () => {
    const parts = ['prisma', '@prisma/client', '@prisma/adapter-pg', '@prisma/driver-adapter-utils']
    expect(new Set(parts.map((name) => wanted[name])).size).toBe(1)
  })

  // With a caret npm would take another build of the same number.
  test('of the schema engine is the very build that Prisma asks for', () => {
    const prisma = createRequire(require.resolve('prisma/package.json'))
    const engines = createRequire(prisma.resolve('@prisma/engines/package.json'))
    const { version } = engines('@prisma/engines-version/package.json')
    expect(wanted['@prisma/schema-engine-wasm']).toBe(version)
  })

  test('that are locked name no host to fetch them from', () => {
    const lock = readFileSync(path.join(root, 'package-lock.json'), 'utf8')
    expect(lock.match(/"resolved": "https?:.*"/g) ?? []).toEqual([])
  })
})
