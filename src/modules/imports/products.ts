// Products: a row is a product, or one of its variants. The first row of a product tells what it is, others add variants to it.

import { type RowPlan, rejected } from '../../core/imports/outcome.ts'
import { Cells } from '../../core/imports/shop-cells.ts'
import { productColumns } from '../../core/imports/shop-columns.ts'
import { amountText } from '../../core/orders/amount.ts'
import type { GivenProduct, GivenVariant, ProductStatus, VariantContent } from '../../core/orders/product-content.ts'
import { minorDigits } from '../../core/orders.ts'
import { badInput } from '../../errors.ts'
import { saveProducts } from '../products/saving.ts'
import { type KnownProduct, lockProducts } from '../products/sql.ts'
import type { FileRow, ImportKindWork, Piece } from './job.ts'
import { type Said, strangersOf } from './person-rows.ts'
import {
  columnsWith,
  fieldsNow,
  fieldsSaid,
  firstWith,
  isPlan,
  namesOf,
  readRow,
  togetherBy,
  verdictOf,
} from './shop-rows.ts'
import { inTrials, type Trial } from './trials.ts'

const others = namesOf(productColumns)

interface ProductRow {
  readonly number: number
  readonly sourceId: string
  readonly given: GivenProduct
  readonly variant: GivenVariant | null
  readonly said: Said | null
}

export const productsWork: ImportKindWork = {
  columns: (rules) => columnsWith(productColumns, rules, 'PRODUCT'),
  strangers: (rules) => strangersOf(rules, 'PRODUCT'),
  chunkSize: 500,
  ...togetherBy('productId'),
  async work(piece) {
    const read = piece.rows.map((row) => productRow(piece, row))
    const rows = read.filter((row): row is ProductRow => !isPlan(row))
    const { fit, refused } = await onceEach(piece, rows)
    return [...read.filter(isPlan), ...refused, ...(await inTrials(piece, fit, (open) => save(piece, open)))]
  },
}

const statuses: readonly string[] = ['ACTIVE', 'DISCONTINUED'] satisfies ProductStatus[]

function productRow(piece: Piece, row: FileRow): ProductRow | RowPlan {
  const cells = new Cells(row.values, piece.job.blankCells === 'CLEAR')
  return readRow(row, cells, () => {
    const sourceId = cells.text('productId')
    if (!sourceId) throw badInput('blank', 'productId')
    const status = cells.text('status')?.toUpperCase()
    if (status !== undefined && !statuses.includes(status))
      throw badInput(`not one of ${statuses.join(', ')}`, 'status')
    const sku = cells.text('sku')
    const [price, currency] = [cells.amount('price'), cells.text('currency')]
    const variant = sku ? { sku, name: cells.text('variantName'), price, currency } : null
    const given = {
      ...{ name: cells.text('name'), category: cells.list('category', />/), currency },
      ...(status === undefined ? {} : { status: status as ProductStatus }), // One of them, as was just asked.
      ...(variant ? {} : { price }),
    }
    return { number: row.number, sourceId, given, variant, said: fieldsSaid(piece, row, { owner: 'PRODUCT', others }) }
  })
}

/** Of a product that has several rows the later ones tell a variant each, and nothing else; the same SKU again is refused. */
async function onceEach(piece: Piece, rows: readonly ProductRow[]) {
  const first = await firstWith(
    piece,
    rows.map(({ number, sourceId }) => ({ number, key: `product:${sourceId}` })),
  )
  const firstSku = await firstWith(
    piece,
    rows.flatMap(({ number, variant }) => (variant ? [{ number, key: `sku:${variant.sku}` }] : [])),
  )
  const refused: RowPlan[] = []
  const fit = rows.flatMap((row): ProductRow[] => {
    const { number, variant } = row
    const earlier = variant ? firstSku(number) : first(number)
    if (earlier < number) {
      refused.push(rejected(number, 'DUPLICATE', `the same as row ${earlier} of the file`))
      return []
    }
    return [first(number) < number ? { ...row, given: {}, said: null } : row]
  })
  return { fit, refused }
}

async function save(piece: Piece, rows: readonly ProductRow[]): Promise<Trial> {
  const { tx, job, rules, context } = piece
  const { accountId } = job
  const ids = [...new Set(rows.map(({ sourceId }) => sourceId))]
  const known = new Map((await lockProducts(tx, accountId, ids)).map((product) => [product.sourceId, product]))
  const variants = new Map<string, ReadonlyMap<string, GivenVariant>>()
  const asked = rows.map((row) => {
    const { sourceId, variant, said } = row
    const product = known.get(sourceId)
    const before = variants.get(sourceId) ?? variantsOf(product)
    const now = variant ? new Map([...before, [variant.sku, withKnown(variant, before.get(variant.sku))]]) : before
    variants.set(sourceId, now)
    const given = {
      ...row.given,
      ...(variant ? { variants: [...now.values()] } : {}),
      ...fieldsNow(said, product?.content.fields),
    }
    return { sourceId, path: 'row', given }
  })
  const outcomes = await saveProducts(tx, accountId, {
    rows: asked,
    fields: rules.fields?.of('PRODUCT'),
    now: context.now,
  })
  const plans = rows.map(({ number, sourceId, variant }, index) =>
    verdictOf(piece, {
      ...{ number, profileId: null, outcome: outcomes[index] ?? badInput('missing') },
      about: { product: sourceId, ...(variant ? { sku: variant.sku } : {}) },
    }),
  )
  return { plans, created: new Set() }
}

/** What a row does not say of a variant stays. */
const withKnown = (variant: GivenVariant, known: GivenVariant | undefined): GivenVariant => ({
  sku: variant.sku,
  name: variant.name === undefined ? (known?.name ?? null) : variant.name,
  price: variant.price === undefined ? (known?.price ?? null) : variant.price,
  ...currencyOf(variant.currency === undefined ? known?.currency : variant.currency),
})

const currencyOf = (currency: string | null | undefined) => (currency == null ? {} : { currency })

const variantsOf = (product: KnownProduct | undefined): ReadonlyMap<string, GivenVariant> =>
  new Map((product?.content.variants ?? []).map((variant) => [variant.sku, givenOf(variant)]))

const givenOf = ({ sku, name, priceMinor, currency }: VariantContent): GivenVariant => ({
  ...{ sku, name, ...currencyOf(currency) },
  price: priceMinor === null || currency === null ? null : amountText(priceMinor, minorDigits(currency)),
})
