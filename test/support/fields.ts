// Fields that are defined, for tests of what follows from that.

import { expect } from 'vitest'
import { accountOf } from './people.ts'
import { mutate } from './programs.ts'
import type { Caller, TestServer } from './server.ts'

interface Place {
  server: TestServer
  caller: Caller
}

/** Defines fields of people, by name; returns when their values are found by index. */
export async function defineFields(place: Place, types: { readonly [name: string]: string }): Promise<void> {
  for (const [name, type] of Object.entries(types))
    await mutate(place.caller, 'defineField', { owner: 'PROFILE', name, type })
  await fieldsInLine(place)
}

/** Returns when the values of all the account's fields are in line with what is defined. */
export async function fieldsInLine({ server, caller }: Place): Promise<void> {
  const accountId = await accountOf(caller)
  const { system } = server.app.services.database
  await expect
    .poll(() => system.fieldIndex.count({ where: { accountId, filledAt: null } }), { timeout: 20_000 })
    .toBe(0)
}
