// Patterns that values must have: regular expressions without look-around and back-references, matched in time that grows with
// the text and not beyond (all states at once, after Thompson), so that no pattern of a caller can hold the server up.

/** Whether a text is of the pattern as a whole. */
export type PatternTest = (text: string) => boolean

const maxPattern = 200
const maxSteps = 1_000
const maxWork = 10_000
const maxRepeat = 100

/** Longer texts are of no pattern. */
export const maxPatternText = 1_024

type CharTest = (char: string) => boolean

/** SPLIT goes on at both places; CHAR takes one character that passes. */
type Step =
  | { readonly kind: 'CHAR'; readonly test: CharTest }
  | { readonly kind: 'SPLIT'; readonly first: number; readonly second: number }
  | { readonly kind: 'END' }

type Node =
  | { readonly kind: 'CHAR'; readonly test: CharTest }
  | { readonly kind: 'ALL'; readonly parts: readonly Node[] }
  | { readonly kind: 'ANY'; readonly parts: readonly Node[] }
  | { readonly kind: 'REPEAT'; readonly part: Node; readonly least: number; readonly most: number }

/** The test of a pattern. RangeError, saying what is wrong, for one that is none. `^` and `$` may stand around it. */
export function compilePattern(pattern: string): PatternTest {
  if (pattern.length > maxPattern) throw new RangeError(`over ${maxPattern} characters`)
  const program = new Program()
  program.emit(new Parser(pattern.replace(/^\^/, '').replace(/(?<!\\)\$$/, '')).whole())
  const steps: readonly Step[] = [...program.steps, { kind: 'END' }]
  return (text) => text.length <= maxPatternText && run(steps, text)
}

/** What a pattern becomes, step by step. */
class Program {
  readonly steps: Step[] = []
  #work = 0

  emit(node: Node): void {
    // Repetitions of nothing make no steps, and take their time all the same.
    if (this.steps.length > maxSteps || ++this.#work > maxWork) throw new RangeError('a pattern that is too large')
    if (node.kind === 'CHAR') this.steps.push(node)
    else if (node.kind === 'ALL') for (const part of node.parts) this.emit(part)
    else if (node.kind === 'ANY') this.#emitAny(node.parts)
    else this.#emitRepeat(node)
  }

  #emitAny([first, ...rest]: readonly Node[]): void {
    if (!first) return
    const split = rest.length === 0 ? null : this.#reserve()
    this.emit(first)
    if (split === null) return
    const jump = this.#reserve()
    this.#branch(split, this.steps.length)
    this.#emitAny(rest)
    this.steps[jump] = { kind: 'SPLIT', first: this.steps.length, second: this.steps.length }
  }

  #emitRepeat({ part, least, most }: Extract<Node, { kind: 'REPEAT' }>): void {
    for (let i = 0; i < least; i++) this.emit(part)
    const isEndless = most === Number.POSITIVE_INFINITY
    for (let i = least; i < (isEndless ? least + 1 : most); i++) {
      const split = this.#reserve()
      this.emit(part)
      if (isEndless) this.steps.push({ kind: 'SPLIT', first: split, second: split })
      this.#branch(split, this.steps.length)
    }
  }

  #reserve(): number {
    return this.steps.push({ kind: 'END' }) - 1
  }

  #branch(place: number, second: number): void {
    this.steps[place] = { kind: 'SPLIT', first: place + 1, second }
  }
}

function run(steps: readonly Step[], text: string): boolean {
  let current = closure(steps, [0])
  for (const char of text) {
    const next: number[] = []
    for (const place of current) {
      const step = steps[place]
      if (step?.kind === 'CHAR' && step.test(char)) next.push(place + 1)
    }
    if (next.length === 0) return false
    current = closure(steps, next)
  }
  return [...current].some((place) => steps[place]?.kind === 'END')
}

/** The places that are reached from there without taking a character. */
function closure(steps: readonly Step[], from: readonly number[]): ReadonlySet<number> {
  const reached = new Set<number>()
  const waiting = [...from]
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    if (reached.has(place)) continue
    reached.add(place)
    const step = steps[place]
    if (step?.kind === 'SPLIT') waiting.push(step.first, step.second)
  }
  return reached
}

const classes: { readonly [name: string]: CharTest } = {
  d: (char) => /^[0-9]$/.test(char),
  w: (char) => /^[A-Za-z0-9_]$/.test(char),
  s: (char) => /^\s$/.test(char),
  D: (char) => !/^[0-9]$/.test(char),
  W: (char) => !/^[A-Za-z0-9_]$/.test(char),
  S: (char) => !/^\s$/.test(char),
}
const controls: { readonly [name: string]: string } = { t: '\t', n: '\n', r: '\r' }

class Parser {
  readonly #chars: readonly string[]
  #place = 0

  constructor(pattern: string) {
    this.#chars = [...pattern]
  }

  whole(): Node {
    const node = this.#any()
    if (this.#place < this.#chars.length) throw new RangeError(`an unexpected ${this.#peek()}`)
    return node
  }

  #any(): Node {
    const parts = [this.#all()]
    while (this.#take('|')) parts.push(this.#all())
    return { kind: 'ANY', parts }
  }

  #all(): Node {
    const parts: Node[] = []
    while (this.#place < this.#chars.length && this.#peek() !== '|' && this.#peek() !== ')')
      parts.push(this.#repeated())
    return { kind: 'ALL', parts }
  }

  #repeated(): Node {
    const part = this.#atom()
    const [least, most] = this.#times() ?? [1, 1]
    if ('*+?{'.includes(this.#peek() ?? 'none')) throw new RangeError('a repetition of a repetition')
    return least === 1 && most === 1 ? part : { kind: 'REPEAT', part, least, most }
  }

  #times(): readonly [number, number] | null {
    if (this.#take('*')) return [0, Number.POSITIVE_INFINITY]
    if (this.#take('+')) return [1, Number.POSITIVE_INFINITY]
    if (this.#take('?')) return [0, 1]
    if (!this.#take('{')) return null
    const text = this.#until('}')
    const [, low, comma, high] = /^(\d{1,3})(,?)(\d{0,3})$/.exec(text) ?? []
    const least = Number(low)
    const most = comma === '' ? least : high === '' ? Number.POSITIVE_INFINITY : Number(high)
    const largest = most === Number.POSITIVE_INFINITY ? least : most
    if (low === undefined || most < least || largest > maxRepeat)
      throw new RangeError(`not a number of times: {${text}}; at most ${maxRepeat}`)
    return [least, most]
  }

  #atom(): Node {
    const char = this.#next()
    if (char === '(') return this.#group()
    if (char === '[') return { kind: 'CHAR', test: this.#charClass() }
    if (char === '.') return { kind: 'CHAR', test: (one) => one !== '\n' }
    if (char === '\\') return { kind: 'CHAR', test: this.#escaped().test }
    if ('*+?{}^$'.includes(char)) throw new RangeError(`an unexpected ${char}`)
    return { kind: 'CHAR', test: (one) => one === char }
  }

  #group(): Node {
    if (this.#take('?') && !this.#take(':')) throw new RangeError('groups are plain or begin with ?:')
    const inner = this.#any()
    if (!this.#take(')')) throw new RangeError('a group without its end')
    return inner
  }

  #charClass(): CharTest {
    const isNegated = this.#take('^')
    const tests: CharTest[] = []
    do {
      const { test, char: from } = this.#classMember()
      if (from === null || this.#peek() !== '-' || this.#chars[this.#place + 1] === ']') tests.push(test)
      else {
        this.#next()
        const { char: to } = this.#classMember()
        if (to === null || to < from) throw new RangeError('a range that is none')
        tests.push((one) => one >= from && one <= to)
      }
    } while (!this.#take(']'))
    return (one) => tests.some((test) => test(one)) !== isNegated
  }

  #classMember(): { test: CharTest; char: string | null } {
    const char = this.#next()
    return char === '\\' ? this.#escaped() : { test: (one) => one === char, char }
  }

  #escaped(): { test: CharTest; char: string | null } {
    const char = this.#next()
    const known = Object.hasOwn(classes, char) ? classes[char] : undefined
    if (known) return { test: known, char: null }
    const meant = Object.hasOwn(controls, char) ? controls[char] : char
    if (meant === undefined || /^[A-Za-z0-9]$/.test(meant))
      throw new RangeError(`an escape that is not known: \\${char}`)
    return { test: (one) => one === meant, char: meant }
  }

  #until(end: string): string {
    let text = ''
    for (let char = this.#next(); char !== end; char = this.#next()) text += char
    return text
  }

  #peek(): string | undefined {
    return this.#chars[this.#place]
  }

  #take(char: string): boolean {
    if (this.#peek() !== char) return false
    this.#place++
    return true
  }

  #next(): string {
    const char = this.#peek()
    if (char === undefined) throw new RangeError('an end that comes too soon')
    this.#place++
    return char
  }
}
