// The command line's entry: reads what it is told, runs the command, and says in one line what is wrong.

import { runImport } from './import.ts'
import { readOptions, usage } from './options.ts'

try {
  const options = readOptions(process.argv.slice(2), process.env)
  if (options === null) process.stdout.write(`${usage}\n`)
  else process.exitCode = await runImport(options)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
