// The subscription `importProgress`: how an import stands, at once, and again whenever it moved on, whichever process moves it.

import type { Context } from '../../context.ts'
import { notFound } from '../../errors.ts'
import type { Import } from '../../generated/prisma/client.ts'
import { idInput } from '../../ids.ts'
import { type Feed, feed } from '../../platform/feed.ts'

const paceMs = 200
/** How often those of other processes are looked at. */
const lookMs = 1_000

/** NOT_FOUND for an import that the account does not have. */
export async function subscribeToImport(context: Context, given: string | number): Promise<Feed<Import>> {
  const { accountId, db, services } = context
  const id = idInput('Import', given, 'id')
  const where = { accountId_id: { accountId, id } }
  const first = await db.import.findUnique({ where })
  if (!first) throw notFound('no such import', 'id')
  let known = first.version
  const wakers = new Set<() => void>()
  const look = async () => {
    const now = await db.import.findUnique({ where, select: { version: true } })
    if (!now || now.version === known) return
    known = now.version
    for (const wake of wakers) wake()
  }
  const looked = () =>
    void look().catch((error: unknown) => services.log.debug({ err: error }, 'an import was not looked at'))
  const timer = setInterval(looked, lookMs).unref()
  const leave = services.imports.listen(id, looked)
  return feed<Import>({
    from: -1n,
    paceMs,
    reached: () => known,
    async read(after) {
      const now = await db.import.findUnique({ where })
      if (!now) return { messages: [], reached: known }
      known = now.version
      return { messages: after < now.version ? [{ position: now.version, value: now }] : [], reached: now.version }
    },
    listen(wake) {
      wakers.add(wake)
      return () => wakers.delete(wake)
    },
    close() {
      clearInterval(timer)
      leave()
    },
  })
}
