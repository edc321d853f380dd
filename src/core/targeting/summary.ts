// A decision in one to five plain sentences that a support agent can read aloud: who got the credit, what settled it, who came
// second and by what, or why nobody got it and what would have made the nearest campaign match; then what senders may mend.

import { foldCode } from '../names.ts'
import type { CandidateTrace, DecidedBy, Decision, RankingKey, RankingTrace, Trace, Warning } from './decision.ts'
import { remedyWords } from './summary-remedy.ts'
import {
  dayWords,
  eventWords,
  hintName,
  listWords,
  momentWords,
  type Names,
  reasonWords,
  upperFirst,
  warningWords,
} from './summary-words.ts'

export type { Names } from './summary-words.ts'

/** What a summary goes by. */
export interface Summarised
  extends Pick<
    Decision,
    'reason' | 'reasonDetail' | 'decidedBy' | 'quality' | 'warnings' | 'campaignId' | 'advocateId'
  > {
  readonly trace: Trace
  /** It was not taken: nobody was credited, somebody would be. */
  readonly isHypothetical?: boolean
}

const maxSentences = 5

/**
 * One to five sentences, without codes, e-mail addresses and other identifiers of people; days and times are UTC. People are
 * named as `names.person` names them, else by what they are to the event.
 */
export function summaryOf(told: Summarised, names: Names): string {
  const sentences = told.reason === null ? credited(told, names) : notCredited(told, told.reason, names)
  const remarks = distinct(told.warnings.map((warning) => warned(warning, names)))
  const room = maxSentences - sentences.length
  const fitting = remarks.length <= room ? remarks : remarks.slice(0, room - 1)
  const rest = remarks.length - fitting.length
  return [...sentences, ...fitting, ...(rest > 0 ? [`There are ${rest} more remarks about it.`] : [])].join(' ')
}

const distinct = (sentences: readonly string[]): string[] => [...new Set(sentences)]

/** A name of one word is said as it is: “the purchase of 3 March 2026”, but “the event “signed up” of 3 March 2026”. */
function eventTitle({ name, at }: Names['event']): string {
  const words = eventWords(name)
  return `the ${words.includes(' ') ? `event “${words}”` : words} of ${dayWords(at)}`
}

const subjectOf = ({ event }: Names): string => upperFirst(eventTitle(event))

const creditedWords = ({ isHypothetical = false }: Summarised): string =>
  isHypothetical ? 'would be credited' : 'was credited'

/** At most four sentences, so that there is room for one remark. */
function credited(told: Summarised, names: Names): string[] {
  const flow = names.journeyName === null ? '' : ` (flow “${names.journeyName}”)`
  const first = `${subjectOf(names)} ${creditedWords(told)} to the campaign ${campaignName(told.campaignId, names)}${flow}${advocateWords(told, names)}.`
  const second = runnerUpWords(told, names)
  const { decidedBy, trace } = told
  const isToldByRunnerUp = second !== null && decidedBy === trace.decidingKey
  const settled = decidedBy === null || isToldByRunnerUp ? [] : [decidedByWords[decidedBy](told, names)]
  const isExplained = told.warnings.some(({ code }) => code === 'SELF_REFERRAL')
  const quality = told.quality === 'LOW' && !isExplained ? ['Its quality counts as low.'] : []
  return [first, ...settled, ...(second === null ? [] : [second]), ...quality]
}

function campaignName(id: string | null, names: Names): string {
  const name = id === null ? null : names.campaign(id)
  return name === null ? 'that took it' : `“${name}”`
}

function advocateWords({ advocateId }: Summarised, names: Names): string {
  if (advocateId === null) return ''
  const name = names.person(advocateId)
  return name === null ? ', and to the advocate who referred the person' : `, with ${name} as the advocate`
}

function notCredited(told: Summarised, reason: NonNullable<Decision['reason']>, names: Names) {
  const { trace, reasonDetail } = told
  const why =
    reason === 'REQUIRED_TARGET_UNMATCHED' && reasonDetail !== null
      ? `of the campaigns that the event asks for none could take it, since ${reasonWords[reasonDetail]}`
      : reasonWords[reason]
  return [
    `${subjectOf(names)} ${creditedWords(told)} to nobody: ${why}.`,
    ...(names.origin ? [inheritedWords(names)] : []),
    ...(names.origin && !trace.nearMiss ? [] : [remedyWords(trace.nearMiss, reason, names)]),
  ]
}

const inheritedWords = ({ origin }: Names): string =>
  origin
    ? `It follows ${eventTitle(origin)}, whose decision holds for it too.`
    : 'It follows an earlier event of the same transaction, whose decision holds for it too.'

type Saying = (told: Summarised, names: Names) => string

/** What settled it. */
const decidedByWords: Readonly<Record<DecidedBy, Saying>> = {
  REQUIRED_TARGET: () => 'The event itself asked for it, and no other campaign matched.',
  COUPON_CODE: settledBy('COUPON_CODE'),
  SHARE_ID: settledBy('SHARE_ID'),
  ADVOCATE_CODE: settledBy('ADVOCATE_CODE'),
  JOURNEY_CAMPAIGN_ID: () => 'The event named it as the campaign of the journey that it belongs to.',
  LABEL: settledBy('LABEL', 'PROMO_LINK'),
  ONLY_CANDIDATE: () => 'It was the only one that could take the event.',
  PRIORITY: () => 'Its priority settled it.',
  PARTNER_ID: () => 'The partner’s id settled it, which had come with the journey before.',
  JOURNEY_RECENCY: () => 'The person’s latest activity settled it.',
  ADVOCATE_RECENCY: () => 'The advocate’s latest activity settled it.',
  EVIDENCE_RECENCY: () => 'The latest proof of a referral settled it.',
  CAMPAIGN_RECENCY: () => 'It is the campaign that went live last, which settled it.',
  ID: () => 'Nothing but the order of ids settled it.',
  INHERITED: (_told, names) => inheritedWords(names),
}

function settledBy(...kinds: readonly string[]): Saying {
  return ({ trace }, names) => {
    const applied = trace.hints.filter(({ hint, fate }) => fate === 'APPLIED' && kinds.includes(hint))
    const said = distinct(applied.map(({ hint, value }) => hintName(hint, value, names)))
    const [first = hintName(kinds[0] ?? '', '', names)] = said
    return `${upperFirst(said.length > 1 ? listWords(said, 'and', 3) : first)} settled it.`
  }
}

/** Who came second, and by what. */
function runnerUpWords(told: Summarised, names: Names): string | null {
  const { trace } = told
  const { decidingKey, runnerUp } = trace
  const candidate = runnerUp === null ? undefined : trace.candidates[runnerUp]
  const winner = trace.ranking[0]
  const loser = trace.ranking.find((ranked) => ranked.candidate === runnerUp)
  if (!decidingKey || !candidate || !winner || !loser) return null
  return `The runner-up was ${otherWords({ told, candidate, winner: trace.candidates[winner.candidate] }, names)}, which lost ${lostBy[decidingKey](winner, loser)}.`
}

interface Rivals {
  readonly told: Summarised
  readonly candidate: CandidateTrace
  readonly winner: CandidateTrace | undefined
}

function otherWords({ told, candidate, winner }: Rivals, names: Names): string {
  if (candidate.campaignId !== told.campaignId) {
    const name = names.campaign(candidate.campaignId)
    return name === null ? 'another campaign' : `“${name}”`
  }
  if (winner?.definition !== candidate.definition) return `the flow “${candidate.definition}” of the same campaign`
  return `another ${winner.advocateId === candidate.advocateId ? 'journey' : 'advocate'} of the same flow`
}

/** Completes “which lost ”. */
const lostBy: Readonly<Record<RankingKey, (winner: RankingTrace, loser: RankingTrace) => string>> = {
  PRIORITY: (winner, loser) => `on priority (${winner.PRIORITY} against ${loser.PRIORITY})`,
  PARTNER_ID: () => 'because the partner’s id had not come with its journey before',
  JOURNEY_RECENCY: (winner, loser) =>
    `on the person’s latest activity${times(winner.JOURNEY_RECENCY, loser.JOURNEY_RECENCY)}`,
  ADVOCATE_RECENCY: (winner, loser) =>
    `on the advocate’s latest activity${times(winner.ADVOCATE_RECENCY, loser.ADVOCATE_RECENCY)}`,
  EVIDENCE_RECENCY: (winner, loser) =>
    `on the latest proof of the referral${times(winner.EVIDENCE_RECENCY, loser.EVIDENCE_RECENCY)}`,
  CAMPAIGN_RECENCY: (winner, loser) =>
    `on when the campaign first went live${times(winner.CAMPAIGN_RECENCY, loser.CAMPAIGN_RECENCY)}`,
  ID: () => 'only on the order of ids, since all else was equal',
}

/** The days of both, or the times where it was the same day; nothing where not even they differ. */
function times(winner: string | null, loser: string | null): string {
  const [won, lost] = [momentOf(winner), momentOf(loser)]
  const isSameDay = won !== null && lost !== null && dayWords(won) === dayWords(lost)
  const said = (at: number | null) => (at === null ? 'none' : isSameDay ? momentWords(at) : dayWords(at))
  return said(won) === said(lost) ? '' : ` (${said(won)} against ${said(lost)})`
}

const momentOf = (iso: string | null): number | null => (iso === null ? null : Date.parse(iso))

function warned({ code, hint, detail }: Warning, names: Names): string {
  const colon = hint.indexOf(':')
  const [kind, value] = [hint.slice(0, colon), hint.slice(colon + 1)]
  const campaigns = code === 'HINT_CAMPAIGN_NOT_LIVE' ? (names.code(foldCode(value))?.campaigns ?? []) : []
  const meant = kind === 'JOURNEY_CAMPAIGN_ID' ? 'it' : 'its campaign'
  return warningWords[code]({ subject: upperFirst(hintName(kind, value, names)), meant, detail, campaigns })
}
