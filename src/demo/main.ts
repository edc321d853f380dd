// `npm run demo`: a server (given, or the demo's own), the performance, the report. Exits with 0 only when everything that was
// sent was answered and came over the subscription; the demo's own server is ended and its folder removed on every way out.

import { once } from 'node:events'
import { Client, type Place } from './client.ts'
import { partFor, readRecorded } from './complete-journey.ts'
import { type Options, readOptions, usage } from './options.ts'
import { type OwnServer, startOwnServer } from './own-server.ts'
import { type Outcome, play } from './play.ts'
import { isComplete, speed, table, verdicts, whereNext } from './report.ts'
import { openTerminal, Screen } from './screen.ts'
import { messageOf } from './send.ts'

const interruptedCode = 130
const interrupt = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => interrupt.abort(new Error('interrupted')))
}
const { signal } = interrupt
const terminal = openTerminal(process.stdout)
const isTerminal = process.stdout.isTTY && process.stdin.isTTY

try {
  const options = readOptions(process.argv.slice(2), process.env)
  if (options.help) terminal.show(usage)
  else process.exitCode = (await perform(options)) ? 0 : 1
} catch (error) {
  process.stderr.write(`\n${signal.aborted ? 'interrupted' : messageOf(error)}\n`)
  process.exitCode = signal.aborted ? interruptedCode : 1
}

/** True where nothing that was sent was lost. */
async function perform({ place, first }: Options): Promise<boolean> {
  if (place) return performAt(place, first)
  terminal.show(`Starting a server ${process.env.DATABASE_URL ? 'on DATABASE_URL' : 'with a database of its own'} …`)
  const server = await startOwnServer(process.env, signal)
  try {
    const isDone = await performAt(server, first)
    await lookAround(server)
    return isDone
  } finally {
    await server.stop()
  }
}

async function performAt(place: Place, first: number): Promise<boolean> {
  const whole = readRecorded()
  const recorded = Number.isFinite(first) ? partFor(whole, whole.redemptions.slice(0, first)) : whole
  terminal.show(`The Complete Journey (CC0), played against ${place.url}\n`)
  const screen = new Screen(terminal, { isLive: isTerminal, total: recorded.redemptions.length })
  try {
    const outcome = await play(new Client(place, signal), recorded, screen)
    screen.end()
    report(place, outcome)
    return isComplete(outcome)
  } finally {
    screen.end()
  }
}

function report(place: Place, outcome: Outcome): void {
  const { comparison } = outcome
  terminal.show("\nThe engine's campaign, as the subscription said it, against the recorded one\n")
  for (const part of [table(comparison), verdicts(comparison), speed(outcome), whereNext(place, outcome)]) {
    for (const line of part) terminal.show(line)
    terminal.show('')
  }
}

/** At a terminal the demo's own server stays up to be looked at; elsewhere it goes, and this says how to keep one. */
async function lookAround({ url }: OwnServer): Promise<void> {
  if (!isTerminal) {
    terminal.show(
      `The server at ${url} stops now. To keep one: npm start, then npm run demo -- --url <url> --key <key>`,
    )
    return
  }
  terminal.show('The server stays until you press Enter.')
  const { stdin } = process
  const left = [once(stdin, 'data', { signal }), once(stdin, 'end', { signal })]
  // Ctrl-C is as good an end as Enter.
  await Promise.race(left).catch(() => undefined)
  stdin.pause()
}
