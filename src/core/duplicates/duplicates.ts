// Who may be one: keys that two records of one person probably share, so that not everybody is compared with everybody, and how
// probable it is of two who share one. The weights are logarithms of how much likelier an observation is of one person than of two
// (Fellegi and Sunter, 1969), set by hand and held against labelled data by `npm run bench -- duplicates`.

import type { Particulars } from './particulars.ts'
import { editsBetween, jaroWinkler, soundOf } from './similarity.ts'

/** A pair is worth a look from this score on. */
export const defaultMinScore = 0.8

/** A key of more people tells too little to compare them all. */
export const maxBlock = 50

/** Equal texts for two people who are worth comparing. */
export function blockingKeys(one: Particulars): string[] {
  const { emails, phones, first, last, street, city, postalCode, birth } = one
  const [firstSound, lastSound] = [soundOf(first), soundOf(last)]
  // First and last name are swapped often enough to be told in either order.
  const sounds = [firstSound, lastSound].sort().join('/')
  const house = street.replace(/\d+/g, '').replaceAll(' ', '').slice(0, 8)
  const keys = [
    ...emails.map((email) => `email ${email}`),
    ...emails.map((email) => `mailbox ${email.slice(0, email.lastIndexOf('@'))}`),
    ...phones.map((phone) => `phone ${phone.slice(-8)}`),
    birth && `birth ${birth}`,
    postalCode && lastSound && `postal code and last ${postalCode} ${lastSound}`,
    postalCode && firstSound && `postal code and first ${postalCode} ${firstSound}`,
    first && last && `sounds and city ${sounds} ${soundOf(city)}`,
    first && last && `names ${[first, last].sort().join(' ')}`,
    house.length > 3 && lastSound && `house ${house} ${lastSound}`,
    house.length > 3 && firstSound && `house ${house} ${firstSound}`,
    house.length > 3 && postalCode && `street ${house} ${postalCode}`,
  ]
  return [...new Set(keys.filter((key) => typeof key === 'string' && key !== ''))] as string[] // Those that are texts.
}

export type DuplicateReason = 'EMAIL' | 'PHONE' | 'NAME' | 'ADDRESS' | 'BIRTH_DATE'

export interface Likeness {
  /** How probable it is that they are one, from 0 to 1. */
  readonly score: number
  /** What they agree in, strongest first. */
  readonly reasons: readonly DuplicateReason[]
}

/** Of two who share a key: most of them are two. */
const priorWeight = -6

export function likenessOf(a: Particulars, b: Particulars): Likeness {
  const weights: readonly [DuplicateReason, number][] = [
    ['EMAIL', emailWeight(a.emails, b.emails)],
    ['PHONE', phoneWeight(a.phones, b.phones)],
    ['NAME', nameWeight(a, b)],
    ['ADDRESS', addressWeight(a, b)],
    ['BIRTH_DATE', birthWeight(a.birth, b.birth)],
  ]
  const sum = weights.reduce((total, [, weight]) => total + weight, priorWeight)
  return {
    score: 1 / (1 + Math.exp(-sum)),
    reasons: weights
      .filter(([, weight]) => weight > 1)
      .sort((x, y) => y[1] - x[1])
      .map(([reason]) => reason),
  }
}

function emailWeight(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return 0
  return Math.max(...a.flatMap((one) => b.map((other) => mailboxWeight(one, other))))
}

/** People have several addresses: others say little, one that is nearly the same says much. */
function mailboxWeight(a: string, b: string): number {
  if (a === b) return 7
  const [local, other] = [a.slice(0, a.lastIndexOf('@')), b.slice(0, b.lastIndexOf('@'))]
  if (local === other) return local.length >= 6 ? 3.5 : 1
  const isNear = local.length >= 6 && editsBetween(a, b, 2) <= 2
  return isNear ? 2.5 : -0.5
}

function phoneWeight(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return 0
  // Families share a number.
  if (a.some((one) => b.some((other) => one.slice(-9) === other.slice(-9)))) return 4.5
  return a.some((one) => b.some((other) => editsBetween(one, other, 1) <= 1)) ? 1.5 : -0.5
}

function nameWeight(a: Particulars, b: Particulars): number {
  // Another first name is another of the family; another last name may be that of before a wedding.
  const straight = wordWeight(a.first, b.first, -4.5) + wordWeight(a.last, b.last, -3)
  const isWhole = a.first !== '' && a.last !== '' && b.first !== '' && b.last !== ''
  const swapped = isWhole ? wordWeight(a.first, b.last, -4.5) + wordWeight(a.last, b.first, -4.5) - 1 : straight
  return Math.max(straight, swapped)
}

function wordWeight(a: string, b: string, otherwise: number): number {
  if (a === '' || b === '') return 0
  if (a === b) return 3
  if (a[0] === b[0] && (a.length === 1 || b.length === 1)) return 1
  const likeness = jaroWinkler(a, b)
  if (likeness >= 0.9) return 2
  return likeness >= 0.8 ? 0.5 : otherwise
}

function addressWeight(a: Particulars, b: Particulars): number {
  return postalWeight(a.postalCode, b.postalCode) + cityWeight(a.city, b.city) + streetWeight(a.street, b.street)
}

function postalWeight(a: string, b: string): number {
  if (a === '' || b === '') return 0
  if (a === b) return 2
  return editsBetween(a, b, 1) <= 1 ? 1 : -1
}

function cityWeight(a: string, b: string): number {
  if (a === '' || b === '') return 0
  return jaroWinkler(a, b) >= 0.9 ? 1 : -0.5
}

/** Whoever moved has another: it says little against them. */
function streetWeight(a: string, b: string): number {
  if (a === '' || b === '') return 0
  if (a === b) return 3
  return jaroWinkler(a, b) >= 0.9 ? 2 : -1
}

function birthWeight(a: string, b: string): number {
  if (a === '' || b === '') return 0
  if (a === b) return 5
  const isSwapped = a.slice(0, 4) === b.slice(0, 4) && a.slice(4, 6) === b.slice(6) && a.slice(6) === b.slice(4, 6)
  if (isSwapped || editsBetween(a, b, 1) <= 1) return 1.5
  return -4.5
}
