// Figures of a person's orders, once more and slowly: every order is told as a story, change by change, and looked at afterwards.

import type { OrderRule, ProductRule } from '../../../src/core/rules/rule.ts'
import type { ItemFacts, OrderFacts } from '../../../src/core/targeting/facts.ts'
import { dayMs } from './asked.ts'

interface Story {
  name: string
  placedAt: number
  currency: string | null
  total: number | null
  paidBack: number
  cancelled: boolean
  items: readonly ItemFacts[]
  piecesBack: Map<number, number>
}

function storyOf(name: string, changes: readonly OrderFacts[]): Story | null {
  const told = [...changes].sort((a, b) => (a.at === b.at ? (a.id < b.id ? -1 : 1) : a.at - b.at))
  const statements = told.flatMap((one) => (one.kind === 'STATED' ? [one] : []))
  const [opening] = statements
  if (!opening) return null
  let placedAt = opening.placedAt ?? opening.at
  let [currency, total] = [opening.currency, opening.totalMinor]
  for (const { placedAt: moved, currency: other, totalMinor } of statements.slice(1)) {
    if (moved !== null) placedAt = moved
    if (moved === null && totalMinor === null) continue
    currency = other
    total = totalMinor
  }
  const refunds = told.flatMap((one) => (one.kind === 'REFUND' ? [one] : []))
  const piecesBack = new Map<number, number>()
  for (const { line, quantity } of refunds)
    if (line != null) piecesBack.set(line, (piecesBack.get(line) ?? 0) + (quantity ?? 0))
  const last = told.flatMap((one) => (one.kind === 'STATUS' ? [one.status] : [])).at(-1)
  return {
    name,
    placedAt,
    currency,
    total,
    paidBack: refunds.map(({ refundMinor }) => refundMinor ?? 0).reduce((a, b) => a + b, 0),
    cancelled: last === 'CANCELLED',
    items: statements.flatMap(({ items }) => (items ? [items] : [])).at(-1) ?? [],
    piecesBack,
  }
}

/** The orders that count at t, the earliest first. */
function storiesAt(all: readonly OrderFacts[], t: number): Story[] {
  const known = all.filter(({ at }) => at <= t)
  return [...new Set(known.map(({ orderId }) => orderId))]
    .flatMap(
      (name) =>
        storyOf(
          name,
          known.filter(({ orderId }) => orderId === name),
        ) ?? [],
    )
    .filter(({ cancelled, placedAt }) => !cancelled && placedAt <= t)
    .sort((a, b) => a.placedAt - b.placedAt || (a.name < b.name ? -1 : 1))
}

const leftOf = ({ total, paidBack }: Story) =>
  total === null ? null : total <= 0 ? total : Math.max(total - paidBack, 0)

export function referenceFigure(rule: OrderRule, all: readonly OrderFacts[], t: number): number | null {
  const stories = storiesAt(all, t)
  const from = rule.withinLastDays == null ? Number.NEGATIVE_INFINITY : t - rule.withinLastDays * dayMs
  const recent = stories.filter(({ placedAt }) => placedAt >= from)
  const amounts = recent.flatMap((story) => (story.currency === rule.currency ? (leftOf(story) ?? []) : []))
  const total = amounts.reduce((a, b) => a + b, 0)
  const [opening] = stories
  const isRecent = opening !== undefined && recent.includes(opening)
  const days = (story: Story | undefined) => (story ? Math.floor((t - story.placedAt) / dayMs) : null)
  switch (rule.aggregate) {
    case 'COUNT':
      return recent.length
    case 'TOTAL_MINOR':
      return total
    case 'AVERAGE_MINOR':
      return amounts.length ? total / amounts.length : null
    case 'LARGEST_MINOR':
      return amounts.length ? Math.max(...amounts) : null
    case 'FIRST_MINOR':
      return isRecent && opening.currency === rule.currency ? leftOf(opening) : null
    case 'DAYS_SINCE_FIRST':
      return isRecent ? days(opening) : null
    case 'DAYS_SINCE_LAST':
      return days(recent.at(-1))
  }
}

/** Pieces, or orders with a piece, of the product. */
export function referencePieces(rule: ProductRule, all: readonly OrderFacts[], t: number): number {
  const from = rule.withinLastDays == null ? Number.NEGATIVE_INFINITY : t - rule.withinLastDays * dayMs
  const pieces = storiesAt(all, t)
    .filter(({ placedAt }) => placedAt >= from)
    .map(({ items, piecesBack }) =>
      items
        .filter(({ productId, sku, category }) =>
          rule.id != null
            ? productId === rule.id
            : rule.sku != null
              ? sku === rule.sku
              : (rule.category ?? []).join('/') === category.slice(0, rule.category?.length).join('/'),
        )
        .map(({ line, quantity }) => Math.max(quantity - (piecesBack.get(line) ?? 0), 0))
        .reduce((a, b) => a + b, 0),
    )
  return rule.counting === 'ORDERS' ? pieces.filter((some) => some > 0).length : pieces.reduce((a, b) => a + b, 0)
}
