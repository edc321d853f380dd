// Prints the schema that the code builds into schema.graphql; with `--check`, fails where the committed one differs.

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { printSchema } from 'graphql'
import { buildSchema } from './schema.ts'

const file = path.resolve(import.meta.dirname, '../schema.graphql')
const printed = `# Printed from the code by \`npm run schema\`. Do not edit.\n\n${printSchema(buildSchema())}\n`

if (!process.argv.includes('--check')) writeFileSync(file, printed)
else if (readFileSync(file, 'utf8') !== printed) {
  process.stderr.write('schema.graphql is not what the code builds; run `npm run schema`\n')
  process.exitCode = 1
}
