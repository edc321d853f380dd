// What a campaign's input must be: its journey definitions and required targets, checked and in the form they are stored in.

import { decodeId } from '../../core/ids.ts'
import { foldEventName, foldName } from '../../core/names.ts'
import { parsePath } from '../../core/rules/path.ts'
import type { Rule } from '../../core/rules/rule.ts'
import type { JourneyDefinition, JourneyRole, ReentryPolicy, RequiredTarget } from '../../core/targeting/facts.ts'
import { badInput } from '../../errors.ts'
import { checkedOptional, checkedText } from '../../text.ts'
import { assertOwn, type RuleShape, ruleOf } from './rule-reading.ts'

export interface JourneyDefinitionInput {
  name: string
  role: JourneyRole
  priority?: number | null
  events: readonly string[]
  startEvents?: readonly string[] | null
  entry?: RuleShape | null
  ongoing?: RuleShape | null
  keyField?: string | null
  inactivityDays?: number | null
  reentry?: ReentryPolicy | null
}

const maxDefinitions = 50
const maxEvents = 100
const maxEventName = 100
const maxPriority = 1_000_000
const defaultPriority = 100
const maxInactivityDays = 3650
const maxKeyField = 256
const maxTargets = 20
const maxTarget = 256

/** The definitions of a campaign. BAD_INPUT naming the place, such as `input.journeys[1].events[0]`. */
export function definitionsOf(inputs: readonly JourneyDefinitionInput[], path: string): JourneyDefinition[] {
  if (inputs.length === 0) throw badInput('a campaign needs at least one journey', path)
  if (inputs.length > maxDefinitions) throw badInput(`over ${maxDefinitions} journeys`, path)
  const definitions = inputs.map((input, i) => definitionOf(input, `${path}[${i}]`))
  const names = definitions.map(({ name }) => foldName(name))
  const twice = names.findIndex((name, i) => names.indexOf(name) < i)
  if (twice >= 0) throw badInput('another journey of the campaign has that name', `${path}[${twice}].name`)
  return definitions
}

function definitionOf(input: JourneyDefinitionInput, path: string): JourneyDefinition {
  const events = eventNames(input.events, `${path}.events`)
  return {
    name: checkedText(input.name, `${path}.name`),
    role: input.role,
    priority:
      checkedNumber(input.priority, { field: `${path}.priority`, min: -maxPriority, max: maxPriority }) ??
      defaultPriority,
    events,
    startEvents: input.startEvents ? startEventNames(input.startEvents, events, `${path}.startEvents`) : events,
    entry: ruleOrNull(input.entry, `${path}.entry`),
    ongoing: ruleOrNull(input.ongoing, `${path}.ongoing`),
    keyField: keyPath(input.keyField, `${path}.keyField`),
    inactivityDays: checkedNumber(input.inactivityDays, {
      field: `${path}.inactivityDays`,
      min: 1,
      max: maxInactivityDays,
    }),
    reentry: input.reentry ?? 'CONTINUE',
  }
}

/** Folded, each once. */
function eventNames(names: readonly string[], path: string): string[] {
  if (names.length === 0) throw badInput('at least one event', path)
  if (names.length > maxEvents) throw badInput(`over ${maxEvents} events`, path)
  return [...new Set(names.map((name, i) => checkedEventName(name, `${path}[${i}]`)))]
}

function startEventNames(names: readonly string[], events: readonly string[], path: string): string[] {
  const folded = eventNames(names, path)
  const stray = names.findIndex((name) => !events.includes(foldEventName(name)))
  if (stray >= 0) throw badInput('not one of the events', `${path}[${stray}]`)
  return folded
}

/** The event's name as it is compared. BAD_INPUT where that is empty or over 100 characters. */
export const checkedEventName = (name: string, field: string): string =>
  checkedText(foldEventName(name), field, maxEventName)

/** The number; null where none was given. BAD_INPUT outside the bounds. */
export function checkedNumber(
  value: number | null | undefined,
  bounds: { field: string; min: number; max: number },
): number | null {
  if (value == null) return null
  if (value < bounds.min || value > bounds.max) throw badInput(`not from ${bounds.min} to ${bounds.max}`, bounds.field)
  return value
}

const ruleOrNull = (input: RuleShape | null | undefined, path: string): Rule | null =>
  input ? assertOwn(ruleOf(input, path), path) : null

function keyPath(value: string | null | undefined, field: string): string | null {
  const text = checkedOptional(value, field, maxKeyField)
  if (text !== null && !parsePath(text)) throw badInput('not a path such as order.id', field)
  return text
}

/** Required targets with campaigns by their UUIDs. BAD_INPUT naming the place. */
export function requiredTargetsOf(targets: readonly RequiredTarget[], path: string): RequiredTarget[] {
  if (targets.length > maxTargets) throw badInput(`over ${maxTargets} required targets`, path)
  return targets.map(({ kind, value }, i) => {
    const field = `${path}[${i}].value`
    const text = checkedText(value, field, maxTarget)
    if (kind !== 'CAMPAIGN_ID') return { kind, value: text }
    const id = decodeId('Campaign', text)
    if (id === null) throw badInput('not the id of a Campaign', field)
    return { kind, value: id }
  })
}
