// Plugins of the schema builder, around the one that asks for scopes: whoever has what a field takes goes straight in. Scopes hang
// on the caller alone, so nothing need be remembered for every row; whoever lacks one is refused by that plugin, as ever.

import SchemaBuilder, { BasePlugin, type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core'
import type { GraphQLFieldResolver } from 'graphql'
import { can, isPerson, type Principal } from './access.ts'
import type { ApiScope } from './generated/prisma/client.ts'

export const openFields = 'openFields'
export const withinScopes = 'withinScopes'

/** What a caller is asked for: one of them is enough. */
export interface Asked {
  can?: ApiScope
  canAny?: readonly ApiScope[]
  authenticated?: boolean
}

type Check<Value> = (principal: Principal | null, value: Value) => boolean

/** What each scope of the builder means. */
export const meanings: { readonly [name in keyof Asked]-?: Check<NonNullable<Asked[name]>> } = {
  authenticated: (principal, asked) => asked && principal !== null && !isPerson(principal),
  can: (principal, scope) => can(principal, [scope]),
  canAny: (principal, scopes) => can(principal, scopes),
}

const allows = (principal: Principal | null, { authenticated, can: scope, canAny }: Asked): boolean =>
  (authenticated !== undefined && meanings.authenticated(principal, authenticated)) ||
  (scope !== undefined && meanings.can(principal, scope)) ||
  (canAny !== undefined && meanings.canAny(principal, canAny))

type Resolver<Types extends SchemaTypes> = GraphQLFieldResolver<unknown, Types['Context'], object>

/** What fields do once their scopes were asked for. */
const inside = new WeakMap<object, GraphQLFieldResolver<unknown, object, object>>()

/** Comes after the scopes' plugin in the list, so its resolver is what that one guards. */
class WithinScopesPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override wrapResolve(resolver: Resolver<Types>, field: PothosOutputFieldConfig<Types>): Resolver<Types> {
    inside.set(field, resolver)
    return resolver
  }
}

/** Comes before it. */
class OpenFieldsPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override wrapResolve(resolver: Resolver<Types>, field: PothosOutputFieldConfig<Types>): Resolver<Types> {
    const open = inside.get(field)
    const asked = this.#askedFor(field)
    if (!open || open === resolver || !asked) return resolver
    // biome-ignore lint/complexity/useMaxParams: GraphQL's own, for every field
    return (row, args, context, info) => {
      const { principal } = context as { principal: Principal | null } // What every resolver is given.
      const mayEnter = asked.every((one) => allows(principal, one))
      return (mayEnter ? open : resolver)(row, args, context, info)
    }
  }

  /** All that is asked of a caller of the field; undefined where that hangs on more than who calls. */
  #askedFor(field: PothosOutputFieldConfig<Types>): Asked[] | undefined {
    if (field.graphqlKind !== 'Object') return undefined
    const type = this.buildCache.getTypeConfig(field.parentType, 'Object')
    // Root types have none.
    const names = 'interfaces' in type ? (type.interfaces ?? []) : []
    const interfaces = names.map((one) => this.buildCache.getTypeConfig(one, 'Interface'))
    const options = [type, ...interfaces].map((config) => config.pothosOptions)
    const given = [...options, field.pothosOptions] as { authScopes?: unknown; grantScopes?: unknown }[] // As that plugin reads them.
    if (given.some(({ grantScopes }) => grantScopes !== undefined)) return undefined
    const asked = given.flatMap(({ authScopes }) => (authScopes === undefined ? [] : [authScopes]))
    return asked.every(isAsked) ? asked : undefined
  }
}

const isAsked = (scopes: unknown): scopes is Asked =>
  typeof scopes === 'object' && scopes !== null && Object.keys(scopes).every((name) => Object.hasOwn(meanings, name))

declare global {
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      openFields: OpenFieldsPlugin<Types>
      withinScopes: WithinScopesPlugin<Types>
    }
  }
}

SchemaBuilder.registerPlugin(openFields, OpenFieldsPlugin)
SchemaBuilder.registerPlugin(withinScopes, WithinScopesPlugin)
