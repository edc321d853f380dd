// Is this value a rule? Answers with the first fault and its place, so that a caller can mend it.

import { decodeId } from '../ids.ts'
import { isScalar } from './operators.ts'
import { parsePath } from './path.ts'
import { type FieldOperator, fieldOperators, maxRuleDepth, maxRuleWidth } from './rule.ts'

export type RuleProblem =
  | 'NOT_AN_OBJECT'
  | 'NOT_ONE_KEY'
  | 'UNKNOWN_KEY'
  | 'NOT_A_LIST'
  | 'TOO_DEEP'
  | 'TOO_WIDE'
  | 'BAD_PATH'
  | 'UNKNOWN_OPERATOR'
  | 'BAD_VALUE'
  | 'NOT_A_BOOLEAN'
  | 'BAD_ID'

export interface RuleFault {
  /** The place, as in `all[2].field.op`; empty for the rule itself. */
  readonly at: string
  readonly problem: RuleProblem
  readonly message: string
}

const maxDays = 36_500
const keys = ['all', 'any', 'not', 'field', 'audience']

/** The first fault of a would-be rule, depth first; null for a rule that compileRule takes. */
export const checkRule = (value: unknown): RuleFault | null => checkNode(value, '', 1)

function checkNode(node: unknown, at: string, depth: number): RuleFault | null {
  if (depth > maxRuleDepth) return fault(at, 'TOO_DEEP', `deeper than ${maxRuleDepth}`)
  if (!isObject(node)) return fault(at, 'NOT_AN_OBJECT', 'not a rule')
  const [key, ...others] = Object.keys(node)
  if (key === undefined || others.length > 0) return fault(at, 'NOT_ONE_KEY', `not exactly one of ${keys.join(', ')}`)
  const inner = within(at, key)
  if (key === 'all' || key === 'any') return checkMembers(node[key], inner, depth)
  if (key === 'not') return checkNode(node[key], inner, depth + 1)
  if (key === 'field') return checkField(node[key], inner)
  if (key === 'audience') return checkAudience(node[key], inner)
  return fault(inner, 'UNKNOWN_KEY', `not one of ${keys.join(', ')}`)
}

function checkMembers(members: unknown, at: string, depth: number): RuleFault | null {
  if (!Array.isArray(members)) return fault(at, 'NOT_A_LIST', 'not a list of rules')
  if (members.length > maxRuleWidth) return fault(at, 'TOO_WIDE', `more than ${maxRuleWidth} members`)
  for (const [i, member] of members.entries()) {
    const found = checkNode(member, `${at}[${i}]`, depth + 1)
    if (found) return found
  }
  return null
}

function checkField(rule: unknown, at: string): RuleFault | null {
  if (!isObject(rule)) return fault(at, 'NOT_AN_OBJECT', 'not a condition on a field')
  const stray = strayKey(rule, ['field', 'op', 'value', 'orMissing'])
  if (stray !== undefined) return fault(within(at, stray), 'UNKNOWN_KEY', 'not part of a condition on a field')
  const { field, op, value, orMissing } = rule
  if (typeof field !== 'string' || !parsePath(field)) {
    return fault(within(at, 'field'), 'BAD_PATH', 'not a path such as tier, address.city or orders[].total')
  }
  if (!isOperator(op)) return fault(within(at, 'op'), 'UNKNOWN_OPERATOR', `not one of ${fieldOperators.join(', ')}`)
  const wanted = wantedValue(op, value)
  if (wanted) return fault(within(at, 'value'), 'BAD_VALUE', `${op} takes ${wanted}`)
  const asksPresence = op === 'EXISTS' || op === 'MISSING'
  if (!isFlag(orMissing) || (asksPresence && orMissing === true)) {
    return fault(within(at, 'orMissing'), 'NOT_A_BOOLEAN', 'true or false, and never true with EXISTS or MISSING')
  }
  return null
}

function checkAudience(rule: unknown, at: string): RuleFault | null {
  if (!isObject(rule)) return fault(at, 'NOT_AN_OBJECT', 'not a condition on an audience')
  const stray = strayKey(rule, ['id', 'member'])
  if (stray !== undefined) return fault(within(at, stray), 'UNKNOWN_KEY', 'not part of a condition on an audience')
  if (typeof rule.id !== 'string' || decodeId('Audience', rule.id) === null) {
    return fault(within(at, 'id'), 'BAD_ID', 'not the id of an audience')
  }
  return isFlag(rule.member) ? null : fault(within(at, 'member'), 'NOT_A_BOOLEAN', 'true or false')
}

/** What the operator would have taken in place of this value; null where the value will do. */
function wantedValue(op: FieldOperator, value: unknown): string | null {
  switch (op) {
    case 'EXISTS':
    case 'MISSING':
      return value === undefined || value === null ? null : 'no value'
    case 'IN':
    case 'NOT_IN':
      return isListOfOneType(value)
        ? null
        : `a list of 1 to ${maxRuleWidth} texts, numbers or booleans, all of one type`
    case 'LT':
    case 'LTE':
    case 'GT':
    case 'GTE':
      return isScalar(value) && typeof value !== 'boolean' ? null : 'a number, an instant or a text'
    case 'STARTS_WITH':
    case 'ENDS_WITH':
      return typeof value === 'string' && value !== '' ? null : 'a text'
    case 'WITHIN_LAST_DAYS':
      return typeof value === 'number' && value > 0 && value <= maxDays ? null : `a number of days, up to ${maxDays}`
    default:
      return isScalar(value) ? null : 'a text, a number or a boolean'
  }
}

function isListOfOneType(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0 || value.length > maxRuleWidth) return false
  return value.every((element) => isScalar(element) && typeof element === typeof value[0])
}

const fault = (at: string, problem: RuleProblem, message: string): RuleFault => ({ at, problem, message })

const within = (at: string, key: string): string => (at === '' ? key : `${at}.${key}`)

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isOperator = (value: unknown): value is FieldOperator => fieldOperators.some((op) => op === value)

const isFlag = (value: unknown): boolean => value === undefined || value === null || typeof value === 'boolean'

const strayKey = (rule: object, known: readonly string[]): string | undefined =>
  Object.keys(rule).find((key) => !known.includes(key))
