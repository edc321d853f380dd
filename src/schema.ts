// The API's surface, one import per module.

import './modules/accounts/schema.ts'
import './modules/attributions/inbox-schema.ts'
import './modules/attributions/schema.ts'
import './modules/attributions/stats-schema.ts'
import './modules/audiences/changes-schema.ts'
import './modules/audiences/explain-schema.ts'
import './modules/audiences/history-schema.ts'
import './modules/audiences/replacement-schema.ts'
import './modules/audiences/schema.ts'
import './modules/codes/schema.ts'
import './modules/consents/schema.ts'
import './modules/events/content-schema.ts'
import './modules/events/live-schema.ts'
import './modules/events/preview-schema.ts'
import './modules/events/reattribute-schema.ts'
import './modules/events/schema.ts'
import './modules/exports/schema.ts'
import './modules/fields/schema.ts'
import './modules/fields/type-change-schema.ts'
import './modules/imports/preset-schema.ts'
import './modules/imports/schema.ts'
import './modules/journeys/schema.ts'
import './modules/merges/candidates-schema.ts'
import './modules/merges/schema.ts'
import './modules/sales/reads-schema.ts'
import './modules/sales/schema.ts'
import './modules/sales/settings-schema.ts'
import './modules/products/schema.ts'
import './modules/profiles/history-schema.ts'
import './modules/profiles/identity-rules-schema.ts'
import './modules/profiles/list-schema.ts'
import './modules/profiles/schema.ts'
import './modules/programs/blueprint-schema.ts'
import './modules/programs/event-types-schema.ts'
import './modules/programs/life-schema.ts'
import './modules/programs/overlap-schema.ts'
import './modules/programs/schema.ts'
import './modules/quality/plan-schema.ts'
import './modules/quality/report-schema.ts'
import './modules/quality/schema.ts'
import './modules/relationships/schema.ts'
import './modules/replay/schema.ts'
import './modules/rights/schema.ts'
import './modules/templates/schema.ts'
import './modules/view/belongings-schema.ts'
import './modules/view/schema.ts'
import { assertInterfaceType, type GraphQLField, type GraphQLSchema } from 'graphql'
import { isPerson } from './access.ts'
import { builder, nodeTypes } from './builder.ts'
import type { Context } from './context.ts'
import { ApiError } from './errors.ts'
import { checkTexts } from './scalars.ts'

/** The schema, with every root field refusing text that cannot be stored. */
export function buildSchema(): GraphQLSchema {
  const schema = builder.toSchema({ sortSchema: true })
  for (const { name } of schema.getPossibleTypes(nodeInterface(schema))) nodeTypes.add(name)
  for (const root of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]) {
    for (const field of Object.values(root?.getFields() ?? {})) {
      guardInputs(field, root === schema.getMutationType())
      tellScopes(field)
    }
  }
  return schema
}

const nodeInterface = (schema: GraphQLSchema) => assertInterfaceType(schema.getType('Node'))

type Checks = { can?: string; canAny?: readonly string[]; $all?: Checks; authenticated?: boolean }

/** A key's scopes that the checks ask for, in words; any of those beside `or` will do. */
function scopesOf({ can, canAny, $all, authenticated }: Checks): string[] {
  if ($all) return scopesOf($all)
  if (authenticated) return ['any']
  return [...(can ? [can] : []), ...(canAny ? [canAny.join(' or ')] : [])]
}

/** What a write answers is read after it, whatever the write itself or another one of the operation looked up. */
async function forgetting(answer: unknown, context: Context): Promise<unknown> {
  const written = await answer
  context.forget()
  return written
}

// So that no operation's description can say another scope than the one that it is guarded by.
function tellScopes(field: GraphQLField<unknown, unknown>): void {
  // The builder's options of the field, as it was defined with them.
  const { authScopes } = (field.extensions.pothosOptions ?? {}) as { authScopes?: Checks }
  const scopes = authScopes ? scopesOf(authScopes) : []
  if (scopes.length > 0)
    field.description = [field.description, `Scope: ${scopes.join(', and ')}.`].filter(Boolean).join(' ')
}

// Literals and variables alike are arguments by the time a field is resolved; custom scalars have checked themselves.
function guardInputs(field: GraphQLField<unknown, unknown>, isWrite: boolean): void {
  const inner = field.subscribe ?? field.resolve
  const guarded: typeof inner = (...call) => {
    checkTexts(call[1], '')
    const { principal } = call[2] as Context // What every resolver is given.
    if (isPerson(principal) && !field.extensions.forPersons)
      throw new ApiError('FORBIDDEN', `the token of a person may not use ${field.name}`)
    const answer = inner?.(...call)
    return isWrite ? forgetting(answer, call[2] as Context) : answer // As above.
  }
  if (field.subscribe) field.subscribe = guarded
  else field.resolve = guarded
}
