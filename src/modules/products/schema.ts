// Products: saved many at once, looked up and listed.

import { builder } from '../../builder.ts'
import { rootConnection, rowById } from '../../connections.ts'
import { ApiError } from '../../errors.ts'
import { idInput } from '../../ids.ts'
import { byId } from '../../keyset.ts'
import { ItemError, itemErrorOf } from '../events/item-error-schema.ts'
import { FieldWarning } from '../fields/warning-schema.ts'
import { DifferenceType, ProductStatusEnum, ProductType, SavedStatusEnum } from './product-schema.ts'
import type { Saved } from './saving.ts'
import { saveProducts } from './service.ts'

const ProductVariantInput = builder.inputType('ProductVariantInput', {
  fields: (t) => ({
    sku: t.string({ required: true, description: 'At most 200 characters; of one product alone.' }),
    name: t.string(),
    price: t.field({ type: 'Decimal' }),
    currency: t.string({ description: 'Default: the product’s.' }),
  }),
})

const ProductInput = builder.inputType('ProductInput', {
  description: 'What is left out stays as it is; null takes it away.',
  fields: (t) => ({
    sourceId: t.string({ required: true, description: 'The shop’s own id of it, at most 256 characters.' }),
    name: t.string(),
    status: t.field({ type: ProductStatusEnum, description: 'Of a new one by default ACTIVE.' }),
    category: t.stringList({ description: 'From the widest to the narrowest, at most 20 steps.' }),
    price: t.field({ type: 'Decimal', description: 'Rounded to the currency’s smallest unit.' }),
    currency: t.string({ description: 'By code, sign or English name.' }),
    variants: t.field({ type: [ProductVariantInput], description: 'All of them, at most 500.' }),
    fields: t.field({ type: 'JSONObject', description: 'All of its own fields, by name.' }),
  }),
})

interface ProductResult {
  readonly index: number
  readonly outcome: Saved | ApiError
}

const savedIn = ({ outcome }: ProductResult): Saved | null => (outcome instanceof ApiError ? null : outcome)

const SaveProductResult = builder.objectRef<ProductResult>('SaveProductResult').implement({
  description: 'What became of one product of the list.',
  fields: (t) => ({
    index: t.exposeInt('index', { description: 'Its place in the list, from 0.' }),
    status: t.field({ type: SavedStatusEnum, nullable: true, resolve: (result) => savedIn(result)?.status ?? null }),
    product: t.prismaField({
      type: ProductType,
      nullable: true,
      resolve: (query, result, _args, context) => {
        const saved = savedIn(result)
        return saved && rowById(context, { model: 'product', query }, saved.id)
      },
    }),
    differences: t.field({ type: [DifferenceType], resolve: (result) => [...(savedIn(result)?.differences ?? [])] }),
    warnings: t.field({
      type: [FieldWarning],
      description: 'What was left out, by the definitions of fields.',
      resolve: (result) => [...(savedIn(result)?.warnings ?? [])],
    }),
    error: t.field({ type: ItemError, nullable: true, resolve: ({ outcome }) => itemErrorOf(outcome) }),
  }),
})

builder.relayMutationField(
  'saveProducts',
  {
    inputFields: (t) => ({
      products: t.field({ type: [ProductInput], required: true, description: 'At most 500.' }),
    }),
  },
  {
    nullable: true,
    authScopes: { can: 'PROFILES_WRITE' },
    description:
      'Stores products, or changes those that are known by their source id; each succeeds or fails alone. One that orders named before it was told of is filled in.',
    resolve: async (_root, { input }, context) => ({ outcomes: await saveProducts(context, input) }),
  },
  {
    outputFields: (t) => ({
      results: t.field({
        type: [SaveProductResult],
        description: 'One for each product, in the order of the list.',
        resolve: ({ outcomes }) => outcomes.map((outcome, index) => ({ index, outcome })),
      }),
    }),
  },
)

const ProductKeyInput = builder.inputType('ProductKeyInput', {
  isOneOf: true,
  fields: (t) => ({ id: t.id(), sourceId: t.string() }),
})

const ProductFilter = builder.inputType('ProductFilter', {
  description: 'All of them must hold.',
  fields: (t) => ({
    statuses: t.field({ type: [ProductStatusEnum] }),
    isPlaceholder: t.boolean(),
    category: t.string({ description: 'A step of its category.' }),
  }),
})

builder.queryFields((t) => ({
  product: t.prismaField({
    type: ProductType,
    nullable: true,
    authScopes: { authenticated: true },
    args: { by: t.arg({ type: ProductKeyInput, required: true }) },
    resolve: (query, _root, { by }, { db, accountId }) =>
      db.product.findUnique({
        ...query,
        where:
          by.id == null
            ? { accountId_sourceId: { accountId, sourceId: by.sourceId?.trim() ?? '' } }
            : { accountId_id: { accountId, id: idInput('Product', by.id, 'by.id') } },
      }),
  }),
  products: t.connection(
    {
      type: ProductType,
      nullable: true,
      authScopes: { authenticated: true },
      description: 'In the order in which they were first told of.',
      args: { filter: t.arg({ type: ProductFilter }) },
      resolve: (_root, args, context, info) =>
        rootConnection(byId('product', context.accountId), { args, context, info }, ({ where, ...query }) =>
          context.db.product.findMany({
            ...query,
            where: {
              accountId: context.accountId,
              ...where,
              ...(args.filter?.statuses ? { status: { in: [...args.filter.statuses] } } : {}),
              ...(args.filter?.isPlaceholder == null ? {} : { isPlaceholder: args.filter.isPlaceholder }),
              ...(args.filter?.category == null ? {} : { category: { has: args.filter.category } }),
            },
          }),
        ),
    },
    { name: 'ProductConnection' },
    { name: 'ProductEdge' },
  ),
}))
