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

/** True for a name that is marked, as it is written, and for the well-known ones in any spelling. */
export const isPersonalName = (name: string, marked: ReadonlySet<string>): boolean =>
  marked.has(name) || wellKnown.has(fold(name))

type Path = readonly (string | number)[]

/**
 * The object with null in the place of values whose names are personal, at any depth, and the paths of those. Marked names count
 * at the top alone. The very same object where there are none.
 */
export function withoutPersonal(
  values: JsonObject,
  marked: ReadonlySet<string>,
): { values: JsonObject; hidden: readonly Path[] } {
  const hidden: Path[] = []
  const shown = walk(values, [], (name, path) => {
    const isHidden = isPersonalName(name, path.length === 1 ? marked : nothing)
    if (isHidden) hidden.push(path)
    return isHidden
  })
  return hidden.length === 0 ? { values, hidden } : { values: shown as JsonObject, hidden } // An object stays one.
}

const nothing: ReadonlySet<string> = new Set()

function walk(value: unknown, path: Path, isHidden: (name: string, path: Path) => boolean): unknown {
  if (Array.isArray(value)) return value.map((one, i) => walk(one, [...path, i], isHidden))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, inner]): [string, unknown] => {
    const place = [...path, name]
    const isThere = inner !== null && isHidden(name, place)
    return [name, isThere ? null : walk(inner, place, isHidden)]
  })
  return Object.fromEntries(entries)
}
