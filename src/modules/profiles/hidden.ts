// What keys without PII_READ do not see: values that tell who a person is. Null stands in their place, and the response says where.

import type { GraphQLResolveInfo } from 'graphql'
import { can } from '../../access.ts'
import type { Context } from '../../context.ts'
import { holdsAddress } from '../../core/addresses.ts'
import type { FieldOwner } from '../../core/fields/definition.ts'
import type { AccountMarks } from '../../core/fields/marks.ts'
import { type Marks, marksAlong, withoutPersonal } from '../../core/personal-names.ts'
import type { JsonObject } from '../../scalars.ts'

export const seesPersonal = ({ principal }: Context): boolean => can(principal, ['PII_READ'])

type Asked = Pick<GraphQLResolveInfo, 'path' | 'rootValue'>

/** The value, or null in its place where the caller may not see it. */
export function shown<T>(context: Context, info: Asked, value: T): T | null {
  if (value === null || seesPersonal(context)) return value
  context.hide(info.rootValue, placeOf(info.path))
  return null
}

/** A text that senders make of anything, or null in its place where it holds an address that the caller may not see. */
export const shownText = (context: Context, info: Asked, text: string | null): string | null =>
  text !== null && holdsAddress(text) ? shown(context, info, text) : text

type Place = readonly (string | number)[]

/** Fields of a person, or of another owner, as far as the caller may see them. `at`: where they are in what is resolved. */
export async function shownFields(
  context: Context,
  info: Asked,
  { owner = 'PROFILE', values, at = [] }: { owner?: FieldOwner; values: JsonObject; at?: Place },
): Promise<JsonObject> {
  if (seesPersonal(context)) return values
  return shownJson(context, info, { values, marks: (await marksOf(context)).of(owner), at })
}

/** What an event of the name carries, as far as the caller may see it. */
export async function shownData(
  context: Context,
  info: Asked,
  { name, values }: { name: string; values: JsonObject },
): Promise<JsonObject> {
  if (seesPersonal(context)) return values
  return shownJson(context, info, { values, marks: (await marksOf(context)).ofEvents(name) })
}

/** A value of the field that the path leads to, of the person or of what an event carries, as far as the caller may see it. */
export async function shownField<T>(
  context: Context,
  info: Asked,
  { path, value, ofEvent = false }: { path: string; value: T; ofEvent?: boolean },
): Promise<T | null> {
  if (value === null || value === undefined || seesPersonal(context)) return value
  const all = await marksOf(context)
  const marks = marksAlong(path, ofEvent ? all.ofEvents(null) : all.of('PROFILE'))
  if (marks === 'WHOLE') return shown(context, info, value)
  const inner = new Map([['value', { isWhole: false, parts: marks }]])
  return Object.values(shownJson(context, info, { values: { value } as JsonObject, marks: inner }))[0] as T // JSON.
}

/** What the account marks, in this operation. */
async function marksOf(context: Context): Promise<AccountMarks> {
  const { accountId, services, sql } = context
  return (await context.memo('field marks', () => services.ruleSets.inForce(sql, accountId))).marks
}

function shownJson(
  context: Context,
  info: Asked,
  { values: all, marks, at = [] }: { values: JsonObject; marks: Marks; at?: Place },
): JsonObject {
  const { values, hidden } = withoutPersonal(all, marks)
  const place = hidden.length > 0 ? [...placeOf(info.path), ...at] : []
  for (const path of hidden) context.hide(info.rootValue, [...place, ...path])
  return values as JsonObject // JSON, with nulls in it.
}

function placeOf(path: GraphQLResolveInfo['path'] | undefined): (string | number)[] {
  return path ? [...placeOf(path.prev), path.key] : []
}
