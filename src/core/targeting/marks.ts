// One character for what became of a flow: the alphabet of stored traces.

import { type HintKind, reasonRank, type UnattributedReason } from './decision.ts'

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

/** The campaign fell in phases 2 or 3. */
export const screenMark = (code: UnattributedReason): Mark => firstScreen + reasonRank[code]
/** It became no candidate in phase 4. */
export const failureMark = (code: UnattributedReason): Mark => firstFailure + reasonRank[code]
/** A hint chose otherwise. */
export const fallenMark = (code: HintKind): Mark => firstFallen + fallenBy.indexOf(code)

/** What a mark means. */
export type Meaning =
  | { readonly kind: 'OWN' | 'UNTOUCHED' }
  | { readonly kind: 'RANKED' }
  | { readonly kind: 'SCREENED'; readonly code: UnattributedReason }
  | { readonly kind: 'FAILED'; readonly code: UnattributedReason }
  | { readonly kind: 'FALLEN'; readonly code: HintKind }

const reasons = new Map(Object.entries(reasonRank).map(([code, rank]) => [rank, code as UnattributedReason])) // `as`: entries forget the keys' type

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
