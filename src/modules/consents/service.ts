// What a person allows, read across merges, and set by a brand or by the person.

import DataLoader from 'dataloader'
import type { Context } from '../../context.ts'
import type { ConsentChannel, ConsentSource } from '../../core/consent.ts'
import { groupBy } from '../../core/group.ts'
import type { PersonRef } from '../../core/identity.ts'
import { ApiError, badInput } from '../../errors.ts'
import type { ConsentState } from '../../generated/prisma/client.ts'
import { idInput, newId } from '../../ids.ts'
import type { Transaction } from '../../platform/database.ts'
import { retrying } from '../../platform/retry.ts'
import { membersOf } from '../profiles/members.ts'
import { refreshPeople } from '../profiles/memberships.ts'
import { checkRef } from '../profiles/resolve.ts'
import { findOrCreatePeople } from '../profiles/service.ts'
import { type ConsentRow, findLatestConsents, insertConsents } from './sql.ts'

/** Of each channel that something is known of, what is in force: the latest said; of one time, the latest recorded. */
export async function consentsOfPerson(context: Context, profileId: string): Promise<ConsentRow[]> {
  const loader = context.memo('consents', () => consentLoader(context))
  const rows = (await Promise.all((await membersOf(context, profileId)).map((id) => loader.load(id)))).flat()
  const inForce = new Map<string, ConsentRow>()
  for (const row of rows) {
    const known = inForce.get(row.channel)
    if (!known || isLater(row, known)) inForce.set(row.channel, row)
  }
  return [...inForce.values()].sort((a, b) => (a.channel < b.channel ? -1 : 1))
}

const isLater = (a: ConsentRow, b: ConsentRow) => a.at > b.at || (a.at.getTime() === b.at.getTime() && a.id > b.id)

function consentLoader({ sql, accountId }: Context) {
  return new DataLoader(async (ids: readonly string[]) => {
    const rows = groupBy(await findLatestConsents(sql, accountId, ids), ({ profileId }) => profileId)
    return ids.map((id) => rows.get(id) ?? [])
  })
}

export interface SetConsentInput {
  profile?: PersonRef | null
  channel: ConsentChannel
  state: ConsentState
  source?: ConsentSource | null
  at?: Date | null
}

const maxAheadMs = 5 * 60_000

/**
 * Records what a person said; returns the row. FORBIDDEN where a person's own token names somebody else. BAD_INPUT for a time
 * to come, and where a key names nobody.
 */
export async function setConsent(context: Context, input: SetConsentInput): Promise<ConsentRow> {
  const { accountId, now, services } = context
  const at = input.at ?? now
  if (at.getTime() > now.getTime() + maxAheadMs) throw badInput('not yet', 'input.at')
  const own = ownProfileOf(context, input.profile)
  const profile = own === null ? input.profile : { id: own }
  if (!profile) throw badInput('name the person', 'input.profile')
  const ref = checkRef(profile, 'input.profile')
  const source = input.source ?? (own === null ? 'API' : 'PREFERENCE_CENTRE')
  const { channel, state } = input
  const write = async (tx: Transaction) => {
    const [profileId] = await findOrCreatePeople(tx, [ref], { context, path: () => 'input.profile' })
    if (profileId === undefined) throw new Error('one reference gives one person')
    // Of a token, the profile that it was made for: where its merge is undone, so is what it did to the other.
    const row = { id: newId(), profileId: own ?? profileId, channel, state, source, at, eventId: null }
    await insertConsents(tx, accountId, [row])
    await refreshPeople(tx, context, [{ personId: row.profileId, touch: { consents: true }, cause: 'CONSENT' }])
    return { ...row, accountId, recordedAt: now }
  }
  const row = await retrying(() => services.database.transaction(write))
  services.live.wake(accountId)
  // What was asked for before in the same operation.
  context.memo('consents', () => consentLoader(context)).clearAll()
  return row
}

/** The profile of a person's own token; null for other keys. */
function ownProfileOf({ principal }: Context, named: PersonRef | null | undefined): string | null {
  const own = principal?.profileId ?? null
  if (own === null || !named) return own
  const { id, ...others } = named
  const isOwn = id != null && idInput('Profile', id, 'input.profile.id') === own
  if (isOwn && Object.values(others).every((value) => value == null)) return own
  throw new ApiError('FORBIDDEN', 'a person’s own token is for that person alone', { field: 'input.profile' })
}
