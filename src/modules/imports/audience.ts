// People who are put into a static audience: rows as of people, whose fields may be told beside.

import { ApiError } from '../../errors.ts'
import { enterAudience } from '../audiences/members.ts'
import { lockAudience } from '../audiences/service.ts'
import { findMemberships } from '../audiences/sql.ts'
import { findMembers } from '../profiles/sql.ts'
import { ImportFault, type ImportKindWork, optionsOf, type Piece } from './job.ts'
import type { RowContent } from './people.ts'
import { workWide } from './people-kind.ts'
import { personColumns, personStrangers } from './person-rows.ts'

/** The audience that an import is for. CONFLICT for one that a rule fills, or that is archived; NOT_FOUND. */
export async function lockTarget({ tx, job }: Pick<Piece, 'tx' | 'job'>): Promise<string> {
  const { audienceId } = optionsOf(job)
  if (audienceId === null) throw new ApiError('BAD_INPUT', 'no audience is named', { field: 'input.audienceId' })
  const { ruleVersion } = await lockAudience(tx, job.accountId, audienceId)
  if (ruleVersion > 0)
    throw new ApiError('CONFLICT', 'a dynamic audience has the members that its rule says', {
      field: 'input.audienceId',
    })
  return audienceId
}

const membership: RowContent = {
  async changes({ tx, job }, rows) {
    const { audienceId } = optionsOf(job)
    const personIds = rows.flatMap(({ personId }) => personId ?? [])
    const members = personIds.length > 0 ? await findMembers(tx, job.accountId, personIds) : []
    const rootOf = new Map(members.map(({ profileId, rootId }) => [profileId, rootId]))
    const seats = await findMemberships(tx, job.accountId, {
      audienceIds: audienceId === null ? [] : [audienceId],
      profileIds: [...rootOf.keys()],
    })
    const present = new Set(seats.map(({ profileId }) => rootOf.get(profileId)))
    const joins = rows.filter(({ personId }) => personId === null || !present.has(personId))
    return new Map(joins.map(({ number }) => [number, { audience: 'ENTERS' }]))
  },
  async apply({ tx, context, job }, { rows, people }) {
    const { audienceId } = optionsOf(job)
    const roots = [...new Set(rows.map(({ personId }) => people.rootOf(personId)))]
    if (audienceId !== null) await enterAudience(tx, context, { audienceId, roots, people })
  },
}

export const audienceWork: ImportKindWork = {
  columns: personColumns,
  strangers: personStrangers,
  chunkSize: 500,
  async work(piece) {
    // Its row is locked before people are, so that its members are changed by one at a time.
    try {
      await lockTarget(piece)
    } catch (error) {
      throw error instanceof ApiError ? new ImportFault(error) : error
    }
    return workWide(piece, { more: membership })
  },
}
