// An event held to what its account defines: its data by the event's name, what it says of the person by the person's fields.

import { keysOfTold } from '../../core/audiences/told.ts'
import { type AccountFields, checkFields, type FieldRules, type FieldsRules } from '../../core/fields/check.ts'
import { type FieldFault, isJsonObject } from '../../core/fields/definition.ts'
import { identifierNames } from '../../core/fields/operations.ts'
import { orderTellers } from '../../core/orders/telling.ts'
import { orderEvents } from '../../core/orders.ts'
import type { JsonObject } from '../../core/targeting/facts.ts'
import { type ApiError, badInput } from '../../errors.ts'
import type { JsonObject as Json } from '../../scalars.ts'
import type { AccountRules } from '../programs/rule-sets.ts'
import type { AcceptedEvent } from './check.ts'

/** The event as it is stored, with warnings of what was left out; BAD_INPUT, at its place, for one that is refused. */
export function heldToFields(event: AcceptedEvent, { aliases, fields }: AccountRules): AcceptedEvent | ApiError {
  if (!fields) return event
  const notes: Notes = { warnings: [...(event.warnings ?? [])], faults: [] }
  const name = aliases.get(event.name) ?? event.name
  const given: JsonObject = event.input.data ?? {}
  const data = dataOf(given, { fields, name, path: `${event.path}.data`, notes })
  const held = personFields({ ...event, warnings: notes.warnings }, fields, notes)
  const [fault] = notes.faults
  if (fault) return badInput(fault.message, fault.field)
  if (data === given) return held
  // What was checked is JSON, and stays so.
  return { ...held, input: { ...event.input, data: data as Json }, json: { ...event.json, data: JSON.stringify(data) } }
}

interface Notes {
  readonly warnings: FieldFault[]
  readonly faults: FieldFault[]
}

interface Place {
  readonly path: string
  readonly notes: Notes
}

/** Order items are listed under either name. */
const itemLists = ['products', 'items']

function dataOf(
  given: JsonObject,
  { fields, name, path, notes }: Place & { fields: AccountFields; name: string },
): JsonObject {
  const own = fields.of('EVENT', name)
  const order = rulesOfOrders(fields, name)
  const rules = together(own, order.whole)
  const data = rules ? checkedData(rules, given, { name, path, notes }) : given
  const itemRules = order.items
  const lists = itemRules ? itemLists.filter((list) => Array.isArray(data[list])) : []
  if (!itemRules || lists.length === 0) return data
  const items = (list: string) =>
    [data[list]]
      .flat()
      .map((item, i) =>
        isJsonObject(item) ? checked(itemRules, item, { path: `${path}.${list}[${i}]`, notes }) : item,
      )
  return { ...data, ...Object.fromEntries(lists.map((list) => [list, items(list)])) }
}

/** What an event of the name is held to as to the order that it tells of, and its items. */
function rulesOfOrders(fields: AccountFields, name: string): { whole?: FieldsRules; items?: FieldsRules } {
  if (!orderTellers.includes(name)) return {}
  const [whole, items] = [fields.of('ORDER'), fields.of('ORDER_ITEM')]
  const ofEvent = orderEvents.includes(name) ? (rules: FieldsRules) => rules : asFarAsTold
  return { ...(whole ? { whole: ofEvent(whole) } : {}), ...(items ? { items: ofEvent(items) } : {}) }
}

/** A change of an order, such as a refund, tells no more of it than what changes, and has keys of its own beside. */
function asFarAsTold({ byName, wrongType }: FieldsRules): FieldsRules {
  const told = [...byName].map(([key, rules]): [string, FieldRules] => [
    key,
    { ...rules, definition: { ...rules.definition, required: false, default: null } },
  ])
  return { byName: new Map(told), wrongType, unknownKeys: 'ACCEPT' }
}

/** What the server tells by itself is no unknown key to it, as far as the account does not define it. */
function checkedData(rules: FieldsRules, given: JsonObject, { name, ...place }: Place & { name: string }): JsonObject {
  const keys = keysOfTold(name)
  const isTold = ([key]: [string, unknown]) => keys.has(key) && !rules.byName.has(key)
  const entries = Object.entries(given)
  const others = Object.fromEntries(entries.filter((one) => !isTold(one)))
  return { ...Object.fromEntries(entries.filter(isTold)), ...checked(rules, others, place) }
}

/** An event of an order is held to both; its own name's definitions and policy go first. */
function together(own: FieldsRules | undefined, order: FieldsRules | undefined): FieldsRules | undefined {
  return own && order ? { ...own, byName: new Map([...order.byName, ...own.byName]) } : (own ?? order)
}

function checked(rules: FieldsRules, given: JsonObject, { path, notes }: Place): JsonObject {
  const { value, warnings, faults } = checkFields(rules, given, { path, isWhole: true })
  notes.warnings.push(...warnings)
  notes.faults.push(...faults)
  return value
}

function personFields(event: AcceptedEvent, all: AccountFields, notes: Notes): AcceptedEvent {
  const rules = all.of('PROFILE')
  if (!event.fields || !rules) return event
  const { set, unset } = event.fields
  // They say who it is, and no field can be defined by such a name.
  const isIdentifier = ([name]: [string, unknown]) => identifierNames.has(name)
  const named = Object.entries(set).filter(isIdentifier)
  const others = Object.fromEntries(Object.entries(set).filter((one) => !isIdentifier(one)))
  const { value, warnings, faults } = checkFields(rules, others, { path: 'traits', isWhole: false })
  notes.warnings.push(...warnings)
  notes.faults.push(...faults)
  const keys = unset.map((name) => {
    const known = rules.byName.get(name)
    if (known?.definition.required) notes.faults.push({ field: `traits.${name}`, message: 'required' })
    return known?.key ?? name
  })
  return { ...event, fields: { ...event.fields, set: { ...value, ...Object.fromEntries(named) }, unset: keys } }
}
