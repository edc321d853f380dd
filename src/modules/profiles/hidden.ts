// What keys without PII_READ do not see: values that tell who a person is. Null stands in their place, and the response says where.

import type { GraphQLResolveInfo } from 'graphql'
import { can } from '../../access.ts'
import type { Context } from '../../context.ts'
import { isPersonalName, withoutPersonal } from '../../core/personal-names.ts'
import type { JsonObject } from '../../scalars.ts'

export const seesPersonal = ({ principal }: Context): boolean => can(principal, ['PII_READ'])

/** Names of a person's fields that tell who they are, beside those that everybody uses. */
const markedFields: ReadonlySet<string> = new Set(['name'])
const none: ReadonlySet<string> = new Set()

type Asked = Pick<GraphQLResolveInfo, 'path' | 'rootValue'>

/** The value, or null in its place where the caller may not see it. */
export function shown<T>(context: Context, info: Asked, value: T): T | null {
  if (value === null || seesPersonal(context)) return value
  context.hide(info.rootValue, placeOf(info.path))
  return null
}

/** A person's fields, as far as the caller may see them. */
export const shownFields = (context: Context, info: Asked, fields: JsonObject): JsonObject =>
  shownJson(context, info, { values: fields, marked: markedFields })

/** What an event carries, as far as the caller may see it. */
export const shownValues = (context: Context, info: Asked, values: JsonObject): JsonObject =>
  shownJson(context, info, { values, marked: none })

/** True for the path of a field, as rules name it, that leads to or through such a value. */
export const isPersonalPath = (path: unknown): boolean =>
  typeof path === 'string' &&
  path.split('.').some((step, i) => isPersonalName(step.replaceAll('[]', ''), i === 0 ? markedFields : none))

function shownJson(
  context: Context,
  info: Asked,
  { values: all, marked }: { values: JsonObject; marked: ReadonlySet<string> },
): JsonObject {
  if (seesPersonal(context)) return all
  const { values, hidden } = withoutPersonal(all, marked)
  const place = hidden.length > 0 ? placeOf(info.path) : []
  for (const path of hidden) context.hide(info.rootValue, [...place, ...path])
  return values as JsonObject // JSON, with nulls in it.
}

function placeOf(path: GraphQLResolveInfo['path'] | undefined): (string | number)[] {
  return path ? [...placeOf(path.prev), path.key] : []
}
