// The schema builder: plugins, scalars and how every field is guarded. It knows no type of the product.

import SchemaBuilder from '@pothos/core'
import ComplexityPlugin from '@pothos/plugin-complexity'
import DataloaderPlugin from '@pothos/plugin-dataloader'
import PrismaPlugin from '@pothos/plugin-prisma'
import RelayPlugin from '@pothos/plugin-relay'
import ScopeAuthPlugin, { type AuthFailure } from '@pothos/plugin-scope-auth'
import ValidationPlugin from '@pothos/plugin-validation'
import { refusal } from './access.ts'
import type { Context } from './context.ts'
import { ApiError, badInput } from './errors.ts'
import type PrismaTypes from './generated/pothos.ts'
import { getDatamodel } from './generated/pothos.ts'
import type { ApiScope } from './generated/prisma/client.ts'
import { defaultPage, maxPage } from './keyset.ts'
import {
  DateTimeScalar,
  DecimalScalar,
  type Json,
  JsonDocumentScalar,
  type JsonObject,
  JsonObjectScalar,
  JsonScalar,
  MinorUnitsScalar,
} from './scalars.ts'
import { meanings, openFields, withinScopes } from './scopes.ts'
import { ownResolvers, wholeRows } from './whole-rows.ts'

/** What one operation may cost: fields, times the rows that their lists may hold. */
const maxComplexity = 100_000

export const builder = new SchemaBuilder<{
  Context: Context
  PrismaTypes: PrismaTypes
  AuthScopes: { can: ApiScope; canAny: readonly ApiScope[]; authenticated: boolean }
  DefaultFieldNullability: false
  Scalars: {
    DateTime: { Input: Date; Output: Date }
    JSON: { Input: Json; Output: Json }
    JSONObject: { Input: JsonObject; Output: JsonObject }
    JSONDocument: { Input: JsonObject; Output: JsonObject }
    Decimal: { Input: string; Output: string }
    MinorUnits: { Input: never; Output: bigint }
  }
}>({
  plugins: [
    openFields,
    ScopeAuthPlugin,
    withinScopes,
    ValidationPlugin,
    ComplexityPlugin,
    RelayPlugin,
    wholeRows,
    PrismaPlugin,
    ownResolvers,
    DataloaderPlugin,
  ],
  defaultFieldNullability: false,
  scopeAuth: {
    authorizeOnSubscribe: true,
    authScopes: ({ principal }) => ({
      authenticated: meanings.authenticated(principal, true),
      can: (scope) => meanings.can(principal, scope),
      canAny: (scopes) => meanings.canAny(principal, scopes),
    }),
    unauthorizedError: (...[, { principal }, info, { failure }]) =>
      refusal(principal, { field: `${info.parentType.name}.${info.fieldName}`, scopes: scopesIn(failure) }),
  },
  validation: {
    validationError({ issues }) {
      const first = issues[0]
      const path = (first?.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
      return badInput(`${path}: ${first?.message ?? 'not valid'}`, path)
    },
  },
  complexity: {
    limit: { complexity: maxComplexity },
    defaultComplexity: 1,
    defaultListMultiplier: 1,
    // A connection costs as many rows as it is asked for; other lists are short.
    fieldComplexity: (args, _context, field) => ({
      field: 1,
      multiplier: isConnection(String(field.type)) ? rows(args) : 1,
    }),
    complexityError: (_kind, { complexity }) =>
      new ApiError(
        'LIMIT_EXCEEDED',
        `the operation may touch ${complexity} fields, over ${maxComplexity}; ask for smaller pages`,
      ),
  },
  relay: {
    clientMutationId: 'omit',
    cursorType: 'String',
    firstArgOptions: {
      description: `At most ${maxPage}; ${defaultPage} where neither \`first\` nor \`last\` is given.`,
    },
    lastArgOptions: { description: `At most ${maxPage}: the last ones, in the same order.` },
    decodeGlobalID: (text) => nodeIdOf(text),
    nodesQueryOptions: {
      resolve: (...[, { ids }, , , resolveNodes]) => {
        if (ids.length > maxPage) throw new ApiError('LIMIT_EXCEEDED', `over ${maxPage} ids`, { field: 'ids' })
        return resolveNodes(ids).then((nodes) => nodes.map((node) => Promise.resolve(node)))
      },
    },
  },
  prisma: {
    // Every query that the plugin makes itself names the account (see `findUnique` of the types).
    client: (context) => context.db,
    dmmf: getDatamodel(),
    exposeDescriptions: true,
    onUnusedQuery: null,
  },
})

/** Names of the types that `node` can give; filled when the schema is built. */
export const nodeTypes = new Set<string>()

// What is no id of a node is given to a look-up that finds nothing: unknown and malformed ids are null alike.
function nodeIdOf(text: string): { typename: string; id: string } {
  const [typename = '', ...rest] = Buffer.from(text, 'base64').toString().split(':')
  return nodeTypes.has(typename) ? { typename, id: rest.join(':') } : { typename: 'Account', id: '' }
}

/** The scopes that a check asked for, any of which would have done. */
function scopesIn(failure: AuthFailure): string[] {
  if ('failures' in failure) return [...new Set(failure.failures.flatMap(scopesIn))]
  return 'parameter' in failure ? [failure.parameter].flat().filter((one) => typeof one === 'string') : []
}

const isConnection = (type: string) => type.replace('!', '').endsWith('Connection')

function rows(args: Record<string, unknown>): number {
  const asked = args.first ?? args.last ?? defaultPage
  return Math.min(typeof asked === 'number' ? Math.max(asked, 1) : defaultPage, maxPage)
}

builder.addScalarType('DateTime', DateTimeScalar)
builder.addScalarType('JSON', JsonScalar)
builder.addScalarType('JSONObject', JsonObjectScalar)
builder.addScalarType('JSONDocument', JsonDocumentScalar)
builder.addScalarType('Decimal', DecimalScalar)
builder.addScalarType('MinorUnits', MinorUnitsScalar)

builder.queryType({ description: 'Reads. Lists are pages of at most 100 rows.' })
builder.mutationType({ description: 'Writes. Payloads are nullable, so that one refused field hides no other answer.' })
builder.subscriptionType({
  description:
    'What happens, as it happens. Over graphql-ws, do not use the id of an operation again in the same instant as its `complete`.',
})
