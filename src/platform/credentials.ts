// Reads the key that a caller sends, over HTTP and over a WebSocket alike. Whom it belongs to, the application says.

import { requestError } from './mask.ts'

const unauthenticated = (message: string) =>
  requestError('UNAUTHENTICATED', message, { status: 401, headers: { 'www-authenticate': 'Bearer' } })

/** The key of `Bearer <key>`; undefined when none was sent, an empty one included. @throws UNAUTHENTICATED for another scheme. */
export function bearerKey(authorization: string | null | undefined): string | undefined {
  const [scheme, key, ...rest] = (authorization ?? '').trim().split(/\s+/)
  if (!scheme) return undefined
  if (scheme.toLowerCase() !== 'bearer' || rest.length > 0) {
    throw unauthenticated('The Authorization header must be: Bearer <key>.')
  }
  return key
}

/** Who sent `key`; null when none was sent. @throws UNAUTHENTICATED for a key that is unknown or revoked. */
export async function principalOf<Principal>(
  key: string | undefined,
  authenticate: (key: string) => Promise<Principal | null>,
): Promise<Principal | null> {
  if (key === undefined) return null
  const principal = await authenticate(key)
  if (principal === null) throw unauthenticated('The API key is unknown or revoked.')
  return principal
}
