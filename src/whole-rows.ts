// Plugins of the schema builder, around Prisma's: the fields of a whole row are resolved at once. For other rows Prisma's plugin
// looks up, for every field of every row, what was loaded; and every id is a promise.

import SchemaBuilder, { BasePlugin, type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core'
import type { GraphQLFieldResolver } from 'graphql'
import { encodeId } from './core/ids.ts'
import { isWhole } from './whole.ts'

export const wholeRows = 'wholeRows'
export const ownResolvers = 'ownResolvers'

type Resolver = GraphQLFieldResolver<unknown, object>

/** What fields do before Prisma's plugin wraps them. */
const own = new WeakMap<object, Resolver>()

/** Comes after Prisma's in the list, so its resolver is the field's own. */
class OwnResolversPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override wrapResolve(resolver: Resolver, field: PothosOutputFieldConfig<Types>): Resolver {
    own.set(field, resolver)
    return resolver
  }
}

/** Comes before Prisma's, and inside what asks for scopes. */
class WholeRowsPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override wrapResolve(resolver: Resolver, field: PothosOutputFieldConfig<Types>): Resolver {
    if (field.graphqlKind !== 'Object') return resolver
    const type = this.buildCache.getTypeConfig(field.parentType, 'Object')
    if (
      field.name === 'id' &&
      type.interfaces.some((one) => this.builder.configStore.getTypeConfig(one).name === 'Node')
    )
      // biome-ignore lint/complexity/useMaxParams: GraphQL's own, for every field
      return (row, args, context, info) => {
        const id = isWhole(row) ? (row as { id?: unknown }).id : undefined // Of a marked row its key.
        return typeof id === 'string' ? encodeId(field.parentType, id) : resolver(row, args, context, info)
      }
    const plain = own.get(field)
    if (!plain || plain === resolver) return resolver
    // biome-ignore lint/complexity/useMaxParams: as above
    return (row, args, context, info) => (isWhole(row) ? plain : resolver)(row, args, context, info)
  }
}

declare global {
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      wholeRows: WholeRowsPlugin<Types>
      ownResolvers: OwnResolversPlugin<Types>
    }
  }
}

SchemaBuilder.registerPlugin(wholeRows, WholeRowsPlugin)
SchemaBuilder.registerPlugin(ownResolvers, OwnResolversPlugin)
