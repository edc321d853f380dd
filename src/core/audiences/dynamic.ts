// Dynamic audiences, compiled once for each version of an account's rules: what each asks of people, and which of them
// something that happens to a person may concern.

import { orderTellers } from '../orders/telling.ts'
import { type Asks, asksOf, audienceId, leavesOf, wheresOf } from '../rules/asks.ts'
import { compileRule, type Predicate } from '../rules/compile.ts'
import { ruleProgramId } from '../rules/counts.ts'
import { isTimed, noEventAt } from '../rules/next-change.ts'
import { compilePath, identityKindOf, isEmailField } from '../rules/path.ts'
import type { Rule } from '../rules/rule.ts'
import { isTrue } from '../rules/truth.ts'
import type { Quality } from '../targeting/decision.ts'
import type { JsonObject } from '../targeting/facts.ts'
import { newPerson } from '../targeting/people.ts'

/** A dynamic audience as it is stored. */
export interface AudienceDefinition {
  readonly id: string
  /** Of its rule. */
  readonly version: number
  /** Checked. */
  readonly rule: Rule
}

export interface DynamicAudience extends AudienceDefinition {
  readonly holds: Predicate
  readonly asks: Asks
  /** The first steps of the fields that it asks about. */
  readonly fields: ReadonlySet<string>
  /** It asks about identifiers; about relationships in which the person is the friend. */
  readonly asksIdentities: boolean
  readonly asksAdvocates: boolean
  readonly asksConsents: boolean
  /** Of relationships in which the person is the advocate, which programs' it asks about; null: any. */
  readonly friendPrograms: ReadonlySet<string | null>
  /** What it asks about people whom the person is related to, by the side that the person is on; such audiences follow a moment later. */
  readonly others: readonly Beyond[]
  /** Time alone may change who is in it. */
  readonly isTimed: boolean
  /** It holds for somebody of whom nothing is known but defaults. */
  readonly takesNewcomers: boolean
}

/** A condition on the other person of a relationship, as if it were an audience of its own. */
export interface Beyond {
  readonly as: 'FRIEND' | 'ADVOCATE'
  readonly audience: DynamicAudience
}

type Index<Key> = ReadonlyMap<Key, readonly DynamicAudience[]>

export interface DynamicAudiences {
  /** Those that others ask about come before these. */
  readonly inOrder: readonly DynamicAudience[]
  readonly byId: ReadonlyMap<string, DynamicAudience>
  readonly byEvent: Index<string>
  /** By the first step of the field's path. */
  readonly byField: Index<string>
  readonly byIdentity: Index<string>
  readonly byQuality: Index<Quality>
  /** Of those that ask about it. */
  readonly byAudience: Index<string>
  readonly bySide: Index<'FRIEND' | 'ADVOCATE'>
  /** Those that ask about consents. */
  readonly byConsents: readonly DynamicAudience[]
  readonly forNewcomers: readonly DynamicAudience[]
  /** Of what is asked about others; null where nothing is. Its members bear the ids of the audiences that ask. */
  readonly beyond: DynamicAudiences | null
}

/** It is gone through several times. */
type Several<T> = ReadonlySet<T> | readonly T[]

/** What happened to a person, as far as audiences may depend on it. */
export interface Touch {
  /** Folded names of events. */
  readonly events?: Several<string>
  /** Names of fields. */
  readonly fields?: Several<string>
  /** Kinds of identifiers. */
  readonly identities?: Several<string>
  readonly qualities?: Several<Quality>
  /** Sides of relationships that changed: FRIEND where the person is one. */
  readonly sides?: Several<'FRIEND' | 'ADVOCATE'>
  readonly audiences?: Several<string>
  /** They said something of a channel. */
  readonly consents?: boolean
  readonly isNew?: boolean
}

/** Throws RangeError for a rule that checkRule refuses. `defaults`: the fields that a new person begins with. */
export function compileAudiences(
  definitions: readonly AudienceDefinition[],
  defaults: JsonObject = {},
): DynamicAudiences {
  const inOrder = sorted(definitions.map((definition) => compiled(definition, defaults)))
  const others = inOrder.flatMap((audience) => audience.others.map((other) => other.audience))
  return { ...indexed(inOrder), beyond: others.length > 0 ? { ...indexed(others), beyond: null } : null }
}

function indexed(inOrder: readonly DynamicAudience[]): Omit<DynamicAudiences, 'beyond'> {
  return {
    inOrder,
    byId: new Map(inOrder.map((audience) => [audience.id, audience])),
    byEvent: indexBy(inOrder, ({ asks }) => [...asks.eventCaps.keys(), ...(asks.orders ? orderTellers : [])]),
    byField: indexBy(inOrder, ({ fields }) => fields),
    byIdentity: indexBy(inOrder, ({ rule }) => identitiesOf(rule)),
    byQuality: indexBy(inOrder, ({ asks }) => asks.qualityCaps.keys()),
    byAudience: indexBy(inOrder, ({ asks }) => asks.audienceIds),
    bySide: indexBy(inOrder, ({ asks, asksAdvocates }) => [
      ...(asks.friends ? (['ADVOCATE'] as const) : []),
      ...(asksAdvocates ? (['FRIEND'] as const) : []),
    ]),
    byConsents: inOrder.filter(({ asksConsents }) => asksConsents),
    forNewcomers: inOrder.filter(({ takesNewcomers }) => takesNewcomers),
  }
}

function compiled({ id, version, rule }: AudienceDefinition, defaults: JsonObject): DynamicAudience {
  const holds = compileRule(rule)
  const leaves = [...leavesOf([rule])]
  return {
    ...{ id, version, rule, holds, asks: asksOf([rule]) },
    fields: new Set(fieldsOf(rule)),
    asksIdentities: identitiesOf(rule).length > 0,
    asksAdvocates: leaves.some((leaf) => 'relationship' in leaf && leaf.relationship.as === 'FRIEND'),
    asksConsents: leaves.some((leaf) => 'consent' in leaf),
    friendPrograms: new Set(
      leaves.flatMap((leaf) =>
        'relationship' in leaf && leaf.relationship.as === 'ADVOCATE' ? [ruleProgramId(leaf.relationship)] : [],
      ),
    ),
    others: leaves.flatMap((leaf): Beyond[] =>
      'relationship' in leaf && leaf.relationship.where
        ? [{ as: leaf.relationship.as, audience: compiled({ id, version, rule: leaf.relationship.where }, defaults) }]
        : [],
    ),
    isTimed: isTimed(rule),
    takesNewcomers: holds({ person: { ...newPerson(''), fields: defaults }, event: noEventAt('', 0) }) === isTrue,
  }
}

const identityOf = (field: string): string | undefined => (isEmailField(field) ? 'EMAIL' : identityKindOf(field))

const identitiesOf = (rule: Rule): string[] =>
  [...leavesOf([rule])].flatMap((leaf) => ('field' in leaf ? (identityOf(leaf.field.field) ?? []) : []))

const fieldsOf = (rule: Rule): string[] =>
  [...leavesOf([rule])].flatMap((leaf) => {
    if (!('field' in leaf) || identityOf(leaf.field.field) !== undefined) return []
    return compilePath(leaf.field.field)
      .slice(0, 1)
      .map(({ name }) => name)
  })

/** The audiences of which the touch may change whether the person is in them, with all that ask about those. */
export function concernedBy(audiences: DynamicAudiences, touch: Touch): ReadonlySet<DynamicAudience> {
  const found = new Set<DynamicAudience>()
  const add = <Key>(index: Index<Key>, keys: Iterable<Key> | undefined) => {
    for (const key of keys ?? []) for (const audience of index.get(key) ?? []) found.add(audience)
  }
  add(audiences.byEvent, touch.events)
  add(audiences.byField, touch.fields)
  add(audiences.byIdentity, touch.identities)
  add(audiences.byQuality, touch.qualities)
  add(audiences.bySide, touch.sides)
  add(audiences.byAudience, touch.audiences)
  if (touch.consents) for (const audience of audiences.byConsents) found.add(audience)
  if (touch.isNew) for (const audience of audiences.forNewcomers) found.add(audience)
  // A set gives what is added while it is gone through.
  for (const { id } of found) for (const audience of audiences.byAudience.get(id) ?? []) found.add(audience)
  return found
}

/** The ids of the circle that an audience's rule would close, from itself to itself; null for none. */
export function circleOf(
  definition: Pick<AudienceDefinition, 'id' | 'rule'>,
  others: readonly Pick<AudienceDefinition, 'id' | 'rule'>[],
) {
  const asked = new Map([...others, definition].map(({ id, rule }) => [id, audiencesIn(rule)]))
  const seen = new Set<string>()
  const walk = (id: string, way: readonly string[]): readonly string[] | null => {
    for (const next of asked.get(id) ?? []) {
      if (next === definition.id) return [...way, next]
      if (seen.has(next)) continue
      seen.add(next)
      const found = walk(next, [...way, next])
      if (found) return found
    }
    return null
  }
  return walk(definition.id, [definition.id])
}

const audiencesIn = (rule: Rule): string[] =>
  [...leavesOf([rule, ...wheresOf(rule)])].flatMap((leaf) => ('audience' in leaf ? [audienceId(leaf.audience)] : []))

function sorted(audiences: readonly DynamicAudience[]): DynamicAudience[] {
  const byId = new Map(audiences.map((audience) => [audience.id, audience]))
  const done = new Set<DynamicAudience>()
  const visit = (audience: DynamicAudience, above: ReadonlySet<DynamicAudience>) => {
    if (done.has(audience) || above.has(audience)) return
    for (const id of audience.asks.audienceIds) {
      const asked = byId.get(id)
      if (asked) visit(asked, new Set([...above, audience]))
    }
    done.add(audience)
  }
  for (const audience of audiences) visit(audience, new Set())
  return [...done]
}

function indexBy<Key>(
  audiences: readonly DynamicAudience[],
  keysOf: (audience: DynamicAudience) => Iterable<Key>,
): Index<Key> {
  const index = new Map<Key, DynamicAudience[]>()
  for (const audience of audiences) {
    for (const key of new Set(keysOf(audience))) {
      const entry = index.get(key)
      if (entry) entry.push(audience)
      else index.set(key, [audience])
    }
  }
  return index
}
