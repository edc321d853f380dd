// What is seen while the demo plays: at a terminal a bar and the latest attribution, drawn in place; elsewhere plain lines, one
// at each tenth of the way.

import type { Redemption } from './complete-journey.ts'
import type { Audience } from './play.ts'
import type { Answer } from './send.ts'
import type { Arrival } from './watch.ts'

const drawMs = 80
const barWidth = 32
const shares = 10

const count = (value: number) => value.toLocaleString('en')

/** `show` takes whole lines; `draw` replaces what it drew before, and `settle` leaves it standing. */
export interface Terminal {
  show(line: string): void
  draw(lines: readonly string[]): void
  settle(): void
}

export function openTerminal(output: NodeJS.WriteStream): Terminal {
  let drawn = 0
  const up = () => (drawn > 0 ? `\u001b[${drawn}A` : '')
  const width = () => Math.max(20, (output.columns || 80) - 1)
  return {
    show: (line) => output.write(`${line}\n`),
    draw(lines) {
      output.write(up() + lines.map((line) => `\u001b[2K${line.slice(0, width())}\n`).join(''))
      drawn = lines.length
    },
    settle() {
      drawn = 0
    },
  }
}

export class Screen implements Audience {
  readonly #terminal: Terminal
  readonly #isLive: boolean
  readonly #total: number
  readonly #beganMs = performance.now()
  #answered = 0
  #refused = 0
  #arrived = 0
  #latest = ''
  #drawnAtMs = 0

  /** `isLive`: lines may be drawn over. `total`: how many redemptions there are. */
  constructor(terminal: Terminal, { isLive, total }: { isLive: boolean; total: number }) {
    this.#terminal = terminal
    this.#isLive = isLive
    this.#total = total
  }

  step(line: string): void {
    const seconds = ((performance.now() - this.#beganMs) / 1000).toFixed(1)
    this.#terminal.show(`  ${seconds.padStart(5)} s  ${line}`)
  }

  answered(answer: Answer): void {
    if ('refusal' in answer) this.#refused++
    else this.#answered++
    const done = this.#answered + this.#refused
    const share = Math.floor((done * shares) / this.#total)
    const isTurn = share > Math.floor(((done - 1) * shares) / this.#total)
    if (this.#isLive) this.#draw(done === this.#total)
    else if (isTurn) this.step(`${this.#counts()}${this.#latest && `; latest: ${this.#latest}`}`)
  }

  arrived({ household, coupon, on }: Redemption, { decision }: Arrival): void {
    this.#arrived++
    const outcome = decision.campaign
      ? `${decision.campaign.name} (${decision.decidedBy})`
      : `unattributed (${decision.reason})`
    this.#latest = `${on} household ${household}, coupon ${coupon} → ${outcome}`
    if (this.#isLive) this.#draw(this.#arrived === this.#total)
  }

  /** Nothing is drawn any more; what was drawn stays as it was last. */
  end(): void {
    if (this.#drawnAtMs === 0) return
    this.#draw(true)
    this.#drawnAtMs = 0
    this.#terminal.settle()
  }

  #draw(isLast: boolean): void {
    const nowMs = performance.now()
    if (!isLast && nowMs - this.#drawnAtMs < drawMs) return
    this.#drawnAtMs = nowMs
    const filled = Math.round(((this.#answered + this.#refused) / this.#total) * barWidth)
    const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled)
    this.#terminal.draw([`  ${bar} ${this.#counts()}`, `  ${this.#latest}`])
  }

  #counts(): string {
    const refused = this.#refused > 0 ? `, ${count(this.#refused)} refused` : ''
    return `${count(this.#answered)} of ${count(this.#total)} answered${refused}, ${count(this.#arrived)} attributions`
  }
}
