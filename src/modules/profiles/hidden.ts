// What keys without PII_READ do not see: values that tell who a person is. Null stands in their place, and the response says where.

import type { GraphQLResolveInfo } from 'graphql'
import { can } from '../../access.ts'
import type { Context } from '../../context.ts'
import type { AccountFields } from '../../core/fields/check.ts'
import { isPersonalName, withoutPersonal } from '../../core/personal-names.ts'
import type { JsonObject } from '../../scalars.ts'

export const seesPersonal = ({ principal }: Context): boolean => can(principal, ['PII_READ'])

/** A name of a person's field that tells who they are, where events have it for other things. */
const alwaysMarked = ['name']
const none: ReadonlySet<string> = new Set()

type Asked = Pick<GraphQLResolveInfo, 'path' | 'rootValue'>

/** The value, or null in its place where the caller may not see it. */
export function shown<T>(context: Context, info: Asked, value: T): T | null {
  if (value === null || seesPersonal(context)) return value
  context.hide(info.rootValue, placeOf(info.path))
  return null
}

/** Names of a person's fields that tell who they are, beside those that everybody uses: what the account's definitions mark. */
export function markedIn(fields: AccountFields | null | undefined): ReadonlySet<string> {
  const defined = [...(fields?.of('PROFILE')?.byName.values() ?? [])].filter(({ definition }) => definition.pii)
  return new Set([...alwaysMarked, ...defined.map(({ key }) => key)])
}

/** A person's fields, as far as the caller may see them. */
export async function shownFields(context: Context, info: Asked, fields: JsonObject): Promise<JsonObject> {
  if (seesPersonal(context)) return fields
  return shownJson(context, info, { values: fields, marked: await marksOf(context) })
}

/** A value of the field that the path leads to, as far as the caller may see it. */
export async function shownField<T>(
  context: Context,
  info: Asked,
  { path, value }: { path: string; value: T },
): Promise<T | null> {
  if (value === null || value === undefined || seesPersonal(context)) return value
  if (isPersonal(path, await marksOf(context))) return shown(context, info, value)
  return Object.values(shownJson(context, info, { values: { value } as JsonObject, marked: none }))[0] as T // JSON.
}

async function marksOf(context: Context): Promise<ReadonlySet<string>> {
  const { accountId, services, sql } = context
  return markedIn((await context.memo('field marks', () => services.ruleSets.inForce(sql, accountId))).fields)
}

/** What an event carries, as far as the caller may see it. */
export const shownValues = (context: Context, info: Asked, values: JsonObject): JsonObject =>
  shownJson(context, info, { values, marked: none })

/** True for the path of a field, as rules name it, that leads to or through such a value. */
const isPersonal = (path: string, marked: ReadonlySet<string>): boolean =>
  marked.has(path) ||
  path.split('.').some((step, i) => isPersonalName(step.replaceAll('[]', ''), i === 0 ? marked : none))

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
