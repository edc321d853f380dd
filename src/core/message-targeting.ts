// Hints that a Segment message gives on purpose, for Tributary alone: the members of trackEvent's `targeting`, each checked.

import { isObject, refuse, textOf } from './mapped-event.ts'
import type { JsonObject, RequiredTarget, RequiredTargetKind, TypedTargeting } from './targeting/facts.ts'

const lists = ['requiredLabels', 'couponCodes', 'shareIds', 'advocateCodes', 'labels'] as const
const texts = ['journeyCampaignId', 'promoLink', 'partnerId'] as const
const targetKinds: readonly string[] = ['CAMPAIGN_ID', 'PROGRAM', 'JOURNEY_NAME'] satisfies RequiredTargetKind[]
const known: readonly string[] = [...lists, ...texts, 'require', 'strictHints']

type Targeting = { -readonly [key in keyof TypedTargeting]: TypedTargeting[key] }

/** The typed hints; null where there are none. A member that is not known or not of its type is refused, as in GraphQL. */
export function targetingIn(given: JsonObject, field: string): TypedTargeting | null {
  const targeting: Targeting = {}
  for (const key of Object.keys(given)) if (!known.includes(key)) refuse(`${field}.${key}`, 'not a member of targeting')
  for (const key of lists) if (isGiven(given[key])) targeting[key] = listIn(given[key], `${field}.${key}`)
  for (const key of texts) if (isGiven(given[key])) targeting[key] = textIn(given[key], `${field}.${key}`)
  if (isGiven(given.require)) targeting.require = manyOf(given.require).map((it) => targetIn(it, `${field}.require`))
  if (isGiven(given.strictHints)) {
    if (typeof given.strictHints !== 'boolean') refuse(`${field}.strictHints`, 'neither true nor false')
    targeting.strictHints = given.strictHints
  }
  return Object.keys(targeting).length > 0 ? targeting : null
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null

/** One value is a list of one. */
const manyOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value])

const listIn = (value: unknown, field: string): string[] => manyOf(value).map((one) => textIn(one, field))

const textIn = (value: unknown, field: string): string => textOf(value) ?? refuse(field, 'not a text')

function targetIn(value: unknown, field: string): RequiredTarget {
  if (!isObject(value) || typeof value.kind !== 'string' || !targetKinds.includes(value.kind))
    return refuse(field, `each needs a kind (${targetKinds.join(', ')}) and a value`)
  return { kind: value.kind as RequiredTargetKind, value: textIn(value.value, field) } // Looked up in the list above.
}
