// What cells of a shop's files say: texts, amounts, whole numbers, times, statuses. Nothing is guessed: a cell that could mean two
// things, or nothing, is a fault that says what would be taken.

import type { OrderStatus } from '../orders/fold.ts'
import type { GivenAddress } from '../orders/order-address.ts'
import { parseInstant } from '../rules/instant.ts'

/** Why a cell cannot be read. */
export interface CellFault {
  readonly column: string
  readonly message: string
  /** It is below zero, as returns and credits are. */
  readonly isNegative?: boolean
}

const maxText = 1_000
const wholeText = /^[+-]?\d{1,15}$/
const amountText = /^[+-]?\d{1,30}(?:\.\d{1,30})?$/
const dayText = /^\d{4}-\d\d-\d\d$/
const zoneless = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)$/
const zoned = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?) ?(Z|UTC|[+-]\d\d:?\d\d)$/

const statuses: ReadonlyMap<string, OrderStatus> = new Map(
  Object.entries({
    PLACED: ['placed', 'pending', 'open', 'new', 'processing'],
    PAID: ['paid'],
    FULFILLED: ['fulfilled', 'shipped', 'delivered', 'complete', 'completed'],
    CANCELLED: ['cancelled', 'canceled', 'voided'],
    RETURNED: ['returned'],
  } satisfies Record<OrderStatus, string[]>).flatMap(
    ([status, words]) => words.map((word) => [word, status as OrderStatus] as const), // A key of the record.
  ),
)

/** Reads the cells of one row. Undefined: the row does not say; null: it says that there is none. */
export class Cells {
  readonly faults: CellFault[] = []
  readonly #values: ReadonlyMap<string, unknown>
  readonly #clears: boolean

  /** `clears`: blank cells say that there is none. */
  constructor(values: ReadonlyMap<string, unknown>, clears: boolean) {
    this.#values = values
    this.#clears = clears
  }

  text(column: string): string | null | undefined {
    const value = this.#values.get(column)
    if (value === undefined) return undefined
    if (value === null) return null
    if (typeof value === 'object') return this.#fault(column, 'not a text')
    const text = String(value).trim()
    if (text === '') return this.#clears ? null : undefined
    return text.length > maxText ? this.#fault(column, `over ${maxText} characters`) : text
  }

  /** Decimal text of at least 0. */
  amount(column: string): string | null | undefined {
    const text = this.text(column)
    if (text == null) return text
    if (!amountText.test(text))
      return this.#fault(column, `not an amount with a decimal point, such as 19.90: ${shown(text)}`)
    if (text.startsWith('-') && /[1-9]/.test(text)) return this.#negative(column, text)
    return text.replace(/^[+-]/, '')
  }

  whole(column: string): number | null | undefined {
    const text = this.text(column)
    if (text == null) return text
    if (!wholeText.test(text)) return this.#fault(column, `not a whole number: ${shown(text)}`)
    return Number(text) < 0 ? this.#negative(column, text) : Number(text)
  }

  /** With the day first or the month first it could be two days; without an offset it is UTC. */
  instant(column: string): Date | null | undefined {
    const text = this.text(column)
    if (text == null) return text
    const at = instantOf(text)
    if (at !== null) return new Date(at)
    return this.#fault(column, `not a time of the calendar, such as 2026-03-01T10:00:00Z: ${shown(text)}`)
  }

  truth(column: string): boolean | null | undefined {
    const text = this.text(column)
    if (text == null) return text
    const folded = text.toLowerCase()
    if (['true', 'yes', '1'].includes(folded)) return true
    if (['false', 'no', '0'].includes(folded)) return false
    return this.#fault(column, `neither true nor false: ${shown(text)}`)
  }

  status(column: string): OrderStatus | undefined {
    const text = this.text(column)
    if (text == null) return undefined
    return statuses.get(text.toLowerCase()) ?? this.#fault(column, `no status of orders: ${shown(text)}`)
  }

  /** Parts of one cell, without blank ones. */
  list(column: string, parting: RegExp): readonly string[] | null | undefined {
    const text = this.text(column)
    if (text == null) return text
    return text
      .split(parting)
      .map((one) => one.trim())
      .filter(Boolean)
  }

  address(of: 'shipping' | 'billing'): GivenAddress | null | undefined {
    const read = (part: string) => this.text(`${of}${part}`)
    const parts = [read('Name'), read('PostalCode'), read('City'), read('Region'), read('Country')] as const
    const lines = [read('Line1'), read('Line2')]
    const all = [...parts, ...lines]
    if (all.every((one) => one == null)) return all.every((one) => one === undefined) ? undefined : null
    const [name, postalCode, city, region, country] = parts
    return { name, postalCode, city, region, country, lines: lines.flatMap((line) => line ?? []) }
  }

  #fault(column: string, message: string): undefined {
    this.faults.push({ column, message })
  }

  #negative(column: string, text: string): undefined {
    this.faults.push({ column, message: `below zero: ${shown(text)}`, isNegative: true })
  }
}

const shown = (text: string) => JSON.stringify(text.slice(0, 40))

/** Milliseconds since the epoch; null for what is none. */
function instantOf(text: string): number | null {
  if (dayText.test(text)) return parseInstant(`${text}T00:00:00Z`)
  const [, day, time, zone] = zoneless.exec(text) ?? zoned.exec(text) ?? []
  if (day === undefined) return parseInstant(text)
  const offset = zone === undefined || zone === 'UTC' ? 'Z' : zone.replace(/^([+-]\d\d):?(\d\d)$/, '$1:$2')
  return parseInstant(`${day}T${time}${offset}`)
}
