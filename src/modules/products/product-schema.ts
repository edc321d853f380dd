// The type Product, and what saving many of something answers.

import { builder } from '../../builder.ts'
import type { Difference } from '../../core/orders/differences.ts'
import type { ProductStatus } from '../../generated/prisma/client.ts'
import { nodeKey } from '../../ids.ts'
import type { Json, JsonObject } from '../../scalars.ts'
import { shownFields } from '../profiles/hidden.ts'

export const ProductStatusEnum = builder.enumType('ProductStatus', {
  values: { ACTIVE: {}, DISCONTINUED: { description: 'Sold no more.' } } as const satisfies {
    [status in ProductStatus]: object
  },
})

const ProductVariantType = builder.prismaObject('ProductVariant', {
  description: 'One form in which a product is sold: a size, a colour.',
  fields: (t) => ({
    sku: t.exposeString('sku'),
    name: t.exposeString('name', { nullable: true }),
    priceMinor: t.expose('priceMinor', { type: 'MinorUnits', nullable: true }),
    currency: t.exposeString('currency', { nullable: true, description: 'ISO 4217.' }),
  }),
})

export const ProductType = builder.prismaNode('Product', {
  id: { resolve: ({ id }) => id },
  select: { accountId: true, id: true },
  findUnique: (id, { accountId }) => nodeKey(id, accountId),
  nullable: true,
  authScopes: { authenticated: true },
  fields: (t) => ({
    sourceId: t.exposeString('sourceId', { description: 'The shop’s own id of it.' }),
    name: t.exposeString('name', { nullable: true }),
    status: t.expose('status', { type: ProductStatusEnum }),
    isPlaceholder: t.exposeBoolean('isPlaceholder', {
      description: 'So far only orders have named it; everything else is still to be told.',
    }),
    category: t.exposeStringList('category', { description: 'From the widest to the narrowest.' }),
    priceMinor: t.expose('priceMinor', { type: 'MinorUnits', nullable: true }),
    currency: t.exposeString('currency', { nullable: true, description: 'ISO 4217.' }),
    variants: t.relation('variants', {
      type: ProductVariantType,
      query: { orderBy: { sku: 'asc' } },
      description: 'By SKU.',
    }),
    fields: t.field({
      type: 'JSONObject',
      select: { fields: true },
      description: 'The brand’s own fields of it.',
      // The column holds JSON objects only.
      resolve: ({ fields }, _args, context, info) =>
        shownFields(context, info, { owner: 'PRODUCT', values: fields as JsonObject }),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
  }),
})

export const SavedStatusEnum = builder.enumType('SavedStatus', {
  description: 'What became of something that was saved.',
  values: {
    CREATED: { description: 'It was not known.' },
    UPDATED: { description: '`differences` tells what is other than before.' },
    UNCHANGED: { description: 'It is as it was: nothing new was told, or something later is known.' },
  } as const,
})

export const DifferenceType = builder.objectRef<Difference>('Difference').implement({
  description: 'A part that is other than before.',
  fields: (t) => ({
    field: t.exposeString('field'),
    before: t.field({
      type: 'JSON',
      nullable: true,
      description: 'Amounts in minor units. Of addresses, items and own fields neither value is told.',
      resolve: ({ before }) => before as Json, // Made by core, as JSON.
    }),
    after: t.field({ type: 'JSON', nullable: true, resolve: ({ after }) => after as Json }), // As above.
  }),
})
