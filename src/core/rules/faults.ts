// What is wrong with a would-be rule, where, and the questions that its checks ask of every part.

export type RuleProblem =
  | 'NOT_AN_OBJECT'
  | 'NOT_ONE_KEY'
  | 'UNKNOWN_KEY'
  | 'NOT_A_LIST'
  | 'TOO_DEEP'
  | 'TOO_WIDE'
  | 'TOO_LARGE'
  | 'TOO_MANY_EVENTS'
  | 'BAD_PATH'
  | 'UNKNOWN_OPERATOR'
  | 'BAD_VALUE'
  | 'NOT_A_BOOLEAN'
  | 'BAD_ID'
  | 'BAD_NAME'
  | 'BAD_COUNT'
  | 'BAD_DAYS'
  | 'BAD_CURRENCY'

export interface RuleFault {
  /** The place, as in `all[2].field.op`; empty for the rule itself. */
  readonly at: string
  readonly problem: RuleProblem
  readonly message: string
}

export type Fields = { readonly [key: string]: unknown }

export const fault = (at: string, problem: RuleProblem, message: string): RuleFault => ({ at, problem, message })

export const within = (at: string, key: string): string => (at === '' ? key : `${at}.${key}`)

export const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const isAbsent = (value: unknown): value is null | undefined => value === undefined || value === null

export const isFlag = (value: unknown): boolean => isAbsent(value) || typeof value === 'boolean'

/** The first key that is none of those known; undefined where there is none. */
export const strayKey = (rule: object, known: readonly string[]): string | undefined =>
  Object.keys(rule).find((key) => !known.includes(key))
