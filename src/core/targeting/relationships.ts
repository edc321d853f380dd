// Which advocates may be credited for a person's event in a program: relationships as they stood at the event's time,
// and those that its own hints show.

import { byteOrder } from '../names.ts'
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

/** The relationships of the event's person in a program, in an order that does not depend on the facts' order. */
export function edgesIn(question: Question, program: Program): Edges {
  const { person } = question
  const shown = question.lookUps.shown.get(program)
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

interface Found {
  readonly advocateId: string
  /** Null: not usable at the event's time. */
  readonly edge: Edge | null
}

/** What shows an advocate anew is evidence for the relationship that is there; of several, after merges, for the first. */
function knownEdges(question: Question, program: Program): Found[] {
  const { person, t } = question
  const shown = question.lookUps.shown.get(program)
  const seen = new Set<string>([person.id])
  return person.relationships
    .filter(({ programId, advocateId }) => programId === program.id && advocateId !== person.id)
    .sort((a, b) => byteOrder(a.id, b.id))
    .map((facts) => {
      const { advocateId } = facts
      const proof = seen.has(advocateId) ? null : (shown?.get(advocateId) ?? null)
      seen.add(advocateId)
      const evidenceAt = proof ? t : usableSince(facts, program, t)
      return { advocateId, edge: evidenceAt === null ? null : { advocateId, facts, shown: proof, evidenceAt } }
    })
}

/** The latest evidence at t where t is inside the look-back from it; null where the relationship is not usable. */
function usableSince(facts: RelationshipFacts, program: Program, t: Instant): Instant | null {
  if (t < facts.firstEvidenceAt) return null
  const latest = latestUpTo(facts.evidence, t) ?? facts.firstEvidenceAt
  return t < latest + program.lookbackMs ? latest : null
}

function newEdges({ person, t, lookUps }: Question, program: Program): Found[] {
  const known = new Set(
    person.relationships.filter(({ programId }) => programId === program.id).map(({ advocateId }) => advocateId),
  )
  return [...(lookUps.shown.get(program)?.values() ?? [])]
    .filter(({ advocateId }) => advocateId !== person.id && !known.has(advocateId))
    .sort((a, b) => byteOrder(a.advocateId, b.advocateId))
    .map((shown) => ({
      advocateId: shown.advocateId,
      edge: { advocateId: shown.advocateId, facts: null, shown, evidenceAt: t },
    }))
}

/** An advocate whom the world lacks has been erased. */
function isEligible({ world }: Question, advocateId: string): boolean {
  const advocate = world.people.get(advocateId)
  return advocate !== undefined && !advocate.blocked
}
