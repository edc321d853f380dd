// What is compared of two people who may be one: read from their identifiers and from fields by the names that these usually have.

import { type Identifier, looseEmail } from '../identity.ts'

export interface Particulars {
  /** In the looser form, local parts and domains apart. */
  readonly emails: readonly string[]
  /** Digits alone. */
  readonly phones: readonly string[]
  readonly first: string
  readonly last: string
  readonly street: string
  readonly city: string
  readonly postalCode: string
  /** Eight digits, as year, month and day. */
  readonly birth: string
}

const names = {
  first: ['firstname', 'givenname', 'forename', 'vorname'],
  last: ['lastname', 'surname', 'familyname', 'nachname'],
  full: ['name', 'fullname', 'displayname'],
  street: ['street', 'address', 'address1', 'addressline1', 'streetaddress', 'strasse'],
  city: ['city', 'town', 'suburb', 'locality', 'ort'],
  postalCode: ['postalcode', 'zip', 'zipcode', 'postcode', 'plz'],
  birth: ['birthdate', 'dateofbirth', 'birthday', 'dob'],
  email: ['email', 'emailaddress', 'mail'],
  phone: ['phone', 'phonenumber', 'mobile', 'telephone', 'mobilephone'],
} as const

/** Of a nested object, such as `address: { street, city }`, its members are read as the fields that stand beside it. */
export function particularsOf(person: {
  readonly identifiers: readonly Identifier[]
  readonly fields: Readonly<Record<string, unknown>>
}): Particulars {
  const flat = new Map<string, string>()
  collect(person.fields, flat, 2)
  const read = (kinds: readonly string[]) => kinds.map((kind) => flat.get(kind) ?? '').find((text) => text !== '') ?? ''
  const ofKind = (kind: string) => person.identifiers.flatMap((one) => (one.kind === kind ? [one.value] : []))
  const words = wordsOf(read(names.full))
  const email = read(names.email).toLowerCase()
  return {
    emails: unique([...ofKind('EMAIL'), ...(email.includes('@') ? [email] : [])].map(looseEmail)),
    phones: unique([...ofKind('PHONE'), read(names.phone)].map(digitsOf).filter(({ length }) => length >= 7)),
    first: wordsOf(read(names.first)).join(' ') || words.slice(0, -1).join(' '),
    last: wordsOf(read(names.last)).join(' ') || (words.at(-1) ?? ''),
    street: wordsOf(read(names.street)).join(' '),
    city: wordsOf(read(names.city)).join(' '),
    postalCode: read(names.postalCode)
      .toLowerCase()
      .replace(/[^a-z0-9]/g, ''),
    birth: birthOf(read(names.birth)),
  }
}

function collect(fields: Readonly<Record<string, unknown>>, into: Map<string, string>, depth: number): void {
  for (const [name, value] of Object.entries(fields)) {
    const key = name.toLowerCase().replace(/[^a-z0-9]/g, '')
    if ((typeof value === 'string' || typeof value === 'number') && !into.has(key))
      into.set(key, String(value).slice(0, 200))
    else if (depth > 1 && typeof value === 'object' && value !== null && !Array.isArray(value))
      collect(value as Readonly<Record<string, unknown>>, into, depth - 1) // An object of JSON.
  }
}

const spelled: Readonly<Record<string, string>> = { ß: 'ss', æ: 'ae', ø: 'o', œ: 'oe', ł: 'l', đ: 'd' }

/** Lower-cased, without accents and whatever is no letter or digit. */
export const wordsOf = (text: string): string[] =>
  text
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[ßæøœłđ]/g, (letter) => spelled[letter] ?? letter)
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')

const digitsOf = (text: string): string => text.replace(/\D/g, '')
const unique = (texts: readonly string[]): string[] => [...new Set(texts)]

/** Of `1980-05-17` and `17.05.1980` alike; what is written with slashes is read as day, month and year. */
function birthOf(text: string): string {
  const [, day = '', month = '', year = ''] = /^(\d{1,2})[./](\d{1,2})[./](\d{4})$/.exec(text.trim()) ?? []
  if (year) return year + month.padStart(2, '0') + day.padStart(2, '0')
  const digits = digitsOf(text.slice(0, 10))
  return digits.length === 8 ? digits : ''
}
