// Which values an account marks as telling who somebody is, by whose fields they are. A definition that was deleted goes on
// marking: its values are still there.

import { groupBy } from '../group.ts'
import { orderTellers } from '../orders/telling.ts'
import { type Marks, marksOfNames, marksTogether, noMarks } from '../personal-names.ts'
import { type FieldDefinition, type FieldOwner, keyOf } from './definition.ts'

export interface AccountMarks {
  /** Of a person's fields the name too, whoever defines it. */
  of(owner: FieldOwner): Marks
  /** What an event of the folded name carries; without a name, what events of any name do. */
  ofEvents(name: string | null): Marks
}

/** A name of a person's field that tells who they are, where others have it for other things. */
const alwaysMarked = marksOfNames(['name'])

/** Order items are listed under either name. */
const itemLists = ['products', 'items']

/** Of all definitions, those that were deleted among them. */
export function compileMarks(definitions: readonly FieldDefinition[]): AccountMarks {
  const byPlace = groupBy(
    definitions.filter(({ place }) => place === ''),
    ({ owner, eventName }) => `${owner} ${eventName}`,
  )
  const compiled = new Map([...byPlace].map(([place, own]) => [place, marksOf(own, definitions)]))
  const named = (owner: FieldOwner, eventName = '') => compiled.get(`${owner} ${eventName}`) ?? noMarks
  const items = named('ORDER_ITEM')
  const ofItems: Marks = items.size === 0 ? noMarks : new Map(itemLists.map((list) => [list, partly(items)]))
  const ofOrders = marksTogether(named('ORDER'), ofItems)
  const names = definitions.flatMap(({ owner, eventName }) => (owner === 'EVENT' ? [eventName] : []))
  const ofAny = [...new Set(names)].reduce((all, name) => marksTogether(all, named('EVENT', name)), ofOrders)
  const ofOne = (name: string) =>
    orderTellers.includes(name) ? marksTogether(named('EVENT', name), ofOrders) : named('EVENT', name)
  const ofPeople = marksTogether(alwaysMarked, named('PROFILE'))
  return {
    of: (owner) => (owner === 'PROFILE' ? ofPeople : named(owner)),
    ofEvents: (name) => (name === null ? ofAny : ofOne(name)),
  }
}

const partly = (parts: Marks) => ({ isWhole: false, parts })

/** Under every name that a value may have come by. */
function marksOf(own: readonly FieldDefinition[], all: readonly FieldDefinition[]): Marks {
  return own.reduce((marks: Marks, definition) => {
    const parts = marksOf(
      all.filter(({ place }) => place === definition.id),
      all,
    )
    const isWhole = definition.pii ?? false
    if (!isWhole && parts.size === 0) return marks
    const names = new Set([keyOf(definition), definition.name, definition.apiName])
    return marksTogether(marks, new Map([...names].map((name) => [name, { isWhole, parts }])))
  }, noMarks)
}
