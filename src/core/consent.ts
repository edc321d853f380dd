// What an event says of a person's consents: `opt_in` and `opt_out`, with the channel and where it was said in their data.

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
  ['optin', 'OPTED_IN'],
  ['optout', 'OPTED_OUT'],
] as const)

// What others call them, in letters alone.
const synonyms: { readonly [channel in ConsentChannel]: readonly string[] } = {
  EMAIL: ['emails', 'mail', 'mails'],
  SMS: ['text', 'texts', 'textmessage', 'textmessages', 'mms'],
  PUSH: ['pushnotification', 'pushnotifications', 'webpush', 'apppush', 'mobilepush'],
  PHONE: ['call', 'calls', 'phonecall', 'phonecalls', 'telephone', 'voice'],
  POST: ['letter', 'letters', 'postal', 'postalmail', 'directmail'],
  MESSENGER: ['messengers', 'whatsapp', 'telegram', 'viber', 'wechat', 'facebookmessenger'],
}

const channelOf = new Map(
  consentChannels.flatMap((channel) => [channel, ...synonyms[channel]].map((name) => [lettersOf(name), channel])),
)
const sourceOf = new Map([
  ...consentSources.map((source) => [lettersOf(source), source] as const),
  ['preferencecenter', 'PREFERENCE_CENTRE'] as const,
])

export interface ToldConsent {
  readonly channel: ConsentChannel
  readonly state: 'OPTED_IN' | 'OPTED_OUT'
  readonly source: ConsentSource
  /** Said of all channels: it counts where the person had opted in. */
  readonly ifOptedIn?: true
}

export interface ToldConsents {
  readonly told: readonly ToldConsent[]
  /** What of the data tells nothing, and why; `field` is its place in them. */
  readonly faults: readonly { readonly field: string; readonly message: string }[]
}

/** True for names that may tell of consents, in any spelling of `opt in` and `opt out`. */
export const tellsConsent = (name: string): boolean => states.has(lettersOf(name) as 'optin')

const nothing: ToldConsents = { told: [], faults: [] }

/**
 * What the event tells, one for each channel in `data.channel` or `data.channels`: a name or a list of names, in any spelling;
 * `all` of an opt-out is every channel that the person opted in to. A `data.source` that is absent or unknown is EVENT. A
 * `data.state` other than the name says makes no consent of an opt-in: what is pending is no yes.
 */
export function consentsIn(name: string, data: JsonObject): ToldConsents {
  const state = states.get(lettersOf(name) as 'optin')
  if (!state) return nothing
  const faults: { field: string; message: string }[] = []
  const given = own(data, 'source')
  const source = sourceOf.get(lettersOf(given)) ?? 'EVENT'
  if (given != null && !sourceOf.has(lettersOf(given)))
    faults.push({ field: 'source', message: unknown('source', given, consentSources) })
  const said = own(data, 'state')
  const isOther = said != null && lettersOf(said) !== lettersOf(state)
  if (isOther)
    faults.push({
      field: 'state',
      message: `the event’s name says ${state}; ${state === 'OPTED_IN' ? 'nothing was recorded, ' : ''}\`setConsent\` takes other states`,
    })
  const channels = channelsIn(data, { state, faults })
  if (isOther && state === 'OPTED_IN') return { told: [], faults }
  return { told: channels.map((one) => ({ ...one, state, source })), faults }
}

interface Reading {
  readonly state: ToldConsent['state']
  readonly faults: { field: string; message: string }[]
}

function channelsIn(data: JsonObject, { state, faults }: Reading): Pick<ToldConsent, 'channel' | 'ifOptedIn'>[] {
  const places = ['channel', 'channels'].flatMap((key) => {
    const value = own(data, key)
    if (!Array.isArray(value)) return value == null ? [] : [{ field: key, value }]
    return value.map((one: unknown, i) => ({ field: `${key}[${i}]`, value: one }))
  })
  if (places.length === 0) faults.push({ field: 'channel', message: `missing: one of ${consentChannels.join(', ')}` })
  const named = new Set<ConsentChannel>()
  let isAll = false
  for (const { field, value } of places) {
    const channel = channelOf.get(lettersOf(value))
    if (channel) named.add(channel)
    else if (lettersOf(value) === 'all' && state === 'OPTED_OUT') isAll = true
    else faults.push({ field, message: unknown('channel', value, consentChannels) })
  }
  const others = isAll ? consentChannels.filter((channel) => !named.has(channel)) : []
  return [
    ...[...named].map((channel) => ({ channel })),
    ...others.map((channel) => ({ channel, ifOptedIn: true as const })),
  ]
}

const own = (data: JsonObject, key: string): unknown => (Object.hasOwn(data, key) ? data[key] : undefined)

/** Its letters in lower case, so that camelCase, hyphens and blanks make no difference. */
function lettersOf(given: unknown): string {
  return typeof given === 'string' ? given.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '') : ''
}

const unknown = (noun: string, given: unknown, known: readonly string[]) =>
  `no known ${noun}: ${JSON.stringify(given).slice(0, 80)}; one of ${known.join(', ')}`
