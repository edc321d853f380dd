// A history played on a stage and written down as the database would, so that it can be decided again without one.

import { decide } from '../../src/core/targeting/decide.ts'
import type { Decision } from '../../src/core/targeting/decision.ts'
import { type Effects, takeEffect } from '../../src/core/targeting/effects.ts'
import type {
  CodeFacts,
  EventFacts,
  JourneyFacts,
  PersonFacts,
  TransactionFacts,
  World,
} from '../../src/core/targeting/facts.ts'
import { newPerson, takeStep } from '../../src/core/targeting/people.ts'
import type { Moment, Play, Recorded } from '../../src/core/targeting/replay.ts'
import { compileRuleSet, type RuleSet } from '../../src/core/targeting/rule-set.ts'
import { type Done, withdraw } from '../../src/core/targeting/withdraw.ts'
import type { EventSetup, Stage } from './stage.ts'

interface Written {
  readonly personId: string
  readonly event: EventFacts
  readonly revision: number
  readonly recorded: Recorded
  readonly version: number
  readonly advocates: ReadonlyMap<string, readonly JourneyFacts[]>
  readonly decision: Decision
  readonly effects: Effects
  /** Of the transaction that it began. */
  readonly transaction: TransactionFacts | null
}

type Page = Written | { readonly merge: { loserId: string; survivorId: string } }

export class History {
  readonly stage: Stage
  readonly #pages: Page[] = []
  readonly #done = new Map<string, Done>()
  readonly #rules: RuleSet[] = []
  #compiled: RuleSet | null = null

  /** Everybody and all codes before anything happened. */
  readonly #people: readonly PersonFacts[]
  readonly #codes: readonly CodeFacts[]
  readonly #sharesTo: World['sharesTo']

  constructor(stage: Stage) {
    this.stage = stage
    this.#people = [...stage.world.people.values()].map((person) => ({ ...person }))
    this.#codes = [...stage.world.codes.values()].map((code) => ({ ...code }))
    this.#sharesTo = new Map(stage.world.sharesTo)
  }

  /** Decides an event and writes it down; returns its place. */
  send(setup: EventSetup): number {
    return this.#decide(this.stage.event(setup), 1)
  }

  /** Decides an event that was sent before anew. */
  reattribute(eventId: string): void {
    const done = this.#done.get(eventId)
    if (!done) throw new Error(`no event ${eventId}`)
    const event = { ...done.event, personId: this.nowOf(done.event.personId) }
    withdraw(this.stage.world, { ...done, event }, this.#done.values())
    const revisions = this.#pages.filter((page) => 'event' in page && page.event.id === eventId).length
    this.#decide(event, revisions + 1)
  }

  merge(loserId: string, survivorId: string): void {
    takeStep(this.stage.world, { personId: survivorId, attached: [], absorbed: [loserId] })
    this.#pages.push({ merge: { loserId, survivorId } })
  }

  get eventIds(): string[] {
    return [...this.#done.keys()]
  }

  /** The rules of a version. */
  rulesOf(version: number | null): RuleSet {
    const rules = this.#rules[version ?? -1]
    if (!rules) throw new Error(`no version ${version}`)
    return rules
  }

  nowOf(personId: string): string {
    const merged = this.#pages.find((page) => 'merge' in page && page.merge.loserId === personId)
    return merged && 'merge' in merged ? this.nowOf(merged.merge.survivorId) : personId
  }

  #decide(event: EventFacts, revision: number): number {
    const { world } = this.stage
    const rules = this.#rulesNow()
    const advocates = advocatesIn(world)
    const decision = decide(event, world, rules)
    const effects = takeEffect({ event, decision }, world, () => this.stage.newId())
    this.#done.set(event.id, { event, decision, effects })
    const begun = decision.transactionId === null ? undefined : world.transactions.get(decision.transactionId)
    const transaction = begun?.eventId === event.id ? begun : null
    const written = { personId: event.personId, event, revision, version: this.#rules.length - 1, advocates }
    return this.#pages.push({ ...written, decision, effects, transaction, recorded: recordOf(decision, effects) }) - 1
  }

  /** A stage changes campaigns in place, so what is written down is compiled from a copy. */
  #rulesNow(): RuleSet {
    const { rules, programs, campaigns, followUps } = this.stage
    const known = this.#rules.at(-1)
    if (known && this.#compiled === rules) return known
    this.#compiled = rules
    const copy = compileRuleSet(structuredClone({ programs, campaigns, followUps }))
    this.#rules.push(copy)
    return copy
  }

  /** What is played for one person, under all ids that are this person now. */
  playOf(personId: string): Play {
    const own = (id: string) => this.nowOf(id) === personId
    const latest = new Map<string, number>()
    for (const page of this.#pages)
      if ('event' in page) latest.set(page.event.id, Math.max(page.revision, latest.get(page.event.id) ?? 0))
    const moments = this.#pages.flatMap((page): Moment[] => {
      if ('merge' in page) return own(page.merge.survivorId) ? [{ kind: 'MERGE', ...page.merge }] : []
      if (!own(page.personId)) return this.#others(page)
      const { event, revision, recorded, version, advocates } = page
      const others = new Map([...advocates].filter(([id]) => !own(id)))
      const isInForce = latest.get(event.id) === revision
      const known = { ...recorded, advocateId: recorded.advocateId && this.nowOf(recorded.advocateId) }
      return [{ kind: 'DECISION', event, revision, isInForce, recorded: known, version, advocates: others }]
    })
    return { world: this.#emptyWorld(), moments, nowOf: (id) => this.nowOf(id) }
  }

  #others({ decision, effects, transaction }: Written): Moment[] {
    const edge = this.stage.world.people
      .get(this.nowOf(decision.personId))
      ?.relationships.find(({ id }) => id === effects.relationshipId)
    const evidence = edge ? effects.evidenceAdded : []
    const { transactionId } = decision
    return [
      ...evidence.map(({ at }): Moment => {
        const { evidence: _, firstEvidenceAt: __, matchedCodeIds: ___, ...relationship } = edge ?? never()
        const advocateId = decision.advocateId ?? relationship.advocateId
        return { kind: 'EVIDENCE', relationship: { ...relationship, advocateId, friendId: decision.personId }, at }
      }),
      ...(transactionId !== null && transaction
        ? [{ kind: 'TRANSACTION' as const, id: transactionId, facts: transaction }]
        : []),
    ]
  }

  #emptyWorld(): World {
    const people = this.#people.map(({ id, fields, blocked, identities }) => ({
      ...newPerson(id),
      fields,
      blocked,
      identities,
    }))
    return {
      people: new Map(people.map((person) => [person.id, person])),
      codes: new Map(this.#codes.map((code) => [code.code, code])),
      sharesTo: new Map(this.#sharesTo),
      transactions: new Map(),
    }
  }
}

function never(): never {
  throw new Error('evidence has a relationship')
}

const advocatesIn = (world: World) =>
  new Map(
    [...world.people.values()].map((person) => [
      person.id,
      person.journeys
        .filter(({ role }) => role === 'ADVOCATE')
        .map((journey) => ({ ...journey, activities: [...journey.activities] })),
    ]),
  )

const recordOf = (decision: Decision, effects: Effects): Recorded => ({
  status: decision.status,
  campaignId: decision.campaignId,
  definition: decision.journey?.definition ?? null,
  key: decision.journey?.key ?? null,
  advocateId: decision.advocateId,
  quality: decision.quality,
  journeyId: effects.journeyId,
  relationshipId: effects.relationshipId,
})
