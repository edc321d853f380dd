// The body of an HTTP request, within a limit, as UTF-8 and as JSON. What comes after the limit is discarded, so that the
// client lives to read the refusal.

import type { IncomingMessage } from 'node:http'
import { requestError } from './mask.ts'
import { badRequest } from './params.ts'

/** @throws BAD_REQUEST 400 for what is no JSON in UTF-8, PAYLOAD_TOO_LARGE 413. */
export async function readJson(request: IncomingMessage, limit: number): Promise<unknown> {
  return parseJson(textOf(await readBody(request, limit)), 'body')
}

/** @throws BAD_REQUEST naming `what`. */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw badRequest(`The ${what} is not valid JSON.`)
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** @throws BAD_REQUEST for what is no UTF-8. */
export function textOf(body: Uint8Array): string {
  try {
    return utf8.decode(body)
  } catch {
    throw badRequest('The body is not valid UTF-8.')
  }
}

/** The whole body. @throws PAYLOAD_TOO_LARGE 413, BAD_REQUEST for one that breaks off. */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const refuse = () => {
      request.removeAllListeners('data').resume()
      reject(requestError('PAYLOAD_TOO_LARGE', `The body has more than ${limit} bytes.`, { status: 413 }))
    }
    if (Number(request.headers['content-length'] ?? 0) > limit) return refuse()
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > limit) refuse()
      else chunks.push(chunk)
    })
    const brokeOff = () => reject(badRequest('The body broke off.'))
    request.once('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)))
    request.once('error', brokeOff)
    // Each request closes; making an error costs more than reading a small body.
    request.once('close', () => request.complete || brokeOff())
  })
}
