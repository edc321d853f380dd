// Which web pages may call: those of the list, and those that this server itself delivered. Without a list, no other origin.

import type { IncomingMessage, ServerResponse } from 'node:http'

/** Whether a browser page of the request's Origin may open a socket; a client that sends none is no browser. */
export function mayConnect(request: IncomingMessage, corsOrigins: readonly string[]): boolean {
  const { origin, host } = request.headers
  if (origin === undefined || corsOrigins.includes(origin)) return true
  return URL.canParse(origin) && new URL(origin).host === host
}

/** Sets the CORS headers of a listed origin and none for others. Credentials are never allowed: keys come in a header. */
export function setCorsHeaders(
  request: IncomingMessage,
  response: ServerResponse,
  corsOrigins: readonly string[],
): void {
  response.setHeader('vary', 'Origin')
  const { origin } = request.headers
  if (origin === undefined || !corsOrigins.includes(origin)) return
  response.setHeader('access-control-allow-origin', origin)
  response.setHeader('access-control-expose-headers', 'x-request-id, retry-after')
  if (request.method !== 'OPTIONS') return
  response.setHeader('access-control-allow-methods', 'GET, POST')
  response.setHeader(
    'access-control-allow-headers',
    request.headers['access-control-request-headers'] ?? 'content-type',
  )
  response.setHeader('access-control-max-age', '600')
}
