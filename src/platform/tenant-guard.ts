// A Prisma client that sees one account: every query must name it, and a query that names another or none is refused
// before it is sent. It is the second lock; the first is that every key begins with the account.

import type { PrismaClient } from '../generated/prisma/client.ts'

export class AccountMissingError extends Error {}

/** The client, limited to one account. */
export function guard(client: PrismaClient, accountId: string) {
  return client.$extends({
    name: 'tenant-guard',
    query: {
      $allModels: {
        $allOperations({ model, operation, args, query }) {
          // Prisma types the arguments by model and operation; here only their common outline is read.
          assertAccount(args as Arguments, { accountId, call: `${model}.${operation}` })
          return query(args)
        },
      },
    },
  })
}

export type AccountClient = ReturnType<typeof guard>

type Arguments = { where?: Record<string, unknown>; data?: unknown; create?: unknown } | undefined

function assertAccount(args: Arguments, { accountId, call }: { accountId: string; call: string }): void {
  const rows = [args?.data, args?.create].flat().filter((row) => row !== undefined)
  const isInsert = call.includes('.create')
  if (!isInsert && !namesAccount(args?.where, accountId)) throw new AccountMissingError(`${call} without its account`)
  if (isInsert && !rows.every((row) => isRecord(row) && row.accountId === accountId)) {
    throw new AccountMissingError(`${call} for another account`)
  }
}

// `where` holds the account itself, or a compound key that begins with it.
function namesAccount(where: Record<string, unknown> | undefined, accountId: string): boolean {
  if (!where) return false
  if (where.accountId !== undefined) return where.accountId === accountId
  const keys = Object.entries(where).filter(([key]) => key.startsWith('accountId_'))
  return keys.length > 0 && keys.every(([, key]) => isRecord(key) && key.accountId === accountId)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
