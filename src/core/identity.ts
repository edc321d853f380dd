// Who an event is about: identifiers in their normalised form, and which known people they say are one.

import { parsePhoneNumberFromString } from 'libphonenumber-js'

/** Strongest first: the order in which identifiers settle who a person is. */
export const identityKinds = ['SOURCE_ID', 'EMAIL', 'PARTNER_USER_ID', 'PHONE', 'DEVICE'] as const

export type IdentityKind = (typeof identityKinds)[number]

export interface Identifier {
  readonly kind: IdentityKind
  readonly value: string
}

export const identifierKey = ({ kind, value }: Identifier): string => `${kind}:${value}`

/** A reference to a person as a caller writes it. */
export interface PersonRef {
  id?: string | null
  sourceId?: string | null
  email?: string | null
  phone?: string | null
  partnerUserId?: string | null
  deviceId?: string | null
}

export type IdentifierField = Exclude<keyof PersonRef, 'id'>

export interface IdentifierFault {
  field: IdentifierField
  message: string
}

const fields: readonly [IdentifierField, IdentityKind][] = [
  ['sourceId', 'SOURCE_ID'],
  ['email', 'EMAIL'],
  ['partnerUserId', 'PARTNER_USER_ID'],
  ['phone', 'PHONE'],
  ['deviceId', 'DEVICE'],
]

const maxLength = 256

/** The identifiers of a reference, strongest first, or its first fault. Blank ones are absent. */
export function identifiersOf(ref: PersonRef): Identifier[] | IdentifierFault {
  const found: Identifier[] = []
  for (const [field, kind] of fields) {
    const given = ref[field]?.trim()
    if (!given) continue
    if (given.length > maxLength) return { field, message: `over ${maxLength} characters` }
    const value = normalise(kind, given)
    if (value === undefined) return { field, message: `not ${expected[kind] ?? 'valid'}: ${given.slice(0, 80)}` }
    found.push({ kind, value })
  }
  return found
}

const expected: Partial<Record<IdentityKind, string>> = {
  EMAIL: 'an e-mail address',
  PHONE: 'a phone number in international form (+ and country code)',
}

/** One identifier in the form it is stored and compared in; undefined for what cannot be one. */
export function normalise(kind: IdentityKind, value: string): string | undefined {
  if (kind === 'EMAIL') return normaliseEmail(value)
  if (kind === 'PHONE') return parsePhoneNumberFromString(value)?.number
  return value
}

// One @, no blanks, a dotted domain: what RFC 5321 asks of a mailbox that mail can reach, without its quoted forms.
const mailbox =
  /^[^\s@"(),:;<>[\\\]]{1,64}@(?=.{4,255}$)([\p{L}\p{N}]([\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+[\p{L}\p{N}-]{2,63}$/u

function normaliseEmail(value: string): string | undefined {
  const email = value.trim().toLowerCase()
  const local = email.slice(0, email.indexOf('@'))
  const dotsFit = !local.startsWith('.') && !local.endsWith('.') && !local.includes('..')
  return mailbox.test(email) && dotsFit ? email : undefined
}

/** A known person with the identifiers of all profiles that were merged into them. */
export interface Owner {
  readonly id: string
  readonly identifiers: Identifier[]
}

/** What a reference means, given who owns its identifiers. */
export interface IdentityPlan {
  /** The known person, or null where a new one begins. */
  ownerId: string | null
  /** Identifiers that nobody owns yet; they become the person's. */
  attach: Identifier[]
  /** People who turn out to be this person. */
  absorb: string[]
  /** Identifiers of someone else, who stays someone else. */
  dropped: Identifier[]
}

/**
 * The strongest identifier names the person. Owners of the others join that person where nothing contradicts it:
 * an anonymous person (devices only) always does; a known one does unless the two differ in an identifier of one kind,
 * and never because of a device alone. A person whose SOURCE_ID differs from the one given is not the person meant.
 */
export function planIdentity(
  given: readonly Identifier[],
  ownerOf: (identifier: Identifier) => Owner | undefined,
): IdentityPlan {
  const plan: IdentityPlan = { ownerId: null, attach: [], absorb: [], dropped: [] }
  let person: Owner | undefined
  let known: readonly Identifier[] = given
  for (const identifier of given) {
    const owner = ownerOf(identifier)
    if (!owner) {
      plan.attach.push(identifier)
    } else if (owner.id === person?.id || plan.absorb.includes(owner.id)) {
      // Already this person.
    } else if (!joins(owner, identifier, known)) {
      plan.dropped.push(identifier)
    } else if (person) {
      plan.absorb.push(owner.id)
      known = [...known, ...owner.identifiers]
    } else {
      person = owner
      plan.ownerId = owner.id
      known = [...known, ...owner.identifiers]
    }
  }
  return plan
}

function joins(owner: Owner, by: Identifier, known: readonly Identifier[]): boolean {
  const isAnonymous = owner.identifiers.every(({ kind }) => kind === 'DEVICE')
  if (isAnonymous) return true
  const isOnlyIdentifier = known.every(({ kind }) => kind === 'DEVICE')
  if (by.kind === 'DEVICE' && !isOnlyIdentifier) return false
  return !contradicts(owner.identifiers, known)
}

/** True when the two have identifiers of one kind, other than devices, and none of them in common. */
function contradicts(a: readonly Identifier[], b: readonly Identifier[]): boolean {
  return identityKinds.some((kind) => {
    if (kind === 'DEVICE') return false
    const ours = a.filter((identifier) => identifier.kind === kind).map(({ value }) => value)
    const theirs = b.filter((identifier) => identifier.kind === kind).map(({ value }) => value)
    return ours.length > 0 && theirs.length > 0 && !ours.some((value) => theirs.includes(value))
  })
}
