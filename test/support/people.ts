// People put straight into the database, in numbers that the API would take long for, and the same people as the core sees them.

import { decodeId } from '../../src/core/ids.ts'
import type { PersonFacts } from '../../src/core/targeting/facts.ts'
import type { IdentityKind } from '../../src/generated/prisma/client.ts'
import { newId } from '../../src/ids.ts'
import type { JsonObject } from '../../src/scalars.ts'
import type { Caller, TestServer } from './server.ts'

/** One profile; those after the first of a person were merged into it, or into the one before. */
export interface Part {
  fields: JsonObject
  identities: { kind: IdentityKind; value: string }[]
  audiences: string[]
}

export interface Someone {
  parts: Part[]
  /** How the merges hang together: each into the first, or each into the one before. */
  chained: boolean
}

export async function accountOf(caller: Caller): Promise<string> {
  const { account } = await caller.query('{ account { id } }')
  return decodeId('Account', account.id) ?? ''
}

/** Stores the people; returns them as the core is given them, in the order of the list. Identifiers are made unique by a suffix. */
export async function insertPeople(
  server: TestServer,
  accountId: string,
  people: readonly Someone[],
): Promise<PersonFacts[]> {
  const { system } = server.app.services.database
  const profiles = people.map(({ parts }) => parts.map((part) => ({ id: newId(), ...part })))
  const all = profiles.flat()
  await system.profile.createMany({ data: all.map(({ id, fields }) => ({ accountId, id, fields })) })
  await system.identity.createMany({
    data: all.flatMap(({ id, identities }) => identities.map((one) => ({ accountId, ...one, profileId: id }))),
  })
  await system.audienceMember.createMany({
    data: all.flatMap(({ id, audiences }) => audiences.map((audienceId) => ({ accountId, audienceId, profileId: id }))),
  })
  const merges = profiles.flatMap((parts, i) =>
    parts
      .slice(1)
      .map(({ id }, n) => ({ accountId, loserId: id, survivorId: parts[people[i]?.chained ? n : 0]?.id ?? '' })),
  )
  await system.merge.createMany({ data: merges })
  return profiles.map(factsOf)
}

// The person's own fields cover those of merged profiles, later profiles those of earlier ones.
function factsOf(parts: readonly (Part & { id: string })[]): PersonFacts {
  const identities: Record<string, string[]> = {}
  for (const { kind, value } of parts.flatMap((part) => part.identities)) (identities[kind] ??= []).push(value)
  const [own, ...merged] = parts.map(({ fields }) => fields)
  return {
    id: parts[0]?.id ?? '',
    blocked: false,
    fields: Object.assign({}, ...merged, own),
    identities,
    audienceIds: new Set(parts.flatMap(({ audiences }) => audiences)),
    journeys: [],
    relationships: [],
  }
}
