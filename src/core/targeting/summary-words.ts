// Words for every code that a decision can carry, as they are read aloud: no code, no identifier of a person, dates in UTC.
// Every table is typed by its codes, so that a new code does not compile without its words.

import { decodeId } from '../ids.ts'
import { foldCode } from '../names.ts'
import type { HintKind, UnattributedReason, WarningCode } from './decision.ts'
import type { CampaignState, CodeKind, Instant } from './facts.ts'

/** What things are called; null where one is unknown. */
export interface Titles {
  campaign(id: string): string | null
  program(id: string): string | null
  audience(id: string): string | null
}

/** How a summary names what a decision refers to; null where it is unknown, or the reader may not know it. */
export interface Names extends Titles {
  readonly event: { readonly name: string; readonly at: Instant }
  /** Of an inherited decision: the event that it comes from. */
  readonly origin: { readonly name: string; readonly at: Instant } | null
  /** The flow that took the event. */
  readonly journeyName: string | null
  /** What people call the person. */
  person(id: string): string | null
  /** By upper-cased code. */
  code(value: string): { readonly campaigns: readonly NamedCampaign[] } | null
}

export interface NamedCampaign {
  readonly name: string
  readonly state: CampaignState
}

/** Completes “…was credited to nobody: ”. */
export const reasonWords: Readonly<Record<UnattributedReason, string>> = {
  NO_CAMPAIGN: 'there was no campaign for it',
  CAMPAIGN_NOT_LIVE: 'no campaign was live',
  OUTSIDE_WINDOW: 'no live campaign was running at that time',
  EVENT_NOT_SUPPORTED: 'no running campaign takes such an event from this person',
  CAMPAIGN_TARGET_NOT_PRESENT: 'each campaign that takes such an event wants to be asked for, and none was',
  REQUIRED_TARGET_UNMATCHED: 'no campaign matches what the event asks for',
  TARGET_MALFORMED: 'what the event asks for could not be read',
  REENTRY_FORBIDDEN: 'the person had been on the journey before and may not begin it again',
  ENTRY_CRITERIA_FAILED: 'the person does not meet the conditions to enter',
  ONGOING_CRITERIA_FAILED: 'the person no longer meets the conditions to stay',
  NO_REFERRAL: 'nobody had referred the person',
  ADVOCATE_INELIGIBLE: 'whoever referred the person is blocked or erased',
  PERSON_BLOCKED: 'events of this person are blocked',
  BOT: 'it came from a machine, not from a person',
  HINT_UNRESOLVED: 'one of its codes could not be followed, and the sender had asked for all or nothing',
}

/** Of a campaign that a hint named: completes “It was not followed, since its campaign ”. */
export const causeWords: Readonly<Record<UnattributedReason, string>> = {
  NO_CAMPAIGN: 'is not there',
  CAMPAIGN_NOT_LIVE: 'was not live',
  OUTSIDE_WINDOW: 'was not running at that time',
  EVENT_NOT_SUPPORTED: 'does not take such an event from this person',
  CAMPAIGN_TARGET_NOT_PRESENT: 'wants to be asked for, and was not',
  REQUIRED_TARGET_UNMATCHED: 'is not what the event asks for',
  TARGET_MALFORMED: 'could not be told from what the event asks for',
  REENTRY_FORBIDDEN: 'takes nobody twice',
  ENTRY_CRITERIA_FAILED: 'has conditions to enter that the person does not meet',
  ONGOING_CRITERIA_FAILED: 'has conditions to stay that the person no longer meets',
  NO_REFERRAL: 'takes only people who were referred',
  ADVOCATE_INELIGIBLE: 'has only an advocate who is blocked or erased',
  PERSON_BLOCKED: 'takes no event of a person who is blocked',
  BOT: 'takes no event of a machine',
  HINT_UNRESOLVED: 'could not be looked up',
}

/** Completes “which ”. */
export const stateWords: Readonly<Record<CampaignState, string>> = {
  DRAFT: 'is still a draft',
  LIVE: 'was not live then',
  PAUSED: 'is paused',
  ENDED: 'has ended',
  STOPPED: 'was stopped',
  ARCHIVED: 'is archived',
}

/** What a value that came with an event is called. */
export const hintWords: Readonly<Record<HintKind, string>> = {
  REQUIRE: 'required target',
  REQUIRED_LABEL: 'required label',
  COUPON_CODE: 'coupon',
  SHARE_ID: 'share',
  ADVOCATE_CODE: 'advocate code',
  JOURNEY_CAMPAIGN_ID: 'campaign of the journey',
  LABEL: 'label',
  PROMO_LINK: 'promo link',
  PARTNER_ID: 'partner’s id',
}

const codeWords: Readonly<Record<CodeKind, string>> = {
  COUPON: 'coupon',
  SHARE: 'share',
  ADVOCATE_CODE: 'advocate code',
  PROMO_LINK: 'promo link',
}

/** What a warning says of a hint; `subject` is the hint's name with its article, at the beginning of a sentence. */
export interface WarnedHint {
  readonly subject: string
  /** “its campaign”, or “it” where the hint names a campaign itself. */
  readonly meant: string
  readonly detail: string | null
  /** The campaigns that the hint belongs to, where they are known. */
  readonly campaigns: readonly NamedCampaign[]
}

/** One sentence for each warning. */
export const warningWords: Readonly<Record<WarningCode, (warned: WarnedHint) => string>> = {
  HINT_UNKNOWN: ({ subject }) => `${subject} was not followed: it is not known here.`,
  HINT_CODE_INACTIVE: ({ subject }) => `${subject} was not followed: it was disabled or had expired.`,
  HINT_MALFORMED: ({ subject }) => `${subject} could not be read and was left out.`,
  HINT_FIELD_MISMATCH: ({ subject, detail }) =>
    `${subject} is in truth ${aOrAn(codeName(detail))}, and was looked up all the same.`,
  HINT_CONFLICT: ({ subject, detail }) =>
    detail === null || detail in causeWords
      ? `${subject} was not followed: something stronger on the event says otherwise.`
      : `${subject} was followed only in part: its advocate is not the one whom something stronger named.`,
  HINT_NOT_VIABLE: ({ subject, meant, detail }) =>
    `${subject} was not followed: ${meant} ${isReason(detail) ? causeWords[detail] : 'could not take the event'}.`,
  HINT_CAMPAIGN_NOT_LIVE: ({ subject, meant, campaigns: [first, ...others] }) =>
    first && others.length === 0
      ? `${subject} was not followed: it belongs to “${first.name}”, which ${stateWords[first.state]}.`
      : `${subject} was not followed: ${meant} was not live.`,
  LABEL_NOT_VIABLE: ({ subject }) => `${subject} was not followed: no campaign of it could take the event.`,
  ADVOCATE_HINT_NOT_VIABLE: ({ subject }) => `The advocate of ${lowerFirst(subject)} could not be credited.`,
  SELF_REFERRAL: () =>
    'The person came by a code of their own, so no advocate is credited and the quality counts as low.',
  MUTUAL: () => 'The advocate had been referred by this very person before.',
  ORDER_SENSITIVE: () =>
    'Events of this person arrived in another order than they happened, and the order may have made a difference.',
}

const codeName = (kind: string | null): string => (kind !== null && isCodeKind(kind) ? codeWords[kind] : 'another code')
const isCodeKind = (text: string): text is CodeKind => Object.hasOwn(codeWords, text)
const isReason = (text: string | null): text is UnattributedReason => text !== null && Object.hasOwn(causeWords, text)

/** The name of a hint with its article, as in “the coupon SAVE10”; without its value where that may tell who somebody is. */
export function hintName(hint: string, value: string, names: Names): string {
  if (hint === 'JOURNEY_CAMPAIGN_ID') {
    const name = names.campaign(decodeId('Campaign', value) ?? value)
    return name === null ? 'the campaign that the event names as its journey’s' : `the journey’s campaign “${name}”`
  }
  if (hint === 'REQUIRE') return 'what the event asks for'
  const kind = isHintKind(hint) ? hintWords[hint] : 'hint'
  const said = hint === 'PARTNER_ID' ? null : spoken(isCode(hint) ? foldCode(value) : value)
  return said === null ? `the ${kind}` : `the ${kind} ${said}`
}

const isHintKind = (text: string): text is HintKind => Object.hasOwn(hintWords, text)
const isCode = (hint: string): boolean => ['COUPON_CODE', 'SHARE_ID', 'ADVOCATE_CODE', 'PROMO_LINK'].includes(hint)

const maxSpoken = 60

/** A value as it may be said; null for what looks like an e-mail address or a phone number. */
export function spoken(value: string): string | null {
  if (value.trim() === '' || value.includes('@') || /^\+?[\d\s().-]*\d[\s().-]\d[\d\s().-]{4,}$|^\+\d{6,}$/.test(value))
    return null
  return value.length > maxSpoken ? `${value.slice(0, maxSpoken)}…` : value
}

/** An event's name in words: `signed_up` is “signed up”. */
export const eventWords = (name: string): string => name.replaceAll('_', ' ')

const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

/** The day, UTC, as in “3 March 2026”. */
export function dayWords(at: Instant): string {
  const date = new Date(at)
  return `${date.getUTCDate()} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()}`
}

/** The day and, unless it is midnight, the time. */
export function momentWords(at: Instant): string {
  const time = new Date(at).toISOString().slice(11, 19)
  return time === '00:00:00' ? dayWords(at) : `${dayWords(at)} at ${time.replace(/:00$/, '')} UTC`
}

/** “a, b and c”; over `most` of them, how many more there are. */
export function listWords(words: readonly string[], joint: 'and' | 'or', most = 5): string {
  const said = words.length > most ? [...words.slice(0, most), `${words.length - most} more`] : words
  if (said.length <= 1) return said.join('')
  return `${said.slice(0, -1).join(', ')} ${joint} ${said.at(-1)}`
}

export const aOrAn = (word: string): string => `${/^[aeiou]/.test(word) ? 'an' : 'a'} ${word}`
export const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)
