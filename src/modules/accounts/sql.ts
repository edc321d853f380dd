// Statements about accounts that Prisma cannot say.

import type { Transaction } from '../../platform/database.ts'

// Any number will do, as long as nothing else of this database takes an advisory lock by it.
const firstAccountLock = 7_248_301

/** Servers that start together wait here for each other, until the transaction ends. */
export async function lockFirstAccount(tx: Transaction): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(${firstAccountLock})`
}
