// The form of a rule: the same tree in the database and in the API's RuleInput. Exactly one key per node.

/** A condition on a person. A missing value is UNKNOWN, neither true nor false, and so is its negation. */
export type Rule =
  | { readonly all: readonly Rule[] }
  | { readonly any: readonly Rule[] }
  | { readonly not: Rule }
  | { readonly field: FieldRule }
  | { readonly audience: AudienceRule }

export const fieldOperators = [
  'EQ',
  'NE',
  'LT',
  'LTE',
  'GT',
  'GTE',
  'IN',
  'NOT_IN',
  'CONTAINS',
  'STARTS_WITH',
  'ENDS_WITH',
  'EXISTS',
  'MISSING',
  'WITHIN_LAST_DAYS',
] as const

export type FieldOperator = (typeof fieldOperators)[number]

export interface FieldRule {
  /** A path into the person's fields, `a.b[].c` for any element of a list, or an identity such as `email`. */
  readonly field: string
  readonly op: FieldOperator
  readonly value?: unknown
  /** A missing value satisfies. */
  readonly orMissing?: boolean | null
}

export interface AudienceRule {
  /** The audience's UUID or global id. */
  readonly id: string
  /** Default true. */
  readonly member?: boolean | null
}

/** Nesting: a lone leaf has depth 1. */
export const maxRuleDepth = 16

/** Members of one `all` or `any`, and values of one `IN`. */
export const maxRuleWidth = 200
