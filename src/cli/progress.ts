// A line that tells how far something came, how fast it is and how long it takes still: drawn again and again at a terminal, and now
// and then where nobody watches.

const barLength = 24
const quietStep = 0.1

export interface Progress {
  /** So much of it is done. */
  at(done: number, total: number): void
  end(): void
}

export interface Screen {
  readonly isTTY?: boolean
  write(text: string): unknown
}

/** `format` writes an amount, with its unit. */
export function progressOf(
  screen: Screen,
  label: string,
  { format, now = () => performance.now() }: { format: (amount: number) => string; now?: () => number },
): Progress {
  const startedAt = now()
  let told = -1
  let isDrawn = false
  return {
    at(done, total) {
      const share = total > 0 ? Math.min(1, done / total) : 0
      const line = lineOf({ label, share, done, total, seconds: (now() - startedAt) / 1_000, format })
      if (screen.isTTY) screen.write(`\r\u001b[K${line}`)
      else if (share >= told + quietStep || (share === 1 && told < 1)) {
        told = share
        screen.write(`${line}\n`)
      }
      isDrawn = true
    },
    end() {
      if (isDrawn && screen.isTTY) screen.write('\n')
    },
  }
}

interface Standing {
  label: string
  share: number
  done: number
  total: number
  seconds: number
  format: (amount: number) => string
}

function lineOf({ label, share, done, total, seconds, format }: Standing): string {
  const full = Math.round(share * barLength)
  const bar = `${'#'.repeat(full)}${'.'.repeat(barLength - full)}`
  const speed = seconds > 0 ? done / seconds : 0
  const left = speed > 0 && share < 1 ? `, ${timeOf((total - done) / speed)} left` : ''
  return `${label} [${bar}] ${Math.floor(share * 100)} % of ${format(total)}, ${format(Math.round(speed))}/s${left}`
}

/** Such as `4 s`, `3 min`, `2 h 5 min`. */
export function timeOf(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
