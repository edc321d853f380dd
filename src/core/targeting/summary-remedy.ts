// What would have made the nearest campaign match, as one sentence that can be read aloud.

import { decodeId } from '../ids.ts'
import type { NearMiss, Remedy, UnattributedReason } from './decision.ts'
import type { CampaignState } from './facts.ts'
import { conditionWords } from './summary-conditions.ts'
import { eventWords, listWords, momentWords, spoken, type Titles } from './summary-words.ts'

/** One sentence about the near miss; where there is none, about the reason by itself. */
export function remedyWords(nearMiss: NearMiss | null, reason: UnattributedReason, titles: Titles): string {
  if (!nearMiss) return `It might have been credited had ${clauses[reason]({}, titles)}.`
  const name = titles.campaign(nearMiss.campaignId)
  const clause = clauses[nearMiss.code](nearMiss.detail, titles)
  return `The nearest campaign was ${name === null ? 'one without a name' : `“${name}”`}: it would have matched had ${clause}.`
}

const maxConditions = 3

/** Completes “it would have matched had ”. */
const clauses: Readonly<Record<UnattributedReason, (remedy: Remedy, titles: Titles) => string>> = {
  NO_CAMPAIGN: () => 'there been a campaign',
  CAMPAIGN_NOT_LIVE: ({ state }) => `it been live${state === undefined ? '' : `, but ${notLive(state)}`}`,
  OUTSIDE_WINDOW: (remedy) => `the event happened ${windowWords(remedy)}`,
  EVENT_NOT_SUPPORTED: ({ events = [], definition }) => {
    const named = listWords(events.map(eventWords), 'or')
    if (named === '') return 'it taken such an event'
    if (definition === undefined) return `the event been ${named}`
    return `the person begun its flow “${definition}” before, with ${named}`
  },
  CAMPAIGN_TARGET_NOT_PRESENT: ({ targets = [] }, titles) => `the event asked for ${targetWords(targets, titles)}`,
  REQUIRED_TARGET_UNMATCHED: ({ targets = [] }, titles) => `the event not asked for ${targetWords(targets, titles)}`,
  TARGET_MALFORMED: () => 'what the event asks for been readable',
  REENTRY_FORBIDDEN: ({ definition }) => `the person not been on ${flowWords(definition)} before`,
  ENTRY_CRITERIA_FAILED: (remedy, titles) =>
    `the person met the conditions to enter ${flowWords(remedy.definition)}${conditions(remedy, titles)}`,
  ONGOING_CRITERIA_FAILED: (remedy, titles) =>
    `the person still met the conditions to stay on ${flowWords(remedy.definition)}${conditions(remedy, titles)}`,
  NO_REFERRAL: ({ advocateIds = [] }) =>
    advocateIds.length > 0
      ? 'a referral of the person been in force at that time'
      : 'somebody referred the person before',
  ADVOCATE_INELIGIBLE: () => 'the person’s advocate not been blocked or erased',
  PERSON_BLOCKED: () => 'events of the person not been blocked',
  BOT: () => 'it come from a person',
  HINT_UNRESOLVED: () => 'every code on it been known and active',
}

const flowWords = (definition: string | undefined): string =>
  definition === undefined ? 'its flow' : `its flow “${definition}”`

const notLiveWords: Readonly<Record<CampaignState, string>> = {
  DRAFT: 'it was still a draft',
  LIVE: 'it was not',
  PAUSED: 'it was paused and took only people who were on it already',
  ENDED: 'it had ended',
  STOPPED: 'it was stopped',
  ARCHIVED: 'it was archived',
}

const isState = (state: string): state is CampaignState => Object.hasOwn(notLiveWords, state)
const notLive = (state: string): string => notLiveWords[isState(state) ? state : 'LIVE']

function windowWords({ startsAt, endsAt }: Remedy): string {
  const from = startsAt ? `from ${momentWords(Date.parse(startsAt))} on` : ''
  const until = endsAt ? `before ${momentWords(Date.parse(endsAt))}` : ''
  return [from, until].filter((words) => words !== '').join(' and ') || 'at another time'
}

/** Targets of one kind are alternatives; of each kind one is needed. */
function targetWords(targets: readonly string[], titles: Titles): string {
  const kinds = new Map<string, string[]>()
  for (const target of targets) {
    const kind = target.slice(0, target.indexOf(':'))
    kinds.set(kind, [...(kinds.get(kind) ?? []), targetName(kind, target.slice(kind.length + 1), titles)])
  }
  return listWords(
    [...kinds.values()].map((alternatives) => listWords(alternatives, 'or')),
    'and',
  )
}

function targetName(kind: string, value: string, titles: Titles): string {
  const quoted = (noun: string, name: string | null) => (name === null ? `another ${noun}` : `the ${noun} “${name}”`)
  if (kind === 'CAMPAIGN_ID') return quoted('campaign', titles.campaign(decodeId('Campaign', value) ?? value))
  if (kind === 'JOURNEY_NAME') return quoted('flow', spoken(value))
  if (kind !== 'PROGRAM') return quoted('label', spoken(value))
  const id = decodeId('Program', value)
  return quoted('program', id === null ? spoken(value) : titles.program(id))
}

function conditions({ conditions: leaves = [] }: Remedy, titles: Titles): string {
  if (leaves.length === 0) return ''
  const said = leaves.slice(0, maxConditions).map((leaf) => conditionWords(leaf, titles))
  const more = leaves.length > maxConditions ? [`${leaves.length - maxConditions} more`] : []
  return ` (${[...said, ...more].join('; ')})`
}
