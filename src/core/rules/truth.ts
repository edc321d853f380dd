// Three-valued logic (Kleene): what is not known is neither true nor false. The numbers are ordered, so that
// "and" is the smallest, "or" the largest, and "not" the mirror image.

export type Truth = 0 | 1 | 2

export const isFalse = 0
export const isUnknown = 1
export const isTrue = 2

export const truthNames = ['FALSE', 'UNKNOWN', 'TRUE'] as const

export type TruthName = (typeof truthNames)[number]

export function negate(truth: Truth): Truth {
  if (truth === isUnknown) return isUnknown
  return truth === isTrue ? isFalse : isTrue
}

export const truthOf = (condition: boolean): Truth => (condition ? isTrue : isFalse)
