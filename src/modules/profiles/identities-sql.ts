// Writing identifiers, set by set, each set in one order, so that two writers never wait for each other in a ring.

import type { Identifier } from '../../core/identity.ts'
import type { Sql } from '../../platform/database.ts'

export interface NewIdentity extends Identifier {
  profileId: string
}

/** What becomes of the identifiers of a batch. */
export interface Identities {
  /** Nobody had them. */
  attached: NewIdentity[]
  /** Others may have them too. */
  shared: NewIdentity[]
  /** They were another profile's, or get verified. */
  moved: (NewIdentity & { fromId: string })[]
}

/** False where one of them belongs to somebody else since. */
export async function storeIdentities(
  tx: Sql,
  accountId: string,
  { attached, shared, moved }: Identities,
): Promise<boolean> {
  if (moved.length > 0 && (await moveIdentities(tx, accountId, moved)) < moved.length) return false
  if (attached.length > 0 && (await insertIdentities(tx, accountId, attached)) < attached.length) return false
  return shared.length === 0 || (await insertShared(tx, accountId, shared)) === shared.length
}

const columns = (identities: readonly NewIdentity[]) => ({
  kinds: identities.map(({ kind }) => kind),
  values: identities.map(({ value }) => value),
  profileIds: identities.map(({ profileId }) => profileId),
  verified: identities.map(({ verified }) => verified ?? false),
})

/** Returns how many were inserted; the rest belong to someone since. */
function insertIdentities(tx: Sql, accountId: string, identities: readonly NewIdentity[]): Promise<number> {
  const { kinds, values, profileIds, verified } = columns(identities)
  return tx.$executeRaw`
    INSERT INTO identity (account_id, kind, value, profile_id, verified_at)
    SELECT ${accountId}::uuid, kind, value, profile_id, CASE WHEN verified THEN now() END
    FROM unnest(${kinds}::text[]::identity_kind[], ${values}::text[], ${profileIds}::uuid[], ${verified}::boolean[])
      AS new (kind, value, profile_id, verified)
    ORDER BY kind, value
    ON CONFLICT DO NOTHING`
}

/** Returns how many were inserted; the profile has the rest. */
function insertShared(tx: Sql, accountId: string, identities: readonly NewIdentity[]): Promise<number> {
  const { kinds, values, profileIds } = columns(identities)
  return tx.$executeRaw`
    INSERT INTO identity (account_id, kind, value, profile_id, shared)
    SELECT ${accountId}::uuid, kind, value, profile_id, TRUE
    FROM unnest(${kinds}::text[]::identity_kind[], ${values}::text[], ${profileIds}::uuid[]) AS new (kind, value, profile_id)
    ORDER BY kind, value, profile_id
    ON CONFLICT DO NOTHING`
}

/** Returns how many are as they should be; the rest changed hands since. They are locked in order first. */
async function moveIdentities(tx: Sql, accountId: string, moves: Identities['moved']): Promise<number> {
  const { kinds, values, profileIds, verified } = columns(moves)
  const former = moves.map((move) => move.former ?? move.value)
  await tx.$executeRaw`
    SELECT 1 FROM unnest(${kinds}::text[]::identity_kind[], ${values}::text[], ${former}::text[]) AS new (kind, value, former)
    JOIN identity ON identity.account_id = ${accountId}::uuid AND identity.kind = new.kind AND identity.value IN (new.value, new.former)
      AND NOT identity.shared
    ORDER BY identity.kind, identity.value FOR UPDATE OF identity`
  return tx.$executeRaw`
    UPDATE identity SET profile_id = new.profile_id, verified_at = CASE WHEN new.verified THEN coalesce(identity.verified_at, now()) END
    FROM unnest(${kinds}::text[]::identity_kind[], ${values}::text[], ${former}::text[], ${moves.map(({ fromId }) => fromId)}::uuid[],
      ${profileIds}::uuid[], ${verified}::boolean[]) AS new (kind, value, former, from_id, profile_id, verified)
    WHERE identity.account_id = ${accountId}::uuid AND identity.kind = new.kind AND identity.value IN (new.value, new.former)
      AND identity.profile_id = new.from_id AND NOT identity.shared
      AND (identity.value = new.value OR NOT EXISTS (SELECT FROM identity AS today WHERE today.account_id = ${accountId}::uuid
        AND today.kind = new.kind AND today.value = new.value AND NOT today.shared))`
}
