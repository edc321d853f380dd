// Which relationships the person could use at t: stored ones, those of this event's own hints, and those of shares by e-mail.

import { byteOrder } from '../../../src/core/names.ts'
import type { RelationshipFacts } from '../../../src/core/targeting/facts.ts'
import { type Asked, dayMs } from './asked.ts'
import { type ExplicitValue, isInForce, programsOf } from './looked-up.ts'
import { latestUpTo } from './passages.ts'

/** An edge from an advocate to the person, with all its evidence up to t. */
export interface Edge {
  id: string | null
  advocateId: string
  programId: string
  evidence: number[]
}

/** All edges of the person, usable or not. The person is never an advocate of their own. */
export function edgesOf(asked: Asked, explicit: readonly ExplicitValue[]): Edge[] {
  const { event, person, world } = asked
  const edges = person.relationships
    .filter(({ advocateId }) => advocateId !== person.id)
    .sort((a, b) => byteOrder(a.id, b.id))
    .map((facts): Edge => ({ ...facts, evidence: evidenceUpTo(facts, event.t) }))
  const show = ({ advocateId, programId, at }: { advocateId: string; programId: string; at: number }): void => {
    const edge = edges.find((one) => one.advocateId === advocateId && one.programId === programId)
    if (edge) edge.evidence.push(at)
    else edges.push({ id: null, advocateId, programId, evidence: [at] })
  }
  for (const { advocateId, programIds } of explicit) {
    if (advocateId === null || advocateId === person.id) continue
    for (const programId of programIds) show({ advocateId, programId, at: event.t })
  }
  for (const email of person.identities.EMAIL ?? []) {
    for (const share of world.sharesTo.get(email) ?? []) {
      const { advocateId, createdAt: at } = share
      if (advocateId === null || advocateId === person.id || at > event.t || !isInForce(share, event.t)) continue
      for (const programId of programsOf(asked, share)) show({ advocateId, programId, at })
    }
  }
  return edges
}

/** "For events with t at or after its earliest evidence." */
function evidenceUpTo({ firstEvidenceAt, evidence }: RelationshipFacts, t: number): number[] {
  return firstEvidenceAt <= t ? [firstEvidenceAt, ...evidence.filter((at) => at <= t)] : []
}

/** "Until its look-back (from the latest evidence) ends." */
export function isWithinLookback({ programs, event }: Asked, { programId, evidence }: Edge): boolean {
  const latest = latestUpTo(evidence, event.t)
  const days = programs.find(({ id }) => id === programId)?.lookbackDays ?? 0
  return latest !== null && event.t < latest + days * dayMs
}

/** Neither blocked nor erased, as of now. */
export function isEligible({ world }: Asked, { advocateId }: Edge): boolean {
  const advocate = world.people.get(advocateId)
  return advocate !== undefined && !advocate.blocked
}
