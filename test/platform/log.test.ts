// What somebody who reads the log can rely on.

import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { createLog, type LogLevel } from '../../src/platform/log.ts'

function capture(level: LogLevel) {
  const lines: string[] = []
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  return { log: createLog({ level, destination }), lines }
}

test('each line is one JSON object with its time, its level in words and a message', () => {
  const { log, lines } = capture('info')
  log.info({ port: 4000 }, 'listening\nforged line')
  log.debug('not at this level')
  expect(lines).toHaveLength(1)
  expect(lines[0]?.trimEnd()).not.toContain('\n')
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    port: 4000,
    msg: 'listening\nforged line',
  })
})

test('keys and passwords do not reach it', () => {
  const { log, lines } = capture('info')
  log.info(
    {
      authorization: 'Bearer s3cret',
      request: { headers: { authorization: 's3cret' } },
      account: { apiKey: 's3cret' },
    },
    'x',
  )
  log.info({ config: { adminKey: 's3cret', password: 's3cret' } }, 'x')
  expect(lines.join()).not.toContain('s3cret')
})
