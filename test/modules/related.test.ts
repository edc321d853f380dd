// Notes about whoever is related to somebody: each gets its turn, whatever others have.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId } from '../../src/ids.ts'
import { findSides, passOnSide } from '../../src/modules/audiences/clock-sql.ts'
import { type Poke, writePokes } from '../../src/modules/memberships/sql.ts'
import { accountOf } from '../support/people.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const poke = (): Poke => ({ audienceId: newId(), profileId: newId(), side: 'FRIEND', eventId: null })

test('advocates of one account, and one who is told anew over and over, keep nobody of others waiting', async () => {
  const [many, few] = [await accountOf(await server.otherAccount()), await accountOf(await server.otherAccount())]
  const over = new Error('nothing of this is kept, and no server sees it')
  const done = server.app.services.database.transaction(async (tx) => {
    const mine = async (limit: number) =>
      (await findSides(tx, limit)).filter(({ accountId }) => accountId === many || accountId === few)
    await writePokes(tx, many, Array.from({ length: 30 }, poke))
    await writePokes(tx, few, [poke()])
    const first = await mine(20)
    expect(first).toHaveLength(20)
    expect(first.slice(0, 2).map(({ accountId }) => accountId)).toEqual([many, few])
    // Whatever is told of them while they are gone through brings them to the end, not to the front.
    const turns = new Set<string>()
    for (let turn = 0; turn < 30; turn++) {
      const [next] = (await mine(20)).filter(({ accountId }) => accountId === many)
      if (!next) throw new Error('somebody is waiting')
      const [{ profileId } = { profileId: '' }] = await tx.$queryRaw<{ profileId: string }[]>`
        UPDATE audience_poke SET again = TRUE WHERE account_id = ${many}::uuid AND id = ${next.id}::uuid RETURNING profile_id AS "profileId"`
      turns.add(profileId)
      expect(await passOnSide(tx, next, 500)).toBe(0)
    }
    expect(turns.size).toBe(30)
    throw over
  })
  await expect(done).rejects.toBe(over)
})
