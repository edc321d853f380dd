// Links to files of imports and exports: signed, so that who has one needs no key, and over after a while.

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { validate as isUuid } from 'uuid'
import { ApiError, notFound } from '../../errors.ts'

/** What a link allows. */
export type LinkPurpose = 'file' | 'outcome' | 'export'

const paths: Readonly<Record<LinkPurpose, (id: string) => string>> = {
  file: (id) => `/imports/${id}/file`,
  outcome: (id) => `/imports/${id}/outcome`,
  export: (id) => `/exports/${id}/file`,
}

/** What a link is signed by. */
export interface Linked {
  readonly accountId: string
  readonly id: string
  readonly secret: string
}

export const linkMs = 24 * 3_600_000

/** What links of one import or export are signed with. */
export const newLinkSecret = (): string => randomBytes(32).toString('base64url')

const signatureOf = (secret: string, parts: readonly string[]): string =>
  createHmac('sha256', secret).update(parts.join('\n')).digest('base64url')

/** The path of a link that is good until then. */
export function linkTo({ accountId, id, secret }: Linked, purpose: LinkPurpose, until: Date): string {
  const expires = String(until.getTime())
  const signature = signatureOf(secret, [purpose, accountId, id, expires])
  return `${paths[purpose](id)}?${new URLSearchParams({ account: accountId, expires, signature })}`
}

/** The account and the import or export that a link names, whether or not its signature is good. NOT_FOUND for what cannot be a link. */
export function namedIn(id: string, query: URLSearchParams): { accountId: string; id: string } {
  const accountId = query.get('account') ?? ''
  if (!isUuid(id) || !isUuid(accountId)) throw notFound('no such file, or the link is incomplete')
  return { accountId, id }
}

/** FORBIDDEN for a link that was not made here, is for something else, or is over. */
export function assertLink(
  { accountId, id, secret }: Linked,
  { purpose, query, now }: { purpose: LinkPurpose; query: URLSearchParams; now: Date },
): void {
  const expires = query.get('expires') ?? ''
  const expected = Buffer.from(signatureOf(secret, [purpose, accountId, id, expires]))
  const given = Buffer.from(query.get('signature') ?? '')
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw new ApiError('FORBIDDEN', 'the link is not valid')
  if (Number(expires) < now.getTime()) throw new ApiError('FORBIDDEN', 'the link is over; ask for another')
}
