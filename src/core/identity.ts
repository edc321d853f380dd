// Identifiers in their normalised form, and how a caller writes them. What they say of who is who is in identity-plan.

import { parsePhoneNumberFromString } from 'libphonenumber-js'

/** All kinds; `strengthOf` tells the order in which they settle who a person is. */
export const identityKinds = ['SOURCE_ID', 'EMAIL', 'PARTNER_USER_ID', 'PHONE', 'DEVICE'] as const

export type IdentityKind = (typeof identityKinds)[number]

export interface Identifier {
  readonly kind: IdentityKind
  readonly value: string
  /** Somebody showed that it is the person's; else it is a claim. */
  readonly verified?: boolean
  /** How it was written by earlier versions, where that was otherwise. */
  readonly former?: string
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
  emailVerified?: boolean | null
  phoneVerified?: boolean | null
}

export type IdentifierField = 'sourceId' | 'email' | 'phone' | 'partnerUserId' | 'deviceId'

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

/** Why an identifier of a reference was left out. */
export const dropReasons = [
  'BLANK',
  'INVALID',
  'BLOCKED_VALUE',
  'OVER_LIMIT',
  'OWNED_BY_ANOTHER',
  'SHARED_DEVICE',
] as const

export interface DroppedIdentifier {
  readonly kind: IdentityKind
  readonly value: string
  readonly reason: (typeof dropReasons)[number]
}

/** What a reference says, strongest first: `dropped` are values that are nobody's name. */
export interface ReadRef {
  readonly identifiers: Identifier[]
  readonly dropped: DroppedIdentifier[]
  /** Of those that are dropped as INVALID, what is wrong. */
  readonly invalid: readonly IdentifierFault[]
}

/** What a reference says, or what is wrong with one that is too long to be kept or told. */
export function readRef(ref: PersonRef): ReadRef | IdentifierFault {
  const identifiers: Identifier[] = []
  const dropped: DroppedIdentifier[] = []
  const invalid: IdentifierFault[] = []
  for (const [field, kind] of fields) {
    const given = ref[field]?.trim()
    if (given === undefined) continue
    if (given === '') {
      dropped.push({ kind, value: '', reason: 'BLANK' })
      continue
    }
    if (given.length > maxLength) return { field, message: `over ${maxLength} characters` }
    if (isBlocked(kind, given)) {
      dropped.push({ kind, value: given, reason: 'BLOCKED_VALUE' })
      continue
    }
    const value = normalise(kind, given)
    if (value === undefined) {
      invalid.push({ field, message: `not ${expected[kind] ?? 'valid'}: ${given.slice(0, 80)}` })
      dropped.push({ kind, value: given, reason: 'INVALID' })
      continue
    }
    const former = given.toLowerCase()
    identifiers.push({
      ...{ kind, value },
      ...(kind === 'EMAIL' && former !== value ? { former } : {}),
      ...((kind === 'EMAIL' && ref.emailVerified) || (kind === 'PHONE' && ref.phoneVerified) ? { verified: true } : {}),
    })
  }
  return { identifiers: strongestFirst(identifiers), dropped, invalid }
}

/** The identifiers of a reference, strongest first, or its first fault. */
export function identifiersOf(ref: PersonRef): Identifier[] | IdentifierFault {
  const read = readRef(ref)
  if (!('identifiers' in read)) return read
  return read.invalid[0] ?? read.identifiers
}

const byStrength: readonly IdentityKind[] = ['PARTNER_USER_ID', 'EMAIL', 'PHONE', 'DEVICE']

/** A source id, a verified e-mail address, a partner's user id, an e-mail address, a phone number, a device. */
function strengthOf({ kind, verified }: Identifier): number {
  if (kind === 'SOURCE_ID') return -2
  return kind === 'EMAIL' && verified ? -1 : byStrength.indexOf(kind)
}

export const strongestFirst = (identifiers: readonly Identifier[]): Identifier[] =>
  identifiers.toSorted((a, b) => strengthOf(a) - strengthOf(b))

const expected: Partial<Record<IdentityKind, string>> = {
  EMAIL: 'an e-mail address',
  PHONE: 'a phone number in international form (+ and country code)',
}

/** One identifier in the form it is stored and compared in; undefined for what cannot be one. */
export function normalise(kind: IdentityKind, value: string): string | undefined {
  if (kind === 'EMAIL') return normaliseEmail(value)
  if (kind === 'PHONE') return normalisePhone(value)
  return value
}

/** E.164 of a number that can be called; an extension is part of it, since colleagues share what is before (RFC 3966). `00` is `+`. */
function normalisePhone(value: string): string | undefined {
  const found = parsePhoneNumberFromString(value.trim().replace(/^00/, '+'), { extract: false })
  if (!found?.isValid()) return undefined
  return found.ext ? `${found.number};ext=${found.ext}` : found.number
}

// One @, no blanks, a dotted domain: what RFC 5321 asks of a mailbox that mail can reach, without its quoted forms.
const mailbox =
  /^[^\s@"(),:;<>[\\\]]{1,64}@(?=.{4,255}$)([\p{L}\p{N}]([\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+[\p{L}\p{N}-]{2,63}$/u

function normaliseEmail(value: string): string | undefined {
  const email = value.trim().toLowerCase()
  const local = email.slice(0, email.indexOf('@'))
  const dotsFit = !local.startsWith('.') && !local.endsWith('.') && !local.includes('..')
  return mailbox.test(email) && dotsFit ? asciiDomain(email, local) : undefined
}

/** With the domain as DNS has it (RFC 5891), where it has letters of other scripts. */
function asciiDomain(email: string, local: string): string | undefined {
  const domain = email.slice(local.length + 1)
  if (/^[\x20-\x7e]*$/.test(domain)) return email
  const url = `http://${domain}`
  return URL.canParse(url) ? `${local}@${new URL(url).hostname}` : undefined
}

/** For checks of fraud and duplicates alone, since other people may have such an address: without dots and what follows a plus. */
export function looseEmail(email: string): string {
  const at = email.lastIndexOf('@')
  const [local = ''] = email.slice(0, at).split('+')
  return `${local.replaceAll('.', '')}${email.slice(at)}`
}

// What programs write where they know nothing.
const blocked = new Set([
  ...['null', 'undefined', 'none', 'nil', 'nan', 'n/a', 'na', 'anonymous', 'unknown', 'guest', 'test'],
  ...['true', 'false', '(null)', 'not set', '(not set)', '[object object]'],
])

const blockedMailboxes = new Set(['null', 'undefined', 'none', 'anonymous', 'unknown', 'noemail', 'no-email'])

/** True of values that programs send for everybody of whom they know nothing. */
export function isBlocked(kind: IdentityKind, given: string): boolean {
  const value = given.trim().toLowerCase()
  if (blocked.has(value) || /^[+\s(){}.-]*0[0+\s(){}.-]*$/.test(value) || /^[^\p{L}\p{N}]+$/u.test(value)) return true
  return kind === 'EMAIL' && blockedMailboxes.has(value.slice(0, value.lastIndexOf('@')))
}
