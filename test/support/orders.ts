// Orders and products told and read through the API.

import { expect } from 'vitest'
import type { Caller } from './server.ts'

export const saveOrdersDocument = `mutation ($input: SaveOrdersInput!) { saveOrders(input: $input) { results {
  index status order { id sourceId } differences { field before after } warnings { field message } error { code field message } } } }`

/** One outcome for each. */
export const saveOrders = async (caller: Caller, ...orders: object[]) =>
  (await caller.query(saveOrdersDocument, { input: { orders } })).saveOrders.results

/** Saves one order, which is taken. */
export async function saveOrder(caller: Caller, order: object) {
  const [result] = await saveOrders(caller, order)
  expect(result.error).toBeNull()
  return result
}

export const saveProducts = async (caller: Caller, ...products: object[]) =>
  (
    await caller.query(
      `mutation ($input: SaveProductsInput!) { saveProducts(input: $input) { results { index status
        product { sourceId name isPlaceholder } differences { field before after } warnings { field } error { code field } } } }`,
      { input: { products } },
    )
  ).saveProducts.results

const orderDocument = `query ($by: OrderKeyInput!) { order(by: $by) {
  id sourceId status placedAt cancelledAt currency totalMinor refundedMinor netMinor discountMinor shippingMinor taxMinor taxIncluded
  itemsMinor computedTotalMinor totalsDiffer base { currency rate totalMinor } couponCodes shippingAddress billingAddress fields source
  profile { id sourceId }
  items { line sku name quantity unitPriceMinor discountMinor totalMinor refundedQuantity refundedMinor fields
    product { sourceId name isPlaceholder } }
  changes { kind at source totalMinor status refundMinor line quantity refundId reason } } }`

export const readOrder = async (caller: Caller, sourceId: string) =>
  (await caller.query(orderDocument, { by: { sourceId } })).order

/** One of `cancelOrder`, `setOrderStatus`, `refundOrder`, `returnOrder`. */
export const turnDocument = (name: string) => `mutation ($input: ${name[0]?.toUpperCase()}${name.slice(1)}Input!) {
  ${name}(input: $input) { isChanged order { status totalMinor refundedMinor netMinor } } }`

export const turnsOf =
  (caller: Caller) =>
  async (name: string, sourceId: string, more: object = {}) =>
    (await caller.query(turnDocument(name), { input: { order: { sourceId }, ...more } }))[name]

export const orderFigures = async (caller: Caller, by: object) =>
  (
    await caller.query(
      `query ($by: ProfileKeyInput!) { profile(by: $by) { orderFigures { count cancelled firstAt lastAt
        currencies { currency count grossMinor refundedMinor netMinor averageMinor }
        base { currency count grossMinor refundedMinor netMinor averageMinor } } } }`,
      { by },
    )
  ).profile?.orderFigures
