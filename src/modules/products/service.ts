// Products as callers save them.

import type { Context } from '../../context.ts'
import type { GivenProduct } from '../../core/orders/product-content.ts'
import { ApiError, badInput } from '../../errors.ts'
import { retrying } from '../../platform/retry.ts'
import { type Saved, saveProducts as saveRows } from './saving.ts'

export interface ProductInput extends GivenProduct {
  sourceId: string
}

const maxProducts = 500

/** One outcome for each product, in their order. LIMIT_EXCEEDED for more than 500. */
export async function saveProducts(
  context: Context,
  { products }: { products: readonly ProductInput[] },
): Promise<(Saved | ApiError)[]> {
  const { accountId, services, now } = context
  if (products.length > maxProducts)
    throw new ApiError('LIMIT_EXCEEDED', `over ${maxProducts} products`, { field: 'input.products' })
  if (products.length === 0) throw badInput('no products', 'input.products')
  const rows = products.map(({ sourceId, ...given }, i) => ({ sourceId, given, path: `input.products[${i}]` }))
  return retrying(() =>
    services.database.transaction(async (tx) => {
      const { fields } = await services.ruleSets.inForce(tx, accountId)
      return saveRows(tx, accountId, { rows, fields: fields?.of('PRODUCT'), now })
    }),
  )
}
