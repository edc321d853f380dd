// The leaves that ask what a person did: events, orders and what they bought, relationships, decisions of a quality.

import { decodeId } from '../ids.ts'
import { foldEventName } from '../names.ts'
import { type Fields, fault, isAbsent, isFlag, isObject, type RuleFault, strayKey, within } from './faults.ts'
import { isMoney } from './orders.ts'
import {
  maxRuleCount,
  maxRuleDays,
  orderAggregates,
  orderOperators,
  productCountings,
  ruleQualities,
  ruleSides,
} from './rule.ts'

const maxEventName = 100
const bounds = ['atLeast', 'atMost', 'withinLastDays']

/** The first fault of a would-be condition on how often an event was performed. */
export function checkEvent(rule: unknown, at: string): RuleFault | null {
  if (!isObject(rule)) return fault(at, 'NOT_AN_OBJECT', 'not a condition on events')
  const stray = strayKey(rule, ['name', 'performed', ...bounds])
  if (stray !== undefined) return fault(within(at, stray), 'UNKNOWN_KEY', 'not part of a condition on events')
  if (!isEventName(rule.name)) {
    return fault(within(at, 'name'), 'BAD_NAME', `not the name of an event, 1 to ${maxEventName} characters`)
  }
  if (!isFlag(rule.performed)) return fault(within(at, 'performed'), 'NOT_A_BOOLEAN', 'true or false')
  return checkBounds(rule, at)
}

/** The first fault of a would-be condition on a figure of the person's orders. */
export function checkOrder(rule: unknown, at: string): RuleFault | null {
  if (!isObject(rule)) return fault(at, 'NOT_AN_OBJECT', 'not a condition on orders')
  const stray = strayKey(rule, ['aggregate', 'op', 'value', 'currency', 'withinLastDays'])
  if (stray !== undefined) return fault(within(at, stray), 'UNKNOWN_KEY', 'not part of a condition on orders')
  const { op, value, currency } = rule
  const aggregate = orderAggregates.find((one) => one === rule.aggregate)
  if (!aggregate) return fault(within(at, 'aggregate'), 'UNKNOWN_OPERATOR', `not one of ${orderAggregates.join(', ')}`)
  if (!isAmong(op, orderOperators)) {
    return fault(within(at, 'op'), 'UNKNOWN_OPERATOR', `not one of ${orderOperators.join(', ')}`)
  }
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    return fault(within(at, 'value'), 'BAD_VALUE', 'not a number')
  }
  if (isMoney(aggregate) ? !isCurrency(currency) : !isAbsent(currency)) {
    const message = isMoney(aggregate) ? 'not a currency of three letters, such as EUR' : `${aggregate} has no currency`
    return fault(within(at, 'currency'), 'BAD_CURRENCY', message)
  }
  return checkDays(rule, at)
}

const maxProductName = 256
const maxCategoryLevels = 10

/** The first fault of a would-be condition on products that were bought. */
export function checkProduct(rule: unknown, at: string): RuleFault | null {
  if (!isObject(rule)) return fault(at, 'NOT_AN_OBJECT', 'not a condition on products')
  const stray = strayKey(rule, ['id', 'sku', 'category', 'counting', ...bounds])
  if (stray !== undefined) return fault(within(at, stray), 'UNKNOWN_KEY', 'not part of a condition on products')
  const { id, sku, category, counting } = rule
  const given = [id, sku, category].filter((one) => !isAbsent(one))
  if (given.length !== 1) return fault(at, 'BAD_VALUE', 'exactly one of id, sku and category says which product')
  for (const [key, value] of Object.entries({ id, sku })) {
    if (!isAbsent(value) && !isProductName(value)) {
      return fault(within(at, key), 'BAD_VALUE', `not a text of 1 to ${maxProductName} characters`)
    }
  }
  if (!isAbsent(category) && !isCategory(category)) {
    return fault(within(at, 'category'), 'BAD_VALUE', `not 1 to ${maxCategoryLevels} names of categories`)
  }
  if (!isAbsent(counting) && !isAmong(counting, productCountings)) {
    return fault(within(at, 'counting'), 'BAD_VALUE', `not one of ${productCountings.join(', ')}`)
  }
  return checkBounds(rule, at)
}

const isProductName = (value: unknown): boolean =>
  typeof value === 'string' && value !== '' && value.length <= maxProductName

const isCategory = (value: unknown): boolean =>
  Array.isArray(value) && value.length >= 1 && value.length <= maxCategoryLevels && value.every(isProductName)

/** The first fault of a would-be condition on relationships. */
export function checkRelationship(rule: unknown, at: string): RuleFault | null {
  if (!isObject(rule)) return fault(at, 'NOT_AN_OBJECT', 'not a condition on relationships')
  const stray = strayKey(rule, ['as', 'programId', 'where', ...bounds])
  if (stray !== undefined) return fault(within(at, stray), 'UNKNOWN_KEY', 'not part of a condition on relationships')
  if (!isAmong(rule.as, ruleSides)) return fault(within(at, 'as'), 'BAD_VALUE', `not one of ${ruleSides.join(', ')}`)
  const { programId } = rule
  if (!isAbsent(programId) && (typeof programId !== 'string' || decodeId('Program', programId) === null)) {
    return fault(within(at, 'programId'), 'BAD_ID', 'not the id of a program')
  }
  return checkBounds(rule, at)
}

/** The first fault of a would-be condition on decisions of a quality. */
export function checkQuality(rule: unknown, at: string): RuleFault | null {
  if (!isObject(rule)) return fault(at, 'NOT_AN_OBJECT', 'not a condition on quality')
  const stray = strayKey(rule, ['is', ...bounds])
  if (stray !== undefined) return fault(within(at, stray), 'UNKNOWN_KEY', 'not part of a condition on quality')
  if (!isAmong(rule.is, ruleQualities)) {
    return fault(within(at, 'is'), 'BAD_VALUE', `not one of ${ruleQualities.join(', ')}`)
  }
  return checkBounds(rule, at)
}

function checkBounds(rule: Fields, at: string): RuleFault | null {
  const { atLeast, atMost } = rule
  if (!isCount(atLeast)) return fault(within(at, 'atLeast'), 'BAD_COUNT', `not a whole number, 0 to ${maxRuleCount}`)
  if (!isCount(atMost)) return fault(within(at, 'atMost'), 'BAD_COUNT', `not a whole number, 0 to ${maxRuleCount}`)
  if (!isAbsent(atLeast) && !isAbsent(atMost) && atMost < atLeast) {
    return fault(within(at, 'atMost'), 'BAD_COUNT', 'less than atLeast')
  }
  return checkDays(rule, at)
}

function checkDays({ withinLastDays: days }: Fields, at: string): RuleFault | null {
  if (isAbsent(days) || (typeof days === 'number' && days > 0 && days <= maxRuleDays)) return null
  return fault(within(at, 'withinLastDays'), 'BAD_DAYS', `not a number of days, more than 0 and up to ${maxRuleDays}`)
}

const isCount = (value: unknown): value is number | null | undefined =>
  isAbsent(value) || (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= maxRuleCount)

function isEventName(name: unknown): boolean {
  if (typeof name !== 'string') return false
  const folded = foldEventName(name)
  return folded !== '' && folded.length <= maxEventName
}

const isCurrency = (value: unknown): boolean => typeof value === 'string' && /^[A-Za-z]{3}$/.test(value)

const isAmong = (value: unknown, list: readonly unknown[]): boolean => list.includes(value)
