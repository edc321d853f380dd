// Is this value a rule? Answers with the first fault and its place, so that a caller can mend it.

import { foldEventName } from '../names.ts'
import { leavesOf, wheresOf } from './asks.ts'
import { checkEvent, checkOrder, checkProduct, checkQuality, checkRelationship } from './check-history.ts'
import { checkAudience, checkConsent, checkField } from './check-person.ts'
import { fault, isAbsent, isObject, type RuleFault, within } from './faults.ts'
import { maxRuleDepth, maxRuleEvents, maxRuleLeaves, maxRuleWidth, type Rule } from './rule.ts'

export type { RuleFault, RuleProblem } from './faults.ts'

const leaves: ReadonlyMap<string, (leaf: unknown, at: string) => RuleFault | null> = new Map([
  ['field', checkField],
  ['event', checkEvent],
  ['order', checkOrder],
  ['product', checkProduct],
  ['audience', checkAudience],
  ['relationship', checkRelationship],
  ['quality', checkQuality],
  ['consent', checkConsent],
  ['eventData', checkField],
])
const keys = ['all', 'any', 'not', ...leaves.keys()]

/** The first fault of a would-be rule, depth first, then what is too much of the whole; null for a rule that compileRule takes. */
export const checkRule = (value: unknown): RuleFault | null => checkNode(value, '', 1) ?? checkSize(value as Rule) // It has the form of one: no fault was found.

function checkSize(rule: Rule): RuleFault | null {
  const events = new Set<string>()
  let leaves = 0
  for (const leaf of [...leavesOf([rule]), ...leavesOf(wheresOf(rule))]) {
    if (++leaves > maxRuleLeaves) {
      return fault('', 'TOO_LARGE', `more than ${maxRuleLeaves.toLocaleString('en')} conditions`)
    }
    if ('event' in leaf) events.add(foldEventName(leaf.event.name))
  }
  return events.size > maxRuleEvents
    ? fault('', 'TOO_MANY_EVENTS', `more than ${maxRuleEvents} different event names`)
    : null
}

function checkNode(node: unknown, at: string, depth: number): RuleFault | null {
  if (depth > maxRuleDepth) return fault(at, 'TOO_DEEP', `deeper than ${maxRuleDepth}`)
  if (!isObject(node)) return fault(at, 'NOT_AN_OBJECT', 'not a rule')
  const [key, ...others] = Object.keys(node)
  if (key === undefined || others.length > 0) return fault(at, 'NOT_ONE_KEY', `not exactly one of ${keys.join(', ')}`)
  const inner = within(at, key)
  if (key === 'all' || key === 'any') return checkMembers(node[key], inner, depth)
  if (key === 'not') return checkNode(node[key], inner, depth + 1)
  const checkLeaf = leaves.get(key)
  if (key === 'relationship') return checkRelationship(node[key], inner) ?? checkWhere(node[key], inner, depth)
  return checkLeaf ? checkLeaf(node[key], inner) : fault(inner, 'UNKNOWN_KEY', `not one of ${keys.join(', ')}`)
}

/** What is asked of the other person. */
function checkWhere(relationship: unknown, at: string, depth: number): RuleFault | null {
  const where = isObject(relationship) ? relationship.where : undefined
  if (isAbsent(where)) return null
  const place = within(at, 'where')
  const found = checkNode(where, place, depth + 1)
  if (found) return found
  const nested = [...leavesOf([where as Rule])].some((leaf) => 'relationship' in leaf && leaf.relationship.where) // Just checked.
  return nested ? fault(place, 'TOO_DEEP', 'asks about people of people') : null
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
