// Erasing a person: who they were is gone from every table, and what counts hang on stays under a pseudonym.

import { randomBytes } from 'node:crypto'
import type { Context } from '../../context.ts'
import { type Identifier, identifiersOf, normalise } from '../../core/identity.ts'
import type { Transaction } from '../../platform/database.ts'
import { RetryError, retrying } from '../../platform/retry.ts'
import { erasedOrderId } from '../orders/erased.ts'
import { erasedEventKey, erasedHash, findErased, wasErased } from '../profiles/erased.ts'
import { findPersonId, type ProfileKey } from '../profiles/look-up.ts'
import {
  blankDecisions,
  blankEvents,
  blankImportRows,
  blankOrders,
  blankProfiles,
  deleteBelongings,
  deleteIdentities,
  disableCodes,
  erasureKey,
  findEventKeys,
  findOrderSourceIds,
  hashEventKeys,
  insertErased,
  leaveAudiences,
} from './erase-sql.ts'
import { lockPerson, personNamed } from './people.ts'

const keyBytes = 32

export interface Erased {
  profileId: string
  erasedAt: Date
}

/** Erases a person, all profiles of it. CONFLICT for one who was erased before, NOT_FOUND for nobody. */
export async function eraseProfile(context: Context, input: { profile: ProfileKey }): Promise<Erased> {
  const { accountId, services, now: at } = context
  await refuseErased(context, input.profile)
  const personId = await personNamed(context, input.profile)
  const profileId = await retrying(() =>
    services.database.transaction(async (tx) => {
      const ids = await lockPerson(tx, accountId, personId)
      const erasing = { accountId, ids, at }
      const key = await knownKey(tx, accountId)
      const identifiers = await deleteIdentities(tx, erasing)
      const keys = await findEventKeys(tx, erasing)
      await hashEventKeys(tx, erasing, { keys, hashes: keys.map((one) => erasedEventKey(key, one)) })
      await blankProfiles(tx, erasing)
      await blankEvents(tx, erasing)
      await blankDecisions(tx, erasing)
      const sourceIds = await findOrderSourceIds(tx, erasing)
      await blankOrders(tx, erasing, { sourceIds, hashes: sourceIds.map((one) => erasedOrderId(key, one)) })
      await disableCodes(tx, { ...erasing, identifiers })
      await deleteBelongings(tx, erasing)
      await blankImportRows(tx, erasing, identifiers)
      // Another erasure, the account's first, may have made one meanwhile.
      if ((await erasureKey(tx, accountId, key)) !== key) throw new RetryError()
      const hashes = identifiers.flatMap(spellingsOf).map((identifier) => erasedHash(key, identifier))
      await insertErased(tx, erasing, [...new Set(hashes)])
      // Last: the feed's counter is locked from there to the commit.
      await leaveAudiences(tx, erasing)
      return ids[0] ?? personId
    }),
  )
  // Tokens of the person end at once.
  services.keyRing.forget()
  return { profileId, erasedAt: at }
}

/** As it is stored, and as it would be stored today. */
function spellingsOf({ kind, value }: Identifier): Identifier[] {
  const today = normalise(kind, value)
  return [{ kind, value }, ...(today === undefined || today === value ? [] : [{ kind, value: today }])]
}

/** Who is named by an identifier that is gone, and was erased, is told so: nobody is known by it, but the hash is. */
async function refuseErased(context: Context, profile: ProfileKey): Promise<void> {
  const { accountId, sql, services } = context
  if ((await findPersonId(context, profile, 'input.profile')) !== null) return
  const identifiers = identifiersOf(profile)
  const key = await accountKey(services.database.system, accountId)
  if (!key || !Array.isArray(identifiers)) return
  const hashes = identifiers.map((identifier) => erasedHash(key, identifier))
  const [erased] = await findErased(sql, accountId, { hashes, ids: [], eventKeys: [] })
  if (erased) throw wasErased(erased.erasedAt, 'input.profile')
}

const accountKey = async (tx: Transaction, accountId: string): Promise<string | null> =>
  (await tx.account.findUniqueOrThrow({ where: { id: accountId }, select: { erasureKey: true } })).erasureKey

/** The account's key, or what is to become it. */
const knownKey = async (tx: Transaction, accountId: string): Promise<string> =>
  (await accountKey(tx, accountId)) ?? randomBytes(keyBytes).toString('base64url')
