// E-mail match-back: a share that was sent to the person's own address shows a relationship to whoever sent it, though the
// event carries no hint of it.

import type { CodeFacts, Instant, PersonFacts } from './facts.ts'
import { isOver, type Place, type Scope, scopeOf } from './look-up.ts'
import type { Program } from './rule-set.ts'

export interface EmailMatch {
  readonly codeId: string
  /** When it was shared. */
  readonly at: Instant
  readonly scope: Scope
}

/** By program and advocate. */
export type EmailMatches = ReadonlyMap<Program, ReadonlyMap<string, readonly EmailMatch[]>>

const none: EmailMatches = new Map()

/** The shares, made up to t and active then, that reached one of the person's addresses. The person's own are none. */
export function matchEmails(person: PersonFacts, place: Place): EmailMatches {
  if (place.world.sharesTo.size === 0) return none
  const emails = person.identities.EMAIL
  if (!emails) return none
  const matches = new Map<Program, Map<string, EmailMatch[]>>()
  const shares = new Set(emails.flatMap((email) => place.world.sharesTo.get(email) ?? []))
  for (const share of shares) {
    if (share.createdAt <= place.t && !isOver(share, place.t)) add(matches, share, { person, place })
  }
  return matches
}

function add(
  matches: Map<Program, Map<string, EmailMatch[]>>,
  share: CodeFacts,
  { person, place }: { person: PersonFacts; place: Place },
): void {
  const { id: codeId, advocateId, createdAt: at } = share
  if (advocateId === null || advocateId === person.id) return
  const scope = scopeOf(share, place.rules)
  for (const program of scope.programs) {
    const advocates = matches.get(program) ?? new Map<string, EmailMatch[]>()
    matches.set(program, advocates)
    advocates.set(advocateId, [...(advocates.get(advocateId) ?? []), { codeId, at, scope }])
  }
}
