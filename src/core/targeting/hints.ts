// Phase 1, first half: what an event carries. Typed hints win over raw ones, row by row of the specification's table.
// Bounds: 20 values to a list, 256 characters to a value; what is over them, or no scalar, is malformed and ignored.

import { foldCode } from '../names.ts'
import type { HintKind, HintTrace } from './decision.ts'
import type { EventFacts, JsonObject, RequiredTarget, RequiredTargetKind, TypedTargeting } from './facts.ts'

export const maxHintValues = 20
export const maxHintLength = 256

/** What was read from one event. */
export interface Hints {
  /** All values in the order of their strength; those that cannot be read have the fate HINT_MALFORMED. */
  readonly read: readonly HintTrace[]
  readonly targets: readonly RequiredTarget[]
  readonly requiredLabels: readonly string[]
  /** A target or required label that cannot be read. */
  readonly isTargetMalformed: boolean
  readonly partnerId: string | null
  readonly isStrict: boolean
}

const targetKinds: ReadonlyMap<string, RequiredTargetKind> = new Map([
  ['campaign_id', 'CAMPAIGN_ID'],
  ['program', 'PROGRAM'],
  ['journey_name', 'JOURNEY_NAME'],
])

/** Of every event without any. */
export const noHints: Hints = {
  read: [],
  targets: [],
  requiredLabels: [],
  isTargetMalformed: false,
  partnerId: null,
  isStrict: false,
}

const rawKeys: ReadonlySet<string> = new Set([
  'target',
  'required_labels',
  'coupon_code',
  'share_id',
  'advocate_code',
  'journey',
  'journey.campaign_id',
  'labels',
  'promo_link',
  'partner_event_id',
  'partner_conversion_id',
  'partner_user_id',
])

function mayCarryHints({ targeting, data }: EventFacts): boolean {
  if (targeting) return true
  for (const key in data) if (rawKeys.has(key)) return true
  return false
}

/** The hints of an event, typed and raw. Nothing is looked up yet. */
export function readHints(event: EventFacts): Hints {
  return mayCarryHints(event) ? readGiven(event) : noHints
}

function readGiven(event: EventFacts): Hints {
  const { data } = event
  const typed: TypedTargeting = event.targeting ?? {}
  const targets = readTargets(typed, data)
  const requiredLabels = readRow('REQUIRED_LABEL', firstGiven(typed.requiredLabels, own(data, 'required_labels')))
  const partner = readPartnerId(typed, data)
  const read = [
    ...targets.map(({ trace }) => trace),
    ...requiredLabels,
    ...readRow('COUPON_CODE', firstGiven(typed.couponCodes, own(data, 'coupon_code'))),
    ...readRow('SHARE_ID', firstGiven(typed.shareIds, own(data, 'share_id'))),
    ...readRow('ADVOCATE_CODE', firstGiven(typed.advocateCodes, own(data, 'advocate_code'))),
    ...readRow('JOURNEY_CAMPAIGN_ID', firstGiven(typed.journeyCampaignId, rawJourneyCampaign(data))),
    ...readSoft(typed, data),
    ...partner,
  ]
  return {
    read,
    targets: targets.flatMap(({ target }) => (target ? [target] : [])),
    requiredLabels: requiredLabels.filter(isReadable).map(({ value }) => value),
    isTargetMalformed: targets.some(({ target }) => !target) || !requiredLabels.every(isReadable),
    partnerId: partner.find(isReadable)?.value ?? null,
    isStrict: typed.strictHints === true,
  }
}

/** The codes, upper-cased and each once, that an event's decision looks up in `world.codes`. At most 80. */
export function requestedCodes(event: EventFacts): readonly string[] {
  const codes = new Set<string>()
  for (const trace of readHints(event).read)
    if (isCodeHint(trace.hint) && isReadable(trace)) codes.add(foldCode(trace.value))
  return [...codes]
}

export const isReadable = (trace: HintTrace): boolean => trace.fate !== 'HINT_MALFORMED'

const isCodeHint = (hint: HintKind): boolean =>
  hint === 'COUPON_CODE' || hint === 'SHARE_ID' || hint === 'ADVOCATE_CODE' || hint === 'PROMO_LINK'

/** Labels and promo link are one row: either of them, typed, hides both raw ones. */
function readSoft(typed: TypedTargeting, data: JsonObject): HintTrace[] {
  const isTyped = isGiven(typed.labels) || isGiven(typed.promoLink)
  return [
    ...readRow('LABEL', isTyped ? typed.labels : own(data, 'labels')),
    ...readRow('PROMO_LINK', isTyped ? typed.promoLink : own(data, 'promo_link')),
  ]
}

function readPartnerId(typed: TypedTargeting, data: JsonObject): HintTrace[] {
  if (isGiven(typed.partnerId)) return readSingle('PARTNER_ID', typed.partnerId)
  const malformed: HintTrace[] = []
  for (const key of ['partner_event_id', 'partner_conversion_id', 'partner_user_id']) {
    const read = readSingle('PARTNER_ID', own(data, key))
    if (read.some(isReadable)) return [...malformed, ...read]
    malformed.push(...read)
  }
  return malformed
}

function rawJourneyCampaign(data: JsonObject): unknown {
  const journey = own(data, 'journey')
  return firstGiven(isObject(journey) ? own(journey, 'campaign_id') : undefined, own(data, 'journey.campaign_id'))
}

interface TargetReading {
  readonly trace: HintTrace
  readonly target: RequiredTarget | null
}

function readTargets(typed: TypedTargeting, data: JsonObject): TargetReading[] {
  const isTyped = isGiven(typed.require)
  const values = listOf(isTyped ? typed.require : own(data, 'target'))
  if (values.length > maxHintValues) return [{ trace: tooMany('REQUIRE', values), target: null }]
  return values.map((value) => readTarget(isTyped && isObject(value) ? value : splitTarget(value), value))
}

/** A target whose kind is not known or whose value is blank cannot be read: it asks for something, so it is not absent. */
function readTarget(parts: { readonly [key: string]: unknown } | null, given: unknown): TargetReading {
  const kind = targetKinds.get(String(parts?.kind).toLowerCase())
  const value = textOf(parts?.value)
  if (!kind || !value)
    return { trace: malformed('REQUIRE', isObject(given) ? shownTarget(given) : given), target: null }
  return { trace: hintTrace('REQUIRE', `${kind}:${value}`, 'READ'), target: { kind, value } }
}

function splitTarget(value: unknown): { kind: string; value: string } | null {
  const text = textOf(value) ?? ''
  const colon = text.indexOf(':')
  return colon < 0 ? null : { kind: text.slice(0, colon).trim(), value: text.slice(colon + 1) }
}

function readRow(hint: HintKind, given: unknown): HintTrace[] {
  const values = listOf(given)
  return values.length > maxHintValues ? [tooMany(hint, values)] : values.map((value) => readValue(hint, value))
}

function readSingle(hint: HintKind, given: unknown): HintTrace[] {
  if (!isGiven(given)) return []
  return [Array.isArray(given) ? malformed(hint, given) : readValue(hint, given)]
}

function readValue(hint: HintKind, value: unknown): HintTrace {
  const text = textOf(value)
  if (text === null) return malformed(hint, value)
  return hintTrace(hint, text, hint === 'REQUIRED_LABEL' || hint === 'PARTNER_ID' ? 'READ' : 'NOT_REACHED')
}

// Text that PostgreSQL cannot hold: NUL, and halves of characters.
const unstorable = /\0|\p{Surrogate}/u

/** The trimmed text of a scalar within bounds; null for anything else. */
function textOf(value: unknown): string | null {
  const isText =
    typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))
  if (!isText) return null
  const text = String(value).trim()
  const isLong = text.length > maxHintLength && [...text].length > maxHintLength
  return isLong || unstorable.test(text) ? null : text
}

/** A value as a list without its blank elements, which count as absent. */
function listOf(given: unknown): readonly unknown[] {
  if (Array.isArray(given)) return given.filter((value) => !isBlank(value))
  return isBlank(given) ? [] : [given]
}

const isBlank = (value: unknown): boolean =>
  value === null || value === undefined || (typeof value === 'string' && value.trim() === '')

const isGiven = (value: unknown): boolean => listOf(value).length > 0

const firstGiven = (typed: unknown, raw: unknown): unknown => (isGiven(typed) ? typed : raw)

const hintTrace = (hint: HintKind, value: string, fate: HintTrace['fate']): HintTrace => ({
  hint,
  value,
  fate,
  detail: null,
})

const malformed = (hint: HintKind, value: unknown): HintTrace => hintTrace(hint, shown(value), 'HINT_MALFORMED')

const tooMany = (hint: HintKind, values: readonly unknown[]): HintTrace =>
  hintTrace(hint, `(${values.length} values)`, 'HINT_MALFORMED')

/** Enough of a malformed value to recognise it by. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return '(list)'
  if (isObject(value)) return '(object)'
  const text = String(value)
    .trim()
    .replace(/[\0\ud800-\udfff]/g, '')
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}

const shownTarget = (target: JsonObject): string => `${shown(target.kind)}:${shown(target.value)}`

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const own = (data: JsonObject, key: string): unknown => (Object.hasOwn(data, key) ? data[key] : undefined)
