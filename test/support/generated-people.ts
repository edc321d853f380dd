// Generated people with any history, in the database and as the core sees them.

import fc from 'fast-check'
import type { PersonFacts } from '../../src/core/targeting/facts.ts'
import { accountOf, insertPeople } from './people.ts'
import { edges, type Named, someone } from './rules.ts'
import type { Caller, TestServer } from './server.ts'

/** Stores 60 generated people of the caller's account; returns them as the core is given them. */
export async function generatedPeople(
  { server, caller, now }: { server: TestServer; caller: Caller; now: number },
  { named, seed }: { named: Named; seed: number },
): Promise<PersonFacts[]> {
  const generated = fc.sample(someone(now, named.audienceIds), { numRuns: 60, seed })
  const taken = new Set<string>()
  // An identifier belongs to one person; e-mail addresses are made here, so that several share a domain.
  const people = generated.map(({ parts, chained }, i) => ({
    chained,
    parts: parts.map((part, n) => ({
      ...part,
      identities: [
        ...part.identities.filter(({ kind, value }) => taken.size < taken.add(`${kind}:${value}`).size),
        ...(i % 3 ? [{ kind: 'EMAIL' as const, value: `${i}.${n}@${['gold', 'g%', 'old.example'][i % 2]}` }] : []),
      ],
    })),
  }))
  const profiles = people.reduce((sum, { parts }) => sum + parts.length, 0)
  const [related = []] = fc.sample(edges(now, { profiles, programIds: named.programIds }), {
    numRuns: 1,
    seed,
  })
  return insertPeople(server, await accountOf(caller), { people, edges: related })
}
