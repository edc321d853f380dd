// One character for what became of a flow: the alphabet of stored traces.

import type { HintKind, UnattributedReason } from './decision.ts'

/** A mark is the code of its character, below 128. */
export type Mark = number

const codeOf = (character: string): Mark => character.charCodeAt(0)

/** Ranked. */
export const rankedMark = codeOf('.')
/** See the entries. */
export const ownMark = codeOf('*')
/** Not looked at: required targets name other flows of the campaign. */
export const untouchedMark = codeOf('-')

const fallenBy: readonly HintKind[] = ['COUPON_CODE', 'SHARE_ID', 'ADVOCATE_CODE', 'JOURNEY_CAMPAIGN_ID', 'LABEL']
const [firstScreen, firstFallen, firstFailure] = [codeOf('0'), codeOf('A'), codeOf('a')]

/**
 * What is stored goes by these places: a new reason is added at the end, and none ever moves.
 */
const places: { readonly [reason in UnattributedReason]: number } = {
  NO_CAMPAIGN: 0,
  CAMPAIGN_NOT_LIVE: 1,
  OUTSIDE_WINDOW: 2,
  EVENT_NOT_SUPPORTED: 3,
  CAMPAIGN_TARGET_NOT_PRESENT: 4,
  REQUIRED_TARGET_UNMATCHED: 5,
  TARGET_MALFORMED: 6,
  REENTRY_FORBIDDEN: 7,
  ENTRY_CRITERIA_FAILED: 8,
  ONGOING_CRITERIA_FAILED: 9,
  NO_REFERRAL: 10,
  ADVOCATE_INELIGIBLE: 11,
  PERSON_BLOCKED: 12,
  BOT: 13,
  HINT_UNRESOLVED: 14,
}

/** The campaign fell in phases 2 or 3. */
export const screenMark = (code: UnattributedReason): Mark => firstScreen + places[code]
/** It became no candidate in phase 4. */
export const failureMark = (code: UnattributedReason): Mark => firstFailure + places[code]
/** A hint chose otherwise. */
export const fallenMark = (code: HintKind): Mark => firstFallen + fallenBy.indexOf(code)

/** What a mark means. */
export type Meaning =
  | { readonly kind: 'OWN' | 'UNTOUCHED' }
  | { readonly kind: 'RANKED' }
  | { readonly kind: 'SCREENED'; readonly code: UnattributedReason }
  | { readonly kind: 'FAILED'; readonly code: UnattributedReason }
  | { readonly kind: 'FALLEN'; readonly code: HintKind }

const reasons = new Map(Object.entries(places).map(([code, place]) => [place, code as UnattributedReason])) // `as`: entries forget the keys' type

/** Throws RangeError for a character that is no mark. */
export const meaningOf = (character: string): Meaning => meaningOfMark(codeOf(character))

export function meaningOfMark(mark: Mark): Meaning {
  if (mark === rankedMark) return { kind: 'RANKED' }
  if (mark === ownMark) return { kind: 'OWN' }
  if (mark === untouchedMark) return { kind: 'UNTOUCHED' }
  const hint = fallenBy[mark - firstFallen]
  if (hint) return { kind: 'FALLEN', code: hint }
  const code = reasons.get(mark >= firstFailure ? mark - firstFailure : mark - firstScreen)
  if (!code) throw new RangeError(`not a mark: ${mark}`)
  return mark >= firstFailure ? { kind: 'FAILED', code } : { kind: 'SCREENED', code }
}
