// The resolver: which campaign, and if applicable which advocate, gets the credit for an event. A plain function of the event,
// the facts and the rule set: no clock, no chance, nothing written, and the order in which facts are listed does not matter.

import { attributed, unattributed } from './answer.ts'
import { isBotAgent } from './bots.ts'
import { buildField, type Candidate } from './candidates.ts'
import type { DecidedBy, Decision, Explained, UnattributedReason } from './decision.ts'
import type { EventFacts, World } from './facts.ts'
import { followedBy, inherit } from './follow-ups.ts'
import { missOf, shortMissOf } from './near-miss.ts'
import { keyBetween, type Plan } from './plan.ts'
import { ask, type Question } from './question.ts'
import { decidingKey, type Ranked, rank } from './rank.ts'
import type { RuleSet } from './rule-set.ts'
import { excuse, select } from './select.ts'
import { Marks, pack, packEnd, packSwept, type StoredTrace } from './stored-trace.ts'
import { freshCandidate, isPlain, type Swept, sweepAll, sweepForWinner, verdictsOf } from './sweep.ts'
import { traceOf } from './trace.ts'

/**
 * The decision about one event, wholly explained. The world is only read: `takeEffect` brings it up to date. Throws where the
 * world lacks the event's person; codes and advocates that it lacks are unknown and erased.
 */
export function decide(event: EventFacts, world: World, rules: RuleSet): Explained {
  const { decision, trace } = decideToStore(event, world, rules)
  return { ...decision, trace: traceOf(trace, event, rules) }
}

/** A decision with its explanation as it is stored; `traceOf` tells the whole again. */
export interface Stored {
  readonly decision: Decision
  readonly trace: StoredTrace
}

/** The same decision, as cheap as its explanation allows. */
export function decideToStore(event: EventFacts, world: World, rules: RuleSet): Stored {
  const question = ask(event, world, rules)
  const plan = rules.plans.get(event.name)
  return endOf(question) ?? (plan && quickly(question, plan)) ?? inFull(question, plan)
}

/**
 * Who wins, without an explanation: `decidedBy` may say less than it does elsewhere, since nobody looked for the runner-up.
 * All else is as `decide` has it.
 */
export function choose(event: EventFacts, world: World, rules: RuleSet): Decision {
  const question = ask(event, world, rules)
  const end = endOf(question)
  if (end) return end.decision
  const plan = rules.plans.get(event.name)
  if (!plan || !isPlain(question)) return inFull(question, plan).decision
  const swept = sweepForWinner(question, plan)
  const winner = winnerOf(question, swept)
  if (winner) return attributed(question, swept.known, { winner, decidedBy: 'ONLY_CANDIDATE' })
  const { marks } = new Marks(plan)
  const { known } = sweepAll(question, plan, marks)
  const miss = shortMissOf(question, { verdicts: verdictsOf(question, plan, { marks, known }) })
  return unattributed(question, miss, known.exits)
}

/** Of an event whose decision does not take the phases after the first. */
function endOf(question: Question): Stored | null {
  const reason = earlyEnd(question)
  if (reason) {
    const decision = unattributed(question, { reason, reasonDetail: null }, [])
    return { decision, trace: packEnd(question, { inheritedFrom: null, nearMiss: null }) }
  }
  const followed = followedBy(question)
  if (!followed) return null
  const { decision, nearMiss } = inherit(question, followed)
  return { decision, trace: packEnd(question, { inheritedFrom: followed.eventId, nearMiss }) }
}

/** The short way, for an event without hints. */
function quickly(question: Question, plan: Plan): Stored | null {
  if (!isPlain(question)) return null
  const marks = new Marks(plan)
  const swept = sweepAll(question, plan, marks.marks)
  const [first, second] = swept.fresh
  if (swept.known.candidates.length === 0 && first) {
    const winner = freshCandidate(question, first)
    return {
      decision: attributed(question, swept.known, {
        winner,
        decidedBy: second ? keyBetween(first, second) : 'ONLY_CANDIDATE',
      }),
      trace: packSwept(question, marks, { swept, ranked: [], nearMiss: null }),
    }
  }
  const ranked = rankSwept(question, swept)
  const [winner, runnerUp] = ranked
  if (!winner) {
    const { known } = swept
    const miss = missOf(question, { verdicts: verdictsOf(question, plan, { marks: marks.marks, known }) })
    const trace = packSwept(question, marks, { swept, ranked, nearMiss: miss.nearMiss })
    return { decision: unattributed(question, miss, known.exits), trace }
  }
  const decidedBy = runnerUp ? bestOf(winner, runnerUp) : 'ONLY_CANDIDATE'
  return {
    decision: attributed(question, swept.known, { winner: winner.candidate, decidedBy }),
    trace: packSwept(question, marks, { swept, ranked, nearMiss: null }),
  }
}

/** Who wins of what a sweep left. Vectors are made only where the largest priority is had by several. */
function winnerOf(question: Question, swept: Swept): Candidate | null {
  const { candidates } = swept.known
  const [first] = swept.fresh
  let best: Candidate | null = null
  let isTie = false
  for (let i = 0; i < candidates.length; i++) {
    const candidate = candidates[i]
    if (!candidate) continue
    const lead = best === null ? 1 : candidate.definition.priority - best.definition.priority
    if (lead > 0) [best, isTie] = [candidate, false]
    else if (lead === 0) isTie = true
  }
  if (first && (best === null || first.priority > best.definition.priority)) return freshCandidate(question, first)
  if (!isTie && first?.priority !== best?.definition.priority) return best
  return rankSwept(question, swept)[0]?.candidate ?? null
}

const rankSwept = (question: Question, { known, fresh }: Swept): readonly Ranked[] =>
  rank(question, [...known.candidates, ...fresh.map((flow) => freshCandidate(question, flow))])

function inFull(question: Question, plan: Plan | undefined): Stored {
  const field = buildField(question)
  if (field.candidates.length === 0) {
    excuse(question, field)
    const miss = missOf(question, field)
    const trace = pack(question, plan, { field, fallen: [], ranked: [], nearMiss: miss.nearMiss })
    return { decision: unattributed(question, miss, field.exits), trace }
  }
  const { left, fallen, settledBy } = select(question, field)
  const ranked = rank(question, left)
  const [winner, runnerUp] = ranked
  if (!winner) throw new Error('a selection leaves at least one candidate')
  const decidedBy = settledBy ?? (runnerUp ? bestOf(winner, runnerUp) : 'ONLY_CANDIDATE')
  return {
    decision: attributed(question, field, { winner: winner.candidate, decidedBy }),
    trace: pack(question, plan, { field, fallen, ranked, nearMiss: null }),
  }
}

const bestOf = (winner: Ranked, runnerUp: Ranked): DecidedBy => decidingKey(winner.vector, runnerUp.vector) ?? 'ID'

/** The reasons that end targeting in phase 1, in the order in which they are asked. */
function earlyEnd({ person, event, hints, lookUps }: Question): UnattributedReason | null {
  if (person.blocked) return 'PERSON_BLOCKED'
  if (isBotAgent(event.userAgent)) return 'BOT'
  if (hints.isTargetMalformed) return 'TARGET_MALFORMED'
  return hints.isStrict && lookUps.isUnresolved ? 'HINT_UNRESOLVED' : null
}
