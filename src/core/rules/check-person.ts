// The leaves that ask what a person or an event is: fields, event data, audiences, consents.

import { consentChannels, consentStates } from '../consent.ts'
import { decodeId } from '../ids.ts'
import { fault, isAbsent, isFlag, isObject, type RuleFault, strayKey, within } from './faults.ts'
import { isScalar } from './operators.ts'
import { parsePath } from './path.ts'
import { type FieldOperator, fieldOperators, maxRuleDays, maxRuleWidth } from './rule.ts'

/** The first fault of a would-be condition on a field or on event data. */
export function checkField(rule: unknown, at: string): RuleFault | null {
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

/** The first fault of a would-be condition on membership of an audience. */
export function checkAudience(rule: unknown, at: string): RuleFault | null {
  if (!isObject(rule)) return fault(at, 'NOT_AN_OBJECT', 'not a condition on an audience')
  const stray = strayKey(rule, ['id', 'member'])
  if (stray !== undefined) return fault(within(at, stray), 'UNKNOWN_KEY', 'not part of a condition on an audience')
  if (typeof rule.id !== 'string' || decodeId('Audience', rule.id) === null) {
    return fault(within(at, 'id'), 'BAD_ID', 'not the id of an audience')
  }
  return isFlag(rule.member) ? null : fault(within(at, 'member'), 'NOT_A_BOOLEAN', 'true or false')
}

/** The first fault of a would-be condition on consents. */
export function checkConsent(rule: unknown, at: string): RuleFault | null {
  if (!isObject(rule)) return fault(at, 'NOT_AN_OBJECT', 'not a condition on consents')
  const stray = strayKey(rule, ['channel', 'state'])
  if (stray !== undefined) return fault(within(at, stray), 'UNKNOWN_KEY', 'not part of a condition on consents')
  const { channel, state } = rule
  if (!isAbsent(channel) && !consentChannels.some((one) => one === channel)) {
    return fault(within(at, 'channel'), 'BAD_VALUE', `not one of ${consentChannels.join(', ')}`)
  }
  if (!isAbsent(state) && !consentStates.some((one) => one === state)) {
    return fault(within(at, 'state'), 'BAD_VALUE', `not one of ${consentStates.join(', ')}`)
  }
  return null
}

/** What the operator would have taken in place of this value; null where the value will do. */
function wantedValue(op: FieldOperator, value: unknown): string | null {
  switch (op) {
    case 'EXISTS':
    case 'MISSING':
      return isAbsent(value) ? null : 'no value'
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
      return typeof value === 'number' && value > 0 && value <= maxRuleDays
        ? null
        : `a number of days, up to ${maxRuleDays}`
    default:
      return isScalar(value) ? null : 'a text, a number or a boolean'
  }
}

function isListOfOneType(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0 || value.length > maxRuleWidth) return false
  return value.every((element) => isScalar(element) && typeof element === typeof value[0])
}

const isOperator = (value: unknown): value is FieldOperator => fieldOperators.some((op) => op === value)
