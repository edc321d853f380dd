// Which advocates may be credited for a person's event in a program: relationships as they stood at the event's time,
// and those that its own hints show.

import { byteOrder } from '../names.ts'
import type { EmailMatch } from './email-match.ts'
import type { Instant, RelationshipFacts } from './facts.ts'
import { latestUpTo } from './journeys.ts'
import type { ShownRelationship } from './look-up.ts'
import type { Question } from './question.ts'
import type { Program } from './rule-set.ts'

/** A usable relationship to an advocate. */
export interface Edge {
  readonly advocateId: string
  /** Null: it would be created. */
  readonly facts: RelationshipFacts | null
  /** What this event's hints show of it, if they do. */
  readonly shown: ShownRelationship | null
  /** Shares that reached the person by e-mail. */
  readonly matches: readonly EmailMatch[]
  /** The latest evidence at or before the event's time, its own hints included. */
  readonly evidenceAt: Instant
}

export interface Edges {
  readonly usable: readonly Edge[]
  /** The actor's own code is among the hints: a candidate without relationship. */
  readonly isSelfReferral: boolean
  /** Advocates whose block or erasure alone is in the way. */
  readonly ineligible: readonly string[]
  /** Advocates whose relationship had not begun at t, or whose look-back was over. */
  readonly lapsed: readonly string[]
}

const noEdges: Edges = { usable: [], isSelfReferral: false, ineligible: [], lapsed: [] }

/** The relationships of the event's person in a program, in an order that does not depend on the facts' order. */
export function edgesIn(question: Question, program: Program): Edges {
  const { person, lookUps, matches } = question
  const shown = lookUps.shown.get(program)
  const matched = matches.get(program)
  if (person.relationships.length === 0 && !shown && !matched) return noEdges
  const edges = [...knownEdges(question, program), ...newEdges(question, program)]
  const usable: Edge[] = []
  const ineligible = new Set<string>()
  const lapsed = new Set<string>()
  for (const { edge, advocateId } of edges) {
    if (!edge) lapsed.add(advocateId)
    else if (isEligible(question, advocateId)) usable.push(edge)
    else ineligible.add(advocateId)
  }
  return { usable, isSelfReferral: shown?.has(person.id) ?? false, ineligible: [...ineligible], lapsed: [...lapsed] }
}

/**
 * True where somebody whom the person referred in the program before now is the one who refers: of two opposite
 * relationships the one created later. One yet to be created is the later one.
 */
export function isMutual({ person, world }: Question, program: Program, { advocateId, facts }: Edge): boolean {
  const opposite = world.people
    .get(advocateId)
    ?.relationships.filter(
      ({ programId, advocateId: theirs, firstEvidenceAt }) =>
        programId === program.id && theirs === person.id && firstEvidenceAt !== Number.POSITIVE_INFINITY,
    )
  return opposite?.some(({ id }) => facts === null || byteOrder(id, facts.id) < 0) ?? false
}

interface Found {
  readonly advocateId: string
  /** Null: not usable at the event's time. */
  readonly edge: Edge | null
}

const noMatches: readonly EmailMatch[] = []

/** What shows an advocate anew is evidence for the relationship that is there; of several, after merges, for the first. */
function knownEdges(question: Question, program: Program): Found[] {
  const { person, t } = question
  const shown = question.lookUps.shown.get(program)
  const matched = question.matches.get(program)
  const seen = new Set<string>([person.id])
  return person.relationships
    .filter(({ programId, advocateId }) => programId === program.id && advocateId !== person.id)
    .sort((a, b) => byteOrder(a.id, b.id))
    .map((facts) => {
      const { advocateId } = facts
      const isFirst = !seen.has(advocateId)
      seen.add(advocateId)
      const proof = (isFirst && shown?.get(advocateId)) || null
      const matches = (isFirst && matched?.get(advocateId)) || noMatches
      const evidenceAt = proof ? t : usableSince(laterOf(evidenceOf(facts, t), latestMatch(matches)), program, t)
      return { advocateId, edge: evidenceAt === null ? null : { advocateId, facts, shown: proof, matches, evidenceAt } }
    })
}

/** The latest evidence at t; null before the first. */
const evidenceOf = ({ firstEvidenceAt, evidence }: RelationshipFacts, t: Instant): Instant | null =>
  t < firstEvidenceAt ? null : (latestUpTo(evidence, t) ?? firstEvidenceAt)

/** Matches are never later than t. */
const latestMatch = (matches: readonly EmailMatch[]): Instant | null =>
  matches.reduce<Instant | null>((latest, { at }) => laterOf(latest, at), null)

const laterOf = (a: Instant | null, b: Instant | null): Instant | null =>
  a === null || b === null ? (a ?? b) : Math.max(a, b)

/** The evidence where t is inside the look-back from it. */
const usableSince = (latest: Instant | null, { lookbackMs }: Program, t: Instant): Instant | null =>
  latest !== null && t < latest + lookbackMs ? latest : null

function newEdges({ person, t, lookUps, matches: matchesByProgram }: Question, program: Program): Found[] {
  const shown = lookUps.shown.get(program)
  const matched = matchesByProgram.get(program)
  const known = new Set(
    person.relationships.filter(({ programId }) => programId === program.id).map(({ advocateId }) => advocateId),
  )
  return [...new Set([...(shown?.keys() ?? []), ...(matched?.keys() ?? [])])]
    .filter((advocateId) => advocateId !== person.id && !known.has(advocateId))
    .sort(byteOrder)
    .map((advocateId) => {
      const proof = shown?.get(advocateId) ?? null
      const matches = matched?.get(advocateId) ?? noMatches
      const evidenceAt = proof ? t : usableSince(latestMatch(matches), program, t)
      return {
        advocateId,
        edge: evidenceAt === null ? null : { advocateId, facts: null, shown: proof, matches, evidenceAt },
      }
    })
}

/** An advocate whom the world lacks has been erased. */
function isEligible({ world }: Question, advocateId: string): boolean {
  const advocate = world.people.get(advocateId)
  return advocate !== undefined && !advocate.blocked
}
