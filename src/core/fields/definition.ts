// What an account says its fields are, and what becomes of what does not fit.

import type { JsonObject } from '../targeting/facts.ts'

export const fieldOwners = [
  'PROFILE',
  'ORDER',
  'ORDER_ITEM',
  'PRODUCT',
  'EVENT',
  'CAMPAIGN',
  'COUPON',
  'RELATIONSHIP',
] as const

export type FieldOwner = (typeof fieldOwners)[number]

export type FieldType =
  | 'STRING'
  | 'NUMBER'
  | 'DATETIME'
  | 'INTEGER'
  | 'BOOLEAN'
  | 'DATE'
  | 'URL'
  | 'EMAIL'
  | 'PHONE'
  | 'COUNTRY'
  | 'CURRENCY'
  | 'MONEY'
  | 'ENUM'
  | 'GEO_POINT'
  | 'OBJECT'
  | 'LIST'
  | 'REFERENCE'

export type FieldVerdict = 'ACCEPT' | 'REJECT' | 'DROP'

export interface FieldDefinition {
  readonly id: string
  readonly owner: FieldOwner
  /** Of fields of events, the event's folded name; else empty. */
  readonly eventName: string
  /** The id of the field that it is a part of; empty at the top. */
  readonly place: string
  /** As the CRM calls it. */
  readonly name: string
  readonly apiName: string
  readonly type: FieldType
  /** It tells who the person is. */
  readonly pii?: boolean
  /** Of the elements of a LIST. */
  readonly itemType: FieldType | null
  readonly required: boolean
  readonly default: unknown
  /** Of numbers the value, of texts the length, of lists how many. */
  readonly min: number | null
  readonly max: number | null
  readonly pattern: string | null
  /** Of an ENUM. */
  readonly values: readonly string[]
}

export interface FieldPolicy {
  readonly owner: FieldOwner
  readonly eventName: string
  readonly unknownKeys: FieldVerdict
  readonly wrongType: FieldVerdict
}

/** Of an owner without a policy. */
export const usualPolicy = { unknownKeys: 'ACCEPT', wrongType: 'REJECT' } as const

/** Where something is wrong, and what. */
export interface FieldFault {
  readonly field: string
  readonly message: string
}

/**
 * What values are stored under and rules name: the CRM's name where it can be a step of a path, else the API's. Names that every
 * object inherits are refused before.
 */
export const keyOf = ({ name, apiName }: Pick<FieldDefinition, 'name' | 'apiName'>): string =>
  /^[^.[\]]+$/.test(name) ? name : apiName

/** The name in camel case, of the letters and digits that it has; followed by the first number that makes it another than those taken. */
export function apiNameOf(name: string, isTaken: (apiName: string) => boolean): string {
  const words = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean)
  const [first = 'field', ...rest] = words.map((word) => word.toLowerCase())
  const camel = [first, ...rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1))]
    .join('')
    .slice(0, maxApiName)
  const plain = /^[a-z]/.test(camel) ? camel : `field${camel.charAt(0).toUpperCase()}${camel.slice(1)}`
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? plain : `${plain}${number}`
    if (!isTaken(candidate)) return candidate
  }
}

const maxApiName = 80

/** The definitions from the top down to the one; empty for one that is not there. */
export function stepsTo(definitions: readonly FieldDefinition[], id: string): FieldDefinition[] {
  const one = definitions.find((definition) => definition.id === id)
  return one ? [...stepsTo(definitions, one.place), one] : []
}

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
