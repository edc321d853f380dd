// Phase 1, second half: what the hints of an event stand for. All look-ups are inside the account: what is not there is unknown.

import { decodeId } from '../ids.ts'
import { foldCode, foldName } from '../names.ts'
import {
  type ExplicitHint,
  explicitHints,
  type HintTrace,
  type Proof,
  type Warning,
  type WarningCode,
} from './decision.ts'
import type { CodeFacts, CodeKind, Instant, World } from './facts.ts'
import { type Hints, isReadable, noHints } from './hints.ts'
import type { Campaign, Program, RuleSet } from './rule-set.ts'

/** The campaigns that a hint stands for: those named, or, where it names none, all of its programs. */
export interface Scope {
  readonly campaigns: ReadonlySet<Campaign> | null
  /** The programs of those campaigns. */
  readonly programs: ReadonlySet<Program>
}

export interface ExplicitValue {
  readonly trace: HintTrace
  readonly scope: Scope
  readonly advocateId: string | null
}

export interface SoftValue {
  readonly trace: HintTrace
  readonly programs: ReadonlySet<Program>
}

/** A relationship that this event's own resolved explicit hints show, by program and advocate; the actor's own code is one too. */
export interface ShownRelationship {
  readonly advocateId: string
  readonly scopes: readonly Scope[]
  readonly proofs: readonly Proof[]
  readonly traces: readonly HintTrace[]
}

export interface LookUps {
  /** The strongest kind first; the values of one kind are a union. Resolved ones only. */
  readonly explicit: readonly { readonly hint: ExplicitHint; readonly values: readonly ExplicitValue[] }[]
  /** In the order in which they apply; the values of one group are a union. */
  readonly soft: readonly (readonly SoftValue[])[]
  readonly shown: ReadonlyMap<Program, ReadonlyMap<string, ShownRelationship>>
  /** True where an explicit value is unknown, inactive or malformed. */
  readonly isUnresolved: boolean
  /** All hints, labels that codes brought along included. */
  readonly traces: readonly HintTrace[]
  readonly warnings: Warning[]
}

/** What the hints are looked up in, and the event's effective time. */
export interface Place {
  readonly world: World
  readonly rules: RuleSet
  readonly t: Instant
}

const none: readonly never[] = []
const nobody: LookUps['shown'] = new Map()

/** Looks every hint up. Fates are written into the hints' traces; what is worth a warning is among `warnings`. */
export function lookUp(hints: Hints, place: Place): LookUps {
  if (hints === noHints)
    return { explicit: none, soft: none, shown: nobody, isUnresolved: false, traces: none, warnings: [] }
  const warnings: Warning[] = []
  for (const trace of hints.read) if (!isReadable(trace)) warn(warnings, trace, { code: 'HINT_MALFORMED' })
  const codes: ResolvedCode[] = []
  const groups = explicitHints.map((hint) => ({ hint, values: [] as ExplicitValue[] })) // `as`: an empty list has no type of its own
  let isUnresolved = false
  for (const group of groups) {
    for (const trace of hints.read) {
      if (trace.hint !== group.hint) continue
      const value = isReadable(trace) ? lookUpExplicit(trace, place, warnings) : null
      if (!value) isUnresolved = true
      else {
        group.values.push(value)
        if (value.code) codes.push({ ...value, code: value.code })
      }
    }
  }
  const { soft, brought } = lookUpSoft(hints, { place, warnings, codes })
  return {
    explicit: groups,
    soft,
    shown: shownRelationships(codes, place.t),
    isUnresolved,
    traces: brought.length > 0 ? [...hints.read, ...brought] : hints.read,
    warnings,
  }
}

/** What there is to say of a hint. */
export interface Caution {
  readonly code: WarningCode
  readonly detail?: string | null
}

/** Adds a warning about a hint. */
export function warn(warnings: Warning[], trace: HintTrace, { code, detail = null }: Caution): void {
  warnings.push({ code, hint: `${trace.hint}:${trace.value}`, detail })
}

/** Adds a warning that is also what became of the hint. */
export function reject(warnings: Warning[], trace: HintTrace, caution: Caution): void {
  trace.fate = caution.code
  trace.detail = caution.detail ?? null
  warn(warnings, trace, caution)
}

export const covers = ({ campaigns, programs }: Scope, campaign: Campaign): boolean =>
  campaigns ? campaigns.has(campaign) : programs.has(campaign.program)

/** All campaigns of a scope; for whole programs in the order of the rule set. */
export const campaignsOf = ({ campaigns, programs }: Scope): Iterable<Campaign> =>
  campaigns ?? [...programs].flatMap((program) => program.campaigns)

interface ResolvedCode extends ExplicitValue {
  readonly code: CodeFacts
}

const kindOfField: { readonly [hint: string]: CodeKind } = {
  COUPON_CODE: 'COUPON',
  SHARE_ID: 'SHARE',
  ADVOCATE_CODE: 'ADVOCATE_CODE',
  PROMO_LINK: 'PROMO_LINK',
}

function lookUpExplicit(
  trace: HintTrace,
  place: Place,
  warnings: Warning[],
): (ExplicitValue & { code: CodeFacts | null }) | null {
  if (trace.hint === 'JOURNEY_CAMPAIGN_ID') {
    const campaign = place.rules.campaigns.get(decodeId('Campaign', trace.value) ?? trace.value)
    if (!campaign) return rejectUnresolved(trace, 'HINT_UNKNOWN', warnings)
    const scope = { campaigns: new Set([campaign]), programs: new Set([campaign.program]) }
    return { trace, scope, advocateId: null, code: null }
  }
  const code = lookUpCode(trace, place, warnings)
  return code && { trace, scope: scopeOf(code, place.rules), advocateId: code.advocateId, code }
}

function lookUpCode(trace: HintTrace, { world, t }: Place, warnings: Warning[]): CodeFacts | null {
  const code = world.codes.get(foldCode(trace.value))
  if (!code) return rejectUnresolved(trace, 'HINT_UNKNOWN', warnings)
  if (isOver(code, t)) return rejectUnresolved(trace, 'HINT_CODE_INACTIVE', warnings)
  if (code.kind !== kindOfField[trace.hint]) warn(warnings, trace, { code: 'HINT_FIELD_MISMATCH', detail: code.kind })
  return code
}

/** Disabled or expired at t. */
export function isOver({ disabledAt, expiresAt }: CodeFacts, t: Instant): boolean {
  return (disabledAt !== null && t >= disabledAt) || (expiresAt !== null && t >= expiresAt)
}

function rejectUnresolved(trace: HintTrace, code: WarningCode, warnings: Warning[]): null {
  reject(warnings, trace, { code })
  return null
}

/** A code stands for its campaigns; if it names none, for those of its program; if none, for those of its label's programs. */
export function scopeOf(code: CodeFacts, rules: RuleSet): Scope {
  const program = code.programId === null ? undefined : rules.programs.get(code.programId)
  const own: readonly Program[] = program ? [program] : []
  if (code.campaignIds.length === 0)
    return { campaigns: null, programs: new Set(program ? own : labelled(code.label, rules)) }
  const campaigns = new Set(
    code.campaignIds.map((id) => rules.campaigns.get(id)).filter((campaign) => campaign !== undefined),
  )
  const programs = [...campaigns].map((campaign) => campaign.program)
  return { campaigns, programs: new Set(campaigns.size > 0 ? programs : own) }
}

const labelled = (label: string | null, rules: RuleSet): readonly Program[] =>
  label === null ? [] : (rules.byLabel.get(foldName(label)) ?? [])

interface SoftSource {
  readonly place: Place
  readonly warnings: Warning[]
  readonly codes: readonly ResolvedCode[]
}

/** Labels, then the promo link and its label, then the labels of the codes used. */
function lookUpSoft(
  hints: Hints,
  { place, warnings, codes }: SoftSource,
): { soft: SoftValue[][]; brought: HintTrace[] } {
  const labels: SoftValue[] = []
  const links: SoftValue[] = []
  const linkLabels: SoftValue[] = []
  for (const trace of hints.read) {
    if (!isReadable(trace)) continue
    if (trace.hint === 'LABEL') labels.push({ trace, programs: new Set(labelled(trace.value, place.rules)) })
    if (trace.hint !== 'PROMO_LINK') continue
    const code = lookUpCode(trace, place, warnings)
    if (!code) continue
    const scope = scopeOf(code, place.rules)
    const isSelecting = scope.campaigns === null || [...scope.campaigns].some(({ isOpen }) => isOpen)
    if (isSelecting) links.push({ trace, programs: scope.programs })
    else reject(warnings, trace, { code: 'HINT_CAMPAIGN_NOT_LIVE' })
    linkLabels.push(...labelOf(code, place.rules))
  }
  const codeLabels = codes.flatMap(({ code }) => labelOf(code, place.rules))
  const brought = [...linkLabels, ...codeLabels].map(({ trace }) => trace)
  return { soft: [labels, links, linkLabels, codeLabels].filter((group) => group.length > 0), brought }
}

/** The label of a code that stands for something else than its label. */
function labelOf(code: CodeFacts, rules: RuleSet): SoftValue[] {
  if (code.label === null || (code.campaignIds.length === 0 && code.programId === null)) return []
  const trace: HintTrace = { hint: 'LABEL', value: code.label, fate: 'NOT_REACHED', detail: code.code }
  return [{ trace, programs: new Set(labelled(code.label, rules)) }]
}

function shownRelationships(codes: readonly ResolvedCode[], t: Instant): LookUps['shown'] {
  const shown = new Map<Program, Map<string, ShownRelationship>>()
  for (const { code, scope, advocateId, trace } of codes) {
    if (advocateId === null) continue
    for (const program of scope.programs) {
      const advocates = shown.get(program) ?? new Map<string, ShownRelationship>()
      shown.set(program, advocates)
      const known = advocates.get(advocateId)
      advocates.set(advocateId, {
        advocateId,
        scopes: [...(known?.scopes ?? []), scope],
        proofs: [...(known?.proofs ?? []), ...proofOf(trace, code, t)],
        traces: [...(known?.traces ?? []), trace],
      })
    }
  }
  return shown
}

const proofOf = ({ hint }: HintTrace, code: CodeFacts, at: Instant): readonly Proof[] =>
  hint === 'COUPON_CODE' || hint === 'SHARE_ID' || hint === 'ADVOCATE_CODE' ? [{ kind: hint, codeId: code.id, at }] : []
