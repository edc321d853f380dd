// What an event says of a person's consents: `opt_in` and `opt_out`, with the channel and where it was said in their data.

import { foldEventName } from './names.ts'
import type { JsonObject } from './targeting/facts.ts'

export const consentChannels = ['EMAIL', 'SMS', 'PUSH', 'PHONE', 'POST', 'MESSENGER'] as const
export type ConsentChannel = (typeof consentChannels)[number]

export const consentStates = ['OPTED_IN', 'OPTED_OUT', 'PENDING'] as const
export type ConsentState = (typeof consentStates)[number]

export const consentSources = [
  'IN_STORE',
  'PREFERENCE_CENTRE',
  'ACCOUNT_CREATION',
  'POP_UP',
  'IMPORT',
  'EVENT',
  'API',
] as const
export type ConsentSource = (typeof consentSources)[number]

const states = new Map([
  ['opt_in', 'OPTED_IN'],
  ['opt_out', 'OPTED_OUT'],
] as const)

export interface ToldConsent {
  readonly channel: ConsentChannel
  readonly state: 'OPTED_IN' | 'OPTED_OUT'
  readonly source: ConsentSource
}

/** True for names that may tell of consents. */
export const tellsConsent = (name: string): boolean => states.has(name as 'opt_in')

/**
 * What the event tells, one for each channel in `data.channel`: a name or a list of names, in any spelling that folds to one of
 * the known. Unknown channels tell nothing; a `data.source` that is unknown or absent is EVENT.
 */
export function consentsIn(name: string, data: JsonObject): ToldConsent[] {
  const state = states.get(name as 'opt_in')
  if (!state) return []
  const given = Object.hasOwn(data, 'channel') ? data.channel : null
  const source = (Object.hasOwn(data, 'source') && oneOf(consentSources, data.source)) || 'EVENT'
  const channels = [given].flat().flatMap((channel) => oneOf(consentChannels, channel) ?? [])
  return [...new Set(channels)].map((channel) => ({ channel, state, source }))
}

function oneOf<T extends string>(known: readonly T[], given: unknown): T | undefined {
  const folded = typeof given === 'string' ? foldEventName(given).toUpperCase() : undefined
  return known.find((name) => name === folded)
}
