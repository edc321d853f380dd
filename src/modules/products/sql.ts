// Products and their variants, set by set.

import type { ProductContent, ProductStatus, VariantContent } from '../../core/orders/product-content.ts'
import type { JsonObject } from '../../core/targeting/facts.ts'
import { newId } from '../../ids.ts'
import type { Sql } from '../../platform/database.ts'

/** Stores those that are not known, as placeholders; returns the ids of those that it stored, by source id. */
export async function insertPlaceholders(
  sql: Sql,
  accountId: string,
  sourceIds: readonly string[],
): Promise<Map<string, string>> {
  const sorted = [...new Set(sourceIds)].sort()
  const rows = await sql.$queryRaw<{ id: string; sourceId: string }[]>`
    INSERT INTO product (account_id, id, source_id, is_placeholder)
    SELECT ${accountId}::uuid, id, source_id, TRUE
    FROM unnest(${sorted.map(() => newId())}::uuid[], ${sorted}::text[]) WITH ORDINALITY AS new (id, source_id, place)
    WHERE NOT EXISTS (SELECT FROM product WHERE product.account_id = ${accountId}::uuid AND product.source_id = new.source_id)
    ORDER BY place
    ON CONFLICT (account_id, source_id) DO NOTHING RETURNING id, source_id AS "sourceId"`
  return new Map(rows.map(({ sourceId, id }) => [sourceId, id]))
}

/** The ids of the products, by source id; those that are not known become placeholders. */
export async function productIds(
  sql: Sql,
  accountId: string,
  sourceIds: readonly string[],
): Promise<Map<string, string>> {
  if (sourceIds.length === 0) return new Map()
  await insertPlaceholders(sql, accountId, sourceIds)
  const rows = await sql.$queryRaw<{ id: string; sourceId: string }[]>`
    SELECT id, source_id AS "sourceId" FROM product
    WHERE account_id = ${accountId}::uuid AND source_id = ANY (${[...new Set(sourceIds)]}::text[])`
  return new Map(rows.map(({ sourceId, id }) => [sourceId, id]))
}

export interface KnownProduct {
  id: string
  sourceId: string
  isPlaceholder: boolean
  content: ProductContent
}

interface ProductRow {
  id: string
  sourceId: string
  isPlaceholder: boolean
  name: string | null
  status: ProductStatus
  category: string[]
  priceMinor: bigint | number | null
  currency: string | null
  fields: JsonObject
}

/** The products, locked in the order of their source ids; not against lines of orders that come to name them, which the batch of an event writes. */
export async function lockProducts(sql: Sql, accountId: string, sourceIds: readonly string[]): Promise<KnownProduct[]> {
  const rows = await sql.$queryRaw<ProductRow[]>`
    SELECT id, source_id AS "sourceId", is_placeholder AS "isPlaceholder", name, status, category, price_minor AS "priceMinor", currency, fields
    FROM product WHERE account_id = ${accountId}::uuid AND source_id = ANY (${sourceIds}::text[]) ORDER BY source_id COLLATE "C" FOR NO KEY UPDATE`
  const variants = await findVariants(sql, accountId, { productIds: rows.map(({ id }) => id) })
  return rows.map(({ id, sourceId, isPlaceholder, priceMinor, ...row }) => ({
    ...{ id, sourceId, isPlaceholder },
    content: {
      ...row,
      priceMinor: priceMinor === null ? null : BigInt(priceMinor),
      variants: variants.flatMap(({ productId, ...variant }) => (productId === id ? [variant] : [])),
    },
  }))
}

/** The variants of the products, and of the SKUs, by SKU. */
export async function findVariants(
  sql: Sql,
  accountId: string,
  { productIds = [], skus = [] }: { productIds?: readonly string[]; skus?: readonly string[] },
): Promise<(VariantContent & { productId: string })[]> {
  const rows = await sql.$queryRaw<(VariantContent & { productId: string })[]>`
    SELECT sku, product_id AS "productId", name, price_minor AS "priceMinor", currency FROM product_variant
    WHERE account_id = ${accountId}::uuid AND product_id = ANY (${productIds}::uuid[])
    UNION SELECT sku, product_id, name, price_minor, currency FROM product_variant
    WHERE account_id = ${accountId}::uuid AND sku = ANY (${skus}::text[]) ORDER BY 1`
  return rows.map((row) => ({ ...row, priceMinor: row.priceMinor === null ? null : BigInt(row.priceMinor) }))
}

export async function deleteProducts(sql: Sql, accountId: string, ids: readonly string[]): Promise<void> {
  await sql.$executeRaw`DELETE FROM product WHERE account_id = ${accountId}::uuid AND id = ANY (${ids}::uuid[])`
}

const textOf = (value: bigint | null): string | null => (value === null ? null : String(value))

export type StoredProduct = Pick<KnownProduct, 'id' | 'content'>

/** From then on they are placeholders no more. */
export async function updateProducts(
  sql: Sql,
  accountId: string,
  { products, now }: { products: readonly StoredProduct[]; now: Date },
): Promise<void> {
  const column = <T>(of: (content: ProductContent) => T) => products.map(({ content }) => of(content))
  await sql.$executeRaw`
    UPDATE product SET is_placeholder = FALSE, name = new.name, status = new.status::product_status,
      category = ARRAY(SELECT jsonb_array_elements_text(new.category)), price_minor = new.price_minor::bigint, currency = new.currency,
      fields = new.fields, updated_at = ${now}::timestamptz
    FROM unnest(${products.map(({ id }) => id)}::uuid[], ${column(({ name }) => name)}::text[], ${column(({ status }) => status)}::text[],
      ${column(({ category }) => JSON.stringify(category))}::text[]::jsonb[], ${column(({ priceMinor }) => textOf(priceMinor))}::text[],
      ${column(({ currency }) => currency)}::text[], ${column(({ fields }) => JSON.stringify(fields))}::text[]::jsonb[])
      AS new (id, name, status, category, price_minor, currency, fields)
    WHERE product.account_id = ${accountId}::uuid AND product.id = new.id`
}

/** Each product has these variants and no others. Returns how many were stored: fewer where another transaction took an SKU first. */
export async function replaceVariants(
  sql: Sql,
  accountId: string,
  products: readonly StoredProduct[],
): Promise<{ wanted: number; stored: number }> {
  const rows = products
    .flatMap(({ id: productId, content }) => content.variants.map((variant) => ({ productId, ...variant })))
    .sort((a, b) => (a.sku < b.sku ? -1 : 1))
  await sql.$executeRaw`
    DELETE FROM product_variant WHERE account_id = ${accountId}::uuid AND product_id = ANY (${products.map(({ id }) => id)}::uuid[])`
  if (rows.length === 0) return { wanted: 0, stored: 0 }
  const stored = await sql.$executeRaw`
    INSERT INTO product_variant (account_id, sku, product_id, name, price_minor, currency)
    SELECT ${accountId}::uuid, sku, product_id, name, price_minor::bigint, currency
    FROM unnest(${rows.map(({ sku }) => sku)}::text[], ${rows.map(({ productId }) => productId)}::uuid[], ${rows.map(({ name }) => name)}::text[],
      ${rows.map(({ priceMinor }) => textOf(priceMinor))}::text[], ${rows.map(({ currency }) => currency)}::text[])
      AS new (sku, product_id, name, price_minor, currency)
    ON CONFLICT DO NOTHING`
  return { wanted: rows.length, stored }
}
