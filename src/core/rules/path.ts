// Where a rule finds its values: a path into plain data, or the person's identities. Only own properties are read.

import type { JsonObject, PersonFacts } from '../targeting/facts.ts'

interface Step {
  readonly name: string
  /** `name[]`: any element of the list there. */
  readonly each: boolean
}

export type Path = readonly Step[]

/** Reads all values that a path means, in the order of the data; empty where there are none. Null is no value. */
export type Reader = (person: PersonFacts) => readonly unknown[]

const maxPathLength = 256
const maxSteps = 16
const step = /^([^.[\]]+)(\[\])?$/
const forbidden: ReadonlySet<string> = new Set(['__proto__', 'prototype', 'constructor'])
const nothing: readonly unknown[] = []

const identityKinds: ReadonlyMap<string, string> = new Map([
  ['sourceId', 'SOURCE_ID'],
  ['email', 'EMAIL'],
  ['partnerUserId', 'PARTNER_USER_ID'],
  ['phone', 'PHONE'],
  ['deviceId', 'DEVICE'],
])

/** The kind of identity that a field's name means; `emailDomain`, a part of one, is none. */
export const identityKindOf = (field: string): string | undefined => identityKinds.get(field)

/** True for the names that are read from the e-mail addresses, which compare in lower case. */
export const isEmailField = (field: string): boolean => field === 'email' || field === 'emailDomain'

/** The steps of a path such as `a.b[].c`; null for one that is empty, too long, malformed or names the prototype. */
export function parsePath(path: string): Path | null {
  const names = path.split('.', maxSteps + 1)
  if (path.length > maxPathLength || names.length > maxSteps) return null
  const steps: Step[] = []
  for (const text of names) {
    const [, name, each] = step.exec(text) ?? []
    if (name === undefined || forbidden.has(name)) return null
    steps.push({ name, each: each !== undefined })
  }
  return steps
}

/** The steps of a path. Throws RangeError where parsePath finds none. */
export function compilePath(path: string): Path {
  const steps = parsePath(path)
  if (!steps) throw new RangeError(`not a path: ${path}`)
  return steps
}

/** All values that the steps lead to. */
export function readPath(root: JsonObject, steps: Path): readonly unknown[] {
  let found: unknown[] = [root]
  for (const { name, each } of steps) {
    const next: unknown[] = []
    for (const value of found) {
      const inner = ownProperty(value, name)
      if (each && Array.isArray(inner)) next.push(...inner.filter(isPresent))
      else if (!each && isPresent(inner)) next.push(inner)
    }
    if (next.length === 0) return nothing
    found = next
  }
  return found
}

/** Reads a person's identity or field, as a rule names it. An identity's name hides a field of the same name. */
export function readerOf(field: string): Reader {
  const kind = identityKinds.get(field)
  if (kind !== undefined) return (person) => person.identities[kind] ?? nothing
  if (field === 'emailDomain') return (person) => (person.identities.EMAIL ?? []).map(domainOf)
  const steps = compilePath(field)
  return (person) => readPath(person.fields, steps)
}

const domainOf = (email: string): string => email.slice(email.lastIndexOf('@') + 1)

const isPresent = (value: unknown): boolean => value !== null && value !== undefined

const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function ownProperty(value: unknown, name: string): unknown {
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
}
