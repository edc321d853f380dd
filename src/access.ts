// Who is calling and what they may do: the principal that a key stands for, and the refusals.

import { ApiError } from './errors.ts'
import type { ApiScope } from './generated/prisma/client.ts'

/** Whom a key stands for. */
export interface Principal {
  readonly accountId: string
  readonly keyId: string
  readonly scopes: readonly ApiScope[]
  /** Of a person's own token: the profile that it is for. */
  readonly profileId?: string | null
  readonly expiresAt: Date | null
}

/** Equal texts for principals who may see the same of everything: same account, same scopes. */
export const rightsOf = (principal: Principal | null): string | undefined =>
  principal ? [principal.accountId, principal.profileId ?? '', ...principal.scopes.toSorted()].join(' ') : undefined

/** True for a person's own token: it may do what is marked as open to persons, and nothing else. */
export const isPerson = (principal: Principal | null): boolean => (principal?.profileId ?? null) !== null

/** True when the principal has one of the scopes; ADMIN has them all. */
export function can(principal: Principal | null, scopes: readonly ApiScope[]): boolean {
  return principal?.scopes.some((scope) => scope === 'ADMIN' || scopes.includes(scope)) ?? false
}

/** Any of these may read how an account is set up as to people. A key in a page, which has EVENTS_WRITE alone, may not. */
export const setupReaders: readonly ApiScope[] = [
  'PROFILES_READ',
  'PROFILES_WRITE',
  'CAMPAIGNS_WRITE',
  'ATTRIBUTIONS_READ',
]

/** What a caller without a key is told. */
export const keyMissing = (): ApiError =>
  new ApiError('UNAUTHENTICATED', 'send an API key: `Authorization: Bearer <key>`')

/** What a refused caller is told: to bring a key, or which field it may not have and what that takes. */
export function refusal(principal: Principal | null, { field, scopes }: { field: string; scopes: string[] }): ApiError {
  if (!principal) return keyMissing()
  if (isPerson(principal)) return new ApiError('FORBIDDEN', `the token of a person may not use ${field}`)
  return new ApiError('FORBIDDEN', `this API key may not use ${field}; it takes the scope ${scopes.join(' or ')}`)
}
