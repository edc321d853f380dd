// Which names stand for values that tell who somebody is, and JSON without those values. The one place where a name is judged.

import type { JsonObject } from './targeting/facts.ts'

/** Without case and anything but letters and digits: `First Name` and `first_name` are one. */
const fold = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')

/** Names that everybody uses for such values, folded; those that a brand marks come beside them. */
const wellKnown: ReadonlySet<string> = new Set(
  [
    ...['email', 'emailaddress', 'mail', 'phone', 'phonenumber', 'mobile', 'mobilenumber', 'mobilephone', 'telephone'],
    ...['firstname', 'lastname', 'givenname', 'familyname', 'middlename', 'fullname', 'surname', 'maidenname'],
    ...[
      'birthday',
      'birthdate',
      'dateofbirth',
      'dob',
      'address',
      'address1',
      'address2',
      'addressline1',
      'addressline2',
    ],
    ...['street', 'streetaddress', 'postalcode', 'postcode', 'zip', 'zipcode', 'shippingaddress', 'billingaddress'],
    ...[
      'iban',
      'ssn',
      'passport',
      'passportnumber',
      'taxid',
      'ip',
      'ipaddress',
      'deviceid',
      'anonymousid',
      'partneruserid',
    ],
  ].map(fold),
)

/** What a brand marks under a name: the value as a whole, or parts of what is in it. */
export interface Mark {
  readonly isWhole: boolean
  readonly parts: Marks
}

/** By name, of one object. */
export type Marks = ReadonlyMap<string, Mark>

export const noMarks: Marks = new Map()

/** The names, each marked as a whole. */
export const marksOfNames = (names: readonly string[]): Marks =>
  new Map(names.map((name) => [name, { isWhole: true, parts: noMarks }]))

/** What either marks. */
export function marksTogether(one: Marks, other: Marks): Marks {
  const both = new Map(one)
  for (const [name, mark] of other) {
    const known = one.get(name)
    if (!known) both.set(name, mark)
    else both.set(name, { isWhole: known.isWhole || mark.isWhole, parts: marksTogether(known.parts, mark.parts) })
  }
  return both
}

/** True for a name that is marked, as it is written, and for the well-known ones in any spelling. */
export const isPersonalName = (name: string, marks: Marks): boolean =>
  (marks.get(name)?.isWhole ?? false) || wellKnown.has(fold(name))

/**
 * What the marks say of what a path such as `address.street` or `items[].note` leads to: hidden as a whole, or the marks of its
 * parts.
 */
export function marksAlong(path: string, marks: Marks): Marks | 'WHOLE' {
  // A name as the CRM has it may hold a dot.
  if (isPersonalName(path, marks)) return 'WHOLE'
  let left = marks
  for (const step of path.split('.')) {
    const name = step.replace(/(\[\])+$/, '')
    if (isPersonalName(name, left)) return 'WHOLE'
    left = left.get(name)?.parts ?? noMarks
  }
  return left
}

type Path = readonly (string | number)[]

/**
 * The object with null in the place of values whose names are personal, at any depth, and the paths of those. Elements of a list
 * are marked as the list is. The very same object where there are none.
 */
export function withoutPersonal(values: JsonObject, marks: Marks): { values: JsonObject; hidden: readonly Path[] } {
  const hidden: Path[] = []
  const shown = walk(values, { path: [], marks, hidden })
  return hidden.length === 0 ? { values, hidden } : { values: shown as JsonObject, hidden } // An object stays one.
}

interface Spot {
  readonly path: Path
  readonly marks: Marks
  readonly hidden: Path[]
}

function walk(value: unknown, { path, marks, hidden }: Spot): unknown {
  if (Array.isArray(value)) return value.map((one, i) => walk(one, { path: [...path, i], marks, hidden }))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, inner]): [string, unknown] => {
    const place = [...path, name]
    if (inner === null || !isPersonalName(name, marks))
      return [name, walk(inner, { path: place, marks: marks.get(name)?.parts ?? noMarks, hidden })]
    hidden.push(place)
    return [name, null]
  })
  return Object.fromEntries(entries)
}
