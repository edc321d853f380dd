// Which of many flows a person may enter, found without asking each: conditions that must hold together and compare one plain
// member of the person's fields or of the event's data are turned into tables from values to sets of flows, and the sets are
// intersected. What else a flow asks is asked of those that are left. Sets are bits, 32 flows to a word.

import { groupBy } from '../group.ts'
import { compileRule, type Predicate } from '../rules/compile.ts'
import type { Rule } from '../rules/rule.ts'
import { askTerm, fieldTerm, memberTerm, type Term } from '../rules/terms.ts'
import { isTrue } from '../rules/truth.ts'
import type { Question } from './question.ts'

/** Flows of one block share tables; small enough that a table has some kilobytes. */
const blockSize = 256
const blockWords = blockSize / 32

/** Bits, the first flow's the lowest of the first word. */
export type Bits = Int32Array

export interface EntryIndex {
  /** The flows whose criteria are TRUE of the person at the event: the caller's to change, and valid until the next call. */
  admitted(question: Question): Bits
}

/** The index of flows by their entry criteria, in their order; null asks nothing. */
export function compileIndex(rules: readonly (Rule | null)[]): EntryIndex {
  const blocks: Block[] = []
  for (let first = 0; first < rules.length; first += blockSize)
    blocks.push(compileBlock(rules.slice(first, first + blockSize)))
  // One set, written over again and again: making one costs more than all the rest.
  const bits: Bits = new Int32Array(Math.ceil(rules.length / 32))
  return {
    admitted(question) {
      for (let i = 0; i < blocks.length; i++) {
        const block = blocks[i]
        if (block) admit(block, question, { bits, offset: i * blockWords })
      }
      return bits
    },
  }
}

interface Block {
  readonly words: number
  /** A bit for every flow. */
  readonly all: Bits
  readonly slots: readonly Slot[]
  /** Flows that ask more than the tables can say. */
  readonly others: readonly { readonly place: number; readonly holds: Predicate }[]
}

/** The conditions on one member, by its value. */
interface Slot {
  readonly isEventData: boolean
  readonly name: string
  readonly texts: ReadonlyMap<string, Bits>
  readonly otherText: Bits
  /** Ascending; `numbers` has the sets below, at, between and above them in turn. */
  readonly points: Float64Array
  readonly numbers: readonly Bits[]
  readonly missing: Bits
  /** Booleans, lists and objects. */
  readonly others: Bits
}

interface Target {
  readonly bits: Bits
  readonly offset: number
}

function admit({ words, all, slots, others }: Block, question: Question, { bits, offset }: Target): void {
  for (let w = 0; w < words; w++) bits[offset + w] = all[w] ?? 0
  const { person, event } = question
  for (let s = 0; s < slots.length; s++) {
    const slot = slots[s]
    if (slot === undefined) continue
    const fitting = fittingFlows(slot, (slot.isEventData ? event.data : person.fields)[slot.name])
    for (let w = 0; w < words; w++) bits[offset + w] = (bits[offset + w] ?? 0) & (fitting[w] ?? 0)
  }
  for (let i = 0; i < others.length; i++) {
    const other = others[i]
    if (other === undefined) continue
    const word = offset + (other.place >>> 5)
    const bit = 1 << (other.place & 31)
    if (((bits[word] ?? 0) & bit) !== 0 && other.holds(question) !== isTrue) bits[word] = (bits[word] ?? 0) & ~bit
  }
}

function fittingFlows(slot: Slot, value: unknown): Bits {
  if (typeof value === 'string') return slot.texts.get(value) ?? slot.otherText
  if (typeof value === 'number')
    return Number.isNaN(value) ? slot.others : (slot.numbers[cellOf(slot.points, value)] ?? slot.others)
  return value === undefined || value === null ? slot.missing : slot.others
}

/** 2i + 1 at the point i, 2i between it and the one before. */
function cellOf(points: Float64Array, value: number): number {
  let [low, high] = [0, points.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((points[middle] ?? 0) < value) low = middle + 1
    else high = middle
  }
  return points[low] === value ? 2 * low + 1 : 2 * low
}

interface Condition {
  readonly place: number
  readonly isEventData: boolean
  readonly term: Term
}

function compileBlock(rules: readonly (Rule | null)[]): Block {
  const conditions: Condition[] = []
  const others: { place: number; holds: Predicate }[] = []
  for (const [place, rule] of rules.entries()) {
    const rest: Rule[] = []
    for (const member of membersOf(rule)) {
      const condition = conditionOf(member, place)
      if (condition) conditions.push(condition)
      else rest.push(member)
    }
    if (rest.length > 0) others.push({ place, holds: compileRule({ all: rest }) })
  }
  const words = Math.ceil(rules.length / 32)
  const all = bitsOf(rules.map(() => true))
  const slots = groupBy(conditions, ({ isEventData, term }) => `${isEventData} ${term.name}`)
  return { words, all, slots: [...slots.values()].map((own) => compileSlot(own, all)), others }
}

/** The rules that must hold together. */
function membersOf(rule: Rule | null): readonly Rule[] {
  if (!rule) return []
  return 'all' in rule ? rule.all.flatMap(membersOf) : [rule]
}

function conditionOf(rule: Rule, place: number): Condition | null {
  const isEventData = 'eventData' in rule
  const term = isEventData ? memberTerm(rule.eventData) : 'field' in rule ? fieldTerm(rule.field) : null
  return term && term.kind !== 'ANY' ? { place, isEventData, term } : null
}

/** Each set is found by asking the terms themselves of a value that stands for all of its kind. */
function compileSlot(conditions: readonly Condition[], all: Bits): Slot {
  const [first] = conditions
  if (!first) throw new Error('a slot has a condition')
  const { isEventData, term } = first
  // No rule can name a text with half a character.
  const otherText = fitting(conditions, '\ud800', all)
  const points = Float64Array.from(
    new Set(conditions.flatMap((condition) => (Number.isNaN(condition.term.number) ? [] : [condition.term.number]))),
  ).sort()
  return {
    isEventData,
    name: term.name,
    texts: textSets(conditions, otherText),
    otherText,
    points,
    numbers: representatives(points).map((number) => fitting(conditions, number, all)),
    missing: fitting(conditions, undefined, all),
    others: fitting(conditions, true, all),
  }
}

/** The flows none of whose conditions fails on the value. */
function fitting(conditions: readonly Condition[], value: unknown, all: Bits): Bits {
  const bits = all.slice()
  for (const { term, place } of conditions) if (!isFitting(term, value)) setBit(bits, place, false)
  return bits
}

const isFitting = (term: Term, value: unknown): boolean =>
  askTerm(term, value === undefined ? {} : { [term.name]: value }, 0) === isTrue

/** Of each text that a condition names, what it fits: as any other text, but for the flows with conditions that name it. */
function textSets(conditions: readonly Condition[], otherText: Bits): ReadonlyMap<string, Bits> {
  const byPlace = groupBy(conditions, ({ place }) => place)
  const naming = new Map<string, Set<number>>()
  for (const { term, place } of conditions) {
    for (const text of term.texts) {
      const places = naming.get(text)
      if (places) places.add(place)
      else naming.set(text, new Set([place]))
    }
  }
  const sets = new Map<string, Bits>()
  for (const [text, places] of naming) {
    const bits = otherText.slice()
    for (const place of places)
      setBit(
        bits,
        place,
        (byPlace.get(place) ?? []).every(({ term }) => isFitting(term, text)),
      )
    sets.set(text, bits)
  }
  return sets
}

function setBit(bits: Bits, place: number, isSet: boolean): void {
  const [word, bit] = [place >>> 5, 1 << (place & 31)]
  bits[word] = isSet ? (bits[word] ?? 0) | bit : (bits[word] ?? 0) & ~bit
}

/** A number below, at, between and above the points in turn. */
function representatives(points: Float64Array): number[] {
  const numbers: number[] = []
  for (const [i, point] of points.entries()) {
    const before = points[i - 1]
    numbers.push(before === undefined ? Number.NEGATIVE_INFINITY : before / 2 + point / 2, point)
  }
  return [...numbers, Number.POSITIVE_INFINITY]
}

/** A bit for each that is true. */
export function bitsOf(flags: readonly boolean[]): Bits {
  const bits = new Int32Array(Math.ceil(flags.length / 32))
  for (const [place, flag] of flags.entries())
    if (flag) bits[place >>> 5] = (bits[place >>> 5] ?? 0) | (1 << (place & 31))
  return bits
}
