// A real shop's lines (Online Retail, Daqing Chen, UCI, CC BY 4.0) come in as its files, and the figures are those of the file. The
// file is not part of the repository: ONLINE_RETAIL names it (CSV, Brotli); without it nothing here is looked at. ONLINE_RETAIL_LINES
// bounds how many of its lines are taken, default 6,000.

import { readFileSync } from 'node:fs'
import { brotliDecompressSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import { expect, test } from 'vitest'
import { groupBy } from '../../src/core/group.ts'
import { csvLine } from '../../src/core/imports/written-csv.ts'
import { bringIn } from '../support/imports.ts'
import { startServer } from '../support/server.ts'

const source = process.env.ONLINE_RETAIL

interface Line {
  invoice_no: string
  stock_code: string
  description: string
  quantity: string
  invoice_date: string
  unit_price: string
  customer_id: string
}

const written = (rows: readonly (readonly string[])[]) => rows.map((row) => csvLine(row)).join('')
const cents = (price: string) => Math.round(Number(price) * 1_000)

test.skipIf(!source)(
  'orders, guests and revenue of a real shop are those of its file, and what came back is refused',
  async () => {
    const text = brotliDecompressSync(readFileSync(source ?? '')).toString()
    // The parser is told that the header names the cells.
    const lines = parse(text, { columns: true, to: Number(process.env.ONLINE_RETAIL_LINES ?? 6_000) }) as Line[]
    const invoices = groupBy(lines, (line) => line.invoice_no)
    const orders = [...invoices].map(
      ([number, [first]]) => [number, first?.customer_id, first?.invoice_date, 'GBP'] as const,
    )
    const bad = new Set(
      lines.filter((one) => Number(one.quantity) < 0 || Number(one.unit_price) < 0).map((one) => one.invoice_no),
    )
    const good = lines.filter((one) => !bad.has(one.invoice_no))
    // In tenths of pennies, rounded once a line.
    const revenue = good.reduce((sum, one) => sum + Math.round((Number(one.quantity) * cents(one.unit_price)) / 10), 0)

    const server = await startServer()
    try {
      const caller = await server.otherAccount()
      const take = (kind: string, rows: readonly (readonly string[])[]) =>
        bringIn({ caller, url: server.url }, { kind, mode: 'RUN' }, written(rows))
      const header = ['invoice_no', 'customer_id', 'invoice_date', 'currency']
      const told = await take('ORDERS', [header, ...orders.map((row) => row.map((cell) => cell ?? ''))])
      expect(told.applied).toMatchObject({ create: orders.length, reject: 0 })
      const items = lines.map((one) => [one.invoice_no, one.stock_code, one.description, one.quantity, one.unit_price])
      const done = await take('ORDER_ITEMS', [
        ['invoice_no', 'stock_code', 'description', 'quantity', 'unit_price'],
        ...items,
      ])
      expect(done.applied).toMatchObject({ create: good.length, reject: lines.length - good.length })
      const { database } = server.app.services
      const ofShop = { items: { some: {} } }
      const sums = await database.system.order.aggregate({ where: ofShop, _sum: { totalMinor: true }, _count: true })
      expect(Number(sums._sum.totalMinor)).toBe(revenue)
      expect(sums._count).toBe(invoices.size - bad.size)
      const guests = [...invoices.values()].filter(([first]) => first?.customer_id === '').length
      expect(await database.system.order.count({ where: { profileId: null } })).toBe(guests)
      const customers = new Set(lines.flatMap((one) => one.customer_id || []))
      expect(await database.system.profile.count()).toBe(customers.size)
    } finally {
      await server.stop()
    }
  },
  600_000,
)
