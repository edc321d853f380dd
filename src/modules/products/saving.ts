// Saving many products at once: each is read, put together with what is known, compared, and stored or refused alone.

import type { FieldsRules } from '../../core/fields/check.ts'
import { checkFields } from '../../core/fields/check.ts'
import type { FieldFault } from '../../core/fields/definition.ts'
import { type Difference, differencesOf } from '../../core/orders/differences.ts'
import { type GivenProduct, type ProductContent, readProduct } from '../../core/orders/product-content.ts'
import { ApiError, badInput, conflict } from '../../errors.ts'
import type { Sql } from '../../platform/database.ts'
import { RetryError } from '../../platform/retry.ts'
import {
  deleteProducts,
  findVariants,
  insertPlaceholders,
  type KnownProduct,
  lockProducts,
  replaceVariants,
  updateProducts,
} from './sql.ts'

export interface ProductRow {
  readonly sourceId: string
  /** Where it stands in the request, for errors. */
  readonly path: string
  readonly given: GivenProduct
}

export type SavedStatus = 'CREATED' | 'UPDATED' | 'UNCHANGED'

export interface Saved {
  readonly id: string
  readonly status: SavedStatus
  /** What is other than before; empty for what was created. */
  readonly differences: readonly Difference[]
  /** What was left out or does not add up. */
  readonly warnings: readonly FieldFault[]
}

export interface SavingProducts {
  readonly rows: readonly ProductRow[]
  /** What their own fields are held to. */
  readonly fields: FieldsRules | undefined
  readonly now: Date
}

const maxSourceId = 256
/** Of names and steps of categories. */
const maxText = 1_000

/**
 * One outcome for each row, in their order; of one product told twice the later row goes by the earlier. Rows are refused alone:
 * BAD_INPUT for what cannot be read, CONFLICT for an SKU of another product. RetryError where others write the same at once.
 */
export async function saveProducts(sql: Sql, accountId: string, saving: SavingProducts): Promise<(Saved | ApiError)[]> {
  const ids = saving.rows.map((row) => checkedId(row.sourceId, `${row.path}.sourceId`))
  const named = ids.filter((id) => typeof id === 'string')
  const created = await insertPlaceholders(sql, accountId, named)
  const products = new Map((await lockProducts(sql, accountId, named)).map((known) => [known.sourceId, known]))
  const skus = saving.rows.flatMap(({ given }) => (given.variants ?? []).map(({ sku }) => sku.trim()))
  const owners = new Map((await findVariants(sql, accountId, { skus })).map(({ sku, productId }) => [sku, productId]))
  const state = { products, owners, isNew: new Set(created.values()) }
  const written = new Set<string>()
  const outcomes = saving.rows.map((row, index) => {
    const sourceId = ids[index]
    if (typeof sourceId !== 'string') return sourceId ?? badInput('missing', row.path)
    const outcome = saveOne({ ...row, sourceId }, state, saving)
    if (!(outcome instanceof ApiError) && outcome.status !== 'UNCHANGED') written.add(sourceId)
    return outcome
  })
  const stored = [...written].flatMap((sourceId) => products.get(sourceId) ?? [])
  if (stored.length > 0) {
    await updateProducts(sql, accountId, { products: stored, now: saving.now })
    const { wanted, stored: taken } = await replaceVariants(sql, accountId, stored)
    if (taken < wanted) throw new RetryError()
  }
  const refused = [...created].flatMap(([sourceId, id]) => (written.has(sourceId) ? [] : [id]))
  if (refused.length > 0) await deleteProducts(sql, accountId, refused)
  return outcomes
}

function checkedId(sourceId: string, path: string): string | ApiError {
  const text = sourceId.trim()
  return text === '' || text.length > maxSourceId ? badInput(`not from 1 to ${maxSourceId} characters`, path) : text
}

interface State {
  readonly products: Map<string, KnownProduct>
  /** By SKU. */
  readonly owners: Map<string, string>
  /** Ids of those that nobody told of before. */
  readonly isNew: Set<string>
}

function saveOne(row: ProductRow, { products, owners, isNew }: State, saving: SavingProducts): Saved | ApiError {
  const known = products.get(row.sourceId)
  // Others deleted what they had refused meanwhile.
  if (!known) throw new RetryError()
  const long = [row.given.name ?? '', ...(row.given.category ?? [])].find((text) => text.length > maxText)
  if (long !== undefined) return badInput(`over ${maxText} characters`, `${row.path}.name`)
  const isWhole = row.given.fields !== undefined || isNew.has(known.id) || known.isPlaceholder
  const held = isWhole ? heldFields(row, saving.fields) : { given: row.given, warnings: [] }
  if (held instanceof ApiError) return held
  const read = readProduct(held.given, known.content)
  if ('message' in read) return badInput(read.message, `${row.path}.${read.field}`)
  const taken = read.variants.find(({ sku }) => (owners.get(sku) ?? known.id) !== known.id)
  if (taken) return conflict(`the SKU ${taken.sku} is another product’s`, `${row.path}.variants`)
  for (const { sku } of known.content.variants) owners.delete(sku)
  for (const { sku } of read.variants) owners.set(sku, known.id)
  const status = statusOf(known, read, isNew)
  const differences = status === 'UPDATED' ? differencesOf(known.content, read) : []
  isNew.delete(known.id)
  products.set(row.sourceId, { ...known, content: read, isPlaceholder: false })
  return { id: known.id, status, differences, warnings: held.warnings }
}

function statusOf(known: KnownProduct, now: ProductContent, isNew: ReadonlySet<string>): SavedStatus {
  if (isNew.has(known.id)) return 'CREATED'
  return known.isPlaceholder || differencesOf(known.content, now).length > 0 ? 'UPDATED' : 'UNCHANGED'
}

function heldFields(
  { given, path }: ProductRow,
  rules: FieldsRules | undefined,
): { given: GivenProduct; warnings: readonly FieldFault[] } | ApiError {
  if (!rules) return { given, warnings: [] }
  const { value, warnings, faults } = checkFields(rules, given.fields ?? {}, { path: `${path}.fields`, isWhole: true })
  const [fault] = faults
  return fault ? badInput(fault.message, fault.field) : { given: { ...given, fields: value }, warnings }
}
