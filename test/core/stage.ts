// A small world to play events in: programs, campaigns and codes in short form, people who appear when they are named.

import { decide } from '../../src/core/targeting/decide.ts'
import type { Decision, Explained } from '../../src/core/targeting/decision.ts'
import { type Effects, takeEffect } from '../../src/core/targeting/effects.ts'
import type {
  CampaignFacts,
  CampaignState,
  CodeFacts,
  CodeKind,
  EventFacts,
  JourneyDefinition,
  JourneyRole,
  PersonFacts,
  ProgramFacts,
  RequiredTarget,
  TypedTargeting,
  World,
} from '../../src/core/targeting/facts.ts'
import { newPerson } from '../../src/core/targeting/people.ts'
import { compileRuleSet, type RuleSet } from '../../src/core/targeting/rule-set.ts'

export interface ProgramSetup {
  id: string
  name?: string
  labels?: string[]
  lookbackDays?: number
  allowMutualReferral?: boolean
}

export interface JourneySetup extends Partial<Omit<JourneyDefinition, 'name' | 'role'>> {
  name: string
  role: JourneyRole
  events: string[]
}

export interface CampaignSetup {
  id: string
  program: string
  state?: CampaignState
  startsAt?: string
  endsAt?: string
  requiredTargets?: RequiredTarget[]
  journeys: JourneySetup[]
}

export interface CodeSetup {
  kind: CodeKind
  code: string
  campaign?: string
  campaigns?: string[]
  program?: string
  label?: string
  advocate?: string
  createdAt?: string
  expiresAt?: string
  disabledAt?: string
  /** E-mail addresses that a share was sent to. */
  recipients?: string[]
}

export interface WorldSetup {
  programs: ProgramSetup[]
  /** They go live in this order. */
  campaigns: CampaignSetup[]
  codes?: CodeSetup[]
  /** Folded names of events that follow an earlier one of their transaction. */
  followUps?: string[]
}

/** Hints as the cases write them: singular or plural. */
export interface HintSetup extends TypedTargeting {
  couponCode?: string
  shareId?: string
  advocateCode?: string
  label?: string
}

export interface EventSetup {
  name: string
  person: string
  at: string
  hints?: HintSetup
  data?: Record<string, unknown>
  userAgent?: string
  alias?: string
}

export type Played = Explained & { readonly effects: Effects }

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

const at = (iso: string): number => Date.parse(iso)

/** A world in play. Every event sent is decided and takes effect; `peek` only decides. */
export class Stage {
  readonly world: World & { people: Map<string, Mutable<PersonFacts>>; codes: Map<string, Mutable<CodeFacts>> } = {
    people: new Map(),
    codes: new Map(),
    sharesTo: new Map(),
    transactions: new Map(),
  }
  readonly programs: ProgramFacts[]
  readonly campaigns: Mutable<CampaignFacts>[]
  readonly followUps: string[]
  #ids = 0
  #rules: RuleSet | null = null

  constructor({ programs, campaigns, codes = [], followUps = [] }: WorldSetup) {
    this.programs = programs.map(({ id, name = id, labels = [], lookbackDays = 365, allowMutualReferral = false }) => ({
      id,
      name,
      labels,
      lookbackDays,
      allowMutualReferral,
    }))
    this.campaigns = campaigns.map(campaignFacts)
    this.followUps = followUps
    for (const code of codes) this.#addCode(code)
  }

  get rules(): RuleSet {
    const { programs, campaigns, followUps } = this
    this.#rules ??= compileRuleSet({ programs, campaigns, followUps })
    return this.#rules
  }

  /** The person of that id, who appears when first asked for. */
  person(id: string): Mutable<PersonFacts> {
    const known = this.world.people.get(id)
    if (known) return known
    const person = newPerson(id)
    this.world.people.set(id, person)
    return person
  }

  changeState(campaign: string, state: CampaignState): void {
    for (const facts of this.campaigns) if (facts.id === campaign) facts.state = state
    this.#rules = null
  }

  send(setup: EventSetup): Played {
    const event = this.event(setup)
    const decision = decide(event, this.world, this.rules)
    return { ...decision, effects: takeEffect({ event, decision }, this.world, () => this.newId()) }
  }

  peek(setup: EventSetup): Explained {
    return decide(this.event(setup), this.world, this.rules)
  }

  event({ name, person, at: occurredAt, hints, data = {}, userAgent, alias }: EventSetup): EventFacts {
    this.person(person)
    return {
      id: this.newId(),
      name,
      alias,
      personId: person,
      t: at(occurredAt),
      data,
      targeting: hints && typedTargeting(hints),
      userAgent,
    }
  }

  /** Ids count up, so that the expected ones can be worked out by hand. */
  newId(): string {
    this.#ids += 1
    return `id-${String(this.#ids).padStart(4, '0')}`
  }

  #addCode({ kind, code, campaign, campaigns, program, label, advocate, ...rest }: CodeSetup): void {
    const { createdAt = '2026-01-01T00:00:00Z', expiresAt, disabledAt, recipients = [] } = rest
    if (advocate !== undefined) this.person(advocate)
    const facts = {
      id: `code-${code}`,
      kind,
      code,
      label: label ?? null,
      programId: program ?? null,
      campaignIds: campaigns ?? (campaign === undefined ? [] : [campaign]),
      advocateId: advocate ?? null,
      createdAt: at(createdAt),
      expiresAt: expiresAt === undefined ? null : at(expiresAt),
      disabledAt: disabledAt === undefined ? null : at(disabledAt),
    }
    this.world.codes.set(code, facts)
    for (const email of recipients) this.world.sharesTo.set(email, [...(this.world.sharesTo.get(email) ?? []), facts])
  }
}

function campaignFacts(
  { id, program, state = 'LIVE', startsAt, endsAt, requiredTargets = [], journeys }: CampaignSetup,
  place: number,
): CampaignFacts {
  return {
    id,
    programId: program,
    name: id,
    revision: 1,
    state,
    startsAt: startsAt === undefined ? null : at(startsAt),
    endsAt: endsAt === undefined ? null : at(endsAt),
    firstLiveAt: at('2026-01-01T00:00:00Z') + place,
    requiredTargets,
    journeys: journeys.map(journeyDefinition),
    content: [],
  }
}

const journeyDefinition = (setup: JourneySetup): JourneyDefinition => ({
  priority: 100,
  startEvents: setup.events,
  entry: null,
  ongoing: null,
  keyField: null,
  inactivityDays: null,
  reentry: 'CONTINUE',
  ...setup,
})

function typedTargeting({ couponCode, shareId, advocateCode, label, ...typed }: HintSetup): TypedTargeting {
  return {
    ...typed,
    couponCodes: couponCode === undefined ? typed.couponCodes : [couponCode],
    shareIds: shareId === undefined ? typed.shareIds : [shareId],
    advocateCodes: advocateCode === undefined ? typed.advocateCodes : [advocateCode],
    labels: label === undefined ? typed.labels : [label],
  }
}

export const warningCodesOf = ({ warnings }: { warnings: Decision['warnings'] }): string[] =>
  warnings.map(({ code }) => code)
