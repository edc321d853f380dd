// The scalars of the API and what they refuse: a date without offset, JSON too large, too deep or with dangerous keys,
// text that PostgreSQL cannot keep, integers that a double would round.

import { GraphQLScalarType, Kind, type ValueNode } from 'graphql'
import { badInput } from './errors.ts'

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

interface JsonLimits {
  bytes: number
  depth: number
}

const jsonLimits: JsonLimits = { bytes: 64 * 1024, depth: 8 }
/** A document comes in one request, so it is smaller than that may be. */
export const documentLimits: JsonLimits = { bytes: 900_000, depth: 60 }

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/i
// What PostgreSQL and ISO 8601 with four digits can both say.
const earliest = new Date('0001-01-01T00:00:00Z')
const latest = new Date('9999-12-31T23:59:59.999Z')
const dayOf = (text: string) => Number(text.slice(8, 10))

export const DateTimeScalar = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  description: 'An instant: ISO 8601 with offset, such as `2026-03-10T12:00:00Z`. Answers are UTC with milliseconds.',
  specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time.html',
  // The database client gives dates only.
  serialize: (value) => (value as Date).toISOString(),
  parseValue: parseInstant,
  parseLiteral: (node) => parseInstant(node.kind === Kind.STRING ? node.value : null),
})

function parseInstant(value: unknown): Date {
  if (typeof value !== 'string' || !instant.test(value))
    throw badInput(`not an ISO 8601 instant with offset, such as 2026-03-10T12:00:00Z: ${show(value)}`)
  const date = new Date(value)
  if (Number.isNaN(date.getTime())) throw badInput(`not an instant of the calendar: ${show(value)}`)
  // `Date` rolls 31 February over into March; the day at the given offset tells.
  const offset = /([+-])(\d\d):(\d\d)$/.exec(value)
  const minutes = offset ? (Number(offset[2]) * 60 + Number(offset[3])) * (offset[1] === '-' ? -1 : 1) : 0
  if (new Date(date.getTime() + minutes * 60_000).getUTCDate() !== dayOf(value)) {
    throw badInput(`not a day of the calendar: ${show(value)}`)
  }
  if (date < earliest || date > latest) throw badInput(`outside the years 0001 to 9999: ${show(value)}`)
  return date
}

export const JsonScalar = new GraphQLScalarType<Json, Json>({
  name: 'JSON',
  description: `Any JSON value, up to ${jsonLimits.bytes / 1024} KiB and ${jsonLimits.depth} levels deep.`,
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc8259',
  serialize: (value) => value as Json, // What was stored is JSON.
  parseValue: (value) => checkJson(value, jsonLimits),
  parseLiteral: (node, variables) => checkJson(literal(node, variables), jsonLimits),
})

export const JsonObjectScalar = new GraphQLScalarType<JsonObject, JsonObject>({
  name: 'JSONObject',
  description: `A JSON object, up to ${jsonLimits.bytes / 1024} KiB and ${jsonLimits.depth} levels deep.`,
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc8259',
  serialize: (value) => value as JsonObject, // What was stored is a JSON object.
  parseValue: (value) => checkJsonObject(value, jsonLimits),
  parseLiteral: (node, variables) => checkJsonObject(literal(node, variables), jsonLimits),
})

export const JsonDocumentScalar = new GraphQLScalarType<JsonObject, JsonObject>({
  name: 'JSONDocument',
  description: `A large JSON object, up to ${documentLimits.bytes.toLocaleString('en')} bytes and ${documentLimits.depth} levels deep.`,
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc8259',
  serialize: (value) => value as JsonObject, // What was made here is a JSON object.
  parseValue: (value) => checkJsonObject(value, documentLimits),
  parseLiteral: (node, variables) => checkJsonObject(literal(node, variables), documentLimits),
})

/** A decimal number as text, so that each of its digits is kept. */
export const DecimalScalar = new GraphQLScalarType<string, string>({
  name: 'Decimal',
  description: 'A decimal number without exponent, as text such as `"19.90"`, which keeps each digit, or as a number.',
  serialize: String,
  parseValue: parseDecimal,
  parseLiteral: (node) =>
    parseDecimal(node.kind === Kind.STRING || node.kind === Kind.INT || node.kind === Kind.FLOAT ? node.value : null),
})

const decimalDigits = /^[+-]?\d{1,30}(\.\d{1,30})?$/

function parseDecimal(value: unknown): string {
  const text = typeof value === 'number' || typeof value === 'string' ? String(value).trim() : ''
  if (!decimalDigits.test(text)) throw badInput(`not a decimal number, such as 19.90: ${show(value)}`)
  return text
}

export const MinorUnitsScalar = new GraphQLScalarType<bigint, number>({
  name: 'MinorUnits',
  description:
    'An amount of money in whole units of its currency’s smallest part, such as 1990 for 19.90 EUR, 1990 for 1,990 JPY, and 1990 for 1.990 KWD.',
  // Sums of what is stored stay far below 2^53.
  serialize: (value) => Number(value),
  parseValue: () => {
    throw badInput('amounts are given as Decimal')
  },
})

function checkJsonObject(value: unknown, limits: JsonLimits): JsonObject {
  const json = checkJson(value, limits)
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw badInput(`not a JSON object: ${show(value)}`)
  return json
}

function checkJson(value: unknown, { bytes, depth }: JsonLimits): Json {
  checkValue(value, { path: '', depth: 0, maxDepth: depth })
  if (Buffer.byteLength(JSON.stringify(value)) > bytes) throw badInput(`JSON over ${Math.floor(bytes / 1024)} KiB`)
  return value as Json // checkValue has seen every part of it.
}

interface Place {
  path: string
  depth: number
  maxDepth: number
}

function checkValue(value: unknown, place: Place): void {
  if (typeof value === 'string') checkText(value, place.path)
  if (typeof value === 'number') checkNumber(value, place.path)
  if (value === null || typeof value === 'boolean' || typeof value === 'string' || typeof value === 'number') return
  if (typeof value !== 'object') throw badInput(`not JSON${at(place.path)}`)
  if (place.depth === place.maxDepth) throw badInput(`JSON nested deeper than ${place.maxDepth}${at(place.path)}`)
  for (const [key, inner] of Object.entries(value)) {
    const path = Array.isArray(value) ? `${place.path}[${key}]` : place.path ? `${place.path}.${key}` : key
    if (!Array.isArray(value)) checkKey(key, path)
    checkValue(inner, { ...place, path, depth: place.depth + 1 })
  }
}

function checkKey(key: string, path: string): void {
  if (key === '__proto__' || key === 'constructor' || key === 'prototype')
    throw badInput(`the key \`${key}\` is not allowed`, path)
  checkText(key, path)
}

function checkNumber(value: number, path: string): void {
  if (!Number.isFinite(value)) throw badInput(`a number out of range${at(path)}`)
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw badInput(`an integer beyond ±2^53 cannot be kept exactly${at(path)}; send it as a string`)
  }
}

/** Refuses text that PostgreSQL cannot keep: a NUL character or half a surrogate pair. */
export function checkText(value: string, path: string): void {
  if (value.includes('\u0000')) throw badInput(`a NUL character${at(path)}`, path || undefined)
  if (!value.isWellFormed()) throw badInput(`half a surrogate pair${at(path)}`, path || undefined)
}

/** The same for every text in the value, whose own place is `path`. */
export function checkTexts(value: unknown, path: string): void {
  if (typeof value === 'string') checkText(value, path)
  if (typeof value !== 'object' || value === null || value instanceof Date) return
  for (const [key, inner] of Object.entries(value)) {
    checkTexts(inner, Array.isArray(value) ? `${path}[${key}]` : path ? `${path}.${key}` : key)
  }
}

const at = (path: string) => (path ? ` at ${path.slice(0, 200)}` : '')

const show = (value: unknown) => (JSON.stringify(value) ?? String(value)).slice(0, 60)

type Variables = { [name: string]: unknown } | null | undefined

function literal(node: ValueNode, variables: Variables): unknown {
  switch (node.kind) {
    case Kind.NULL:
      return null
    case Kind.INT:
    case Kind.FLOAT:
      return Number(node.value)
    case Kind.VARIABLE:
      return variables?.[node.name.value]
    case Kind.LIST:
      return node.values.map((item) => literal(item, variables))
    case Kind.OBJECT:
      // fromEntries makes own properties even of `__proto__`, which the check then refuses.
      return Object.fromEntries(node.fields.map((field) => [field.name.value, literal(field.value, variables)]))
    default:
      return node.value
  }
}
