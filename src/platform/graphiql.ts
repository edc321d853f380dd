// GraphiQL, served whole by this server: no request leaves for anywhere else, and a policy in the page makes sure of it.
// Its 8 MB of script are a file of their own, which a browser fetches once per version.

import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { GraphiqlOptions } from './http-options.ts'

const scriptPrefix = '/graphiql-'

const contentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  'font-src data:',
  "connect-src 'self'",
  'worker-src blob:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

interface Asset {
  headers: Record<string, string>
  plain: Buffer
  gzipped: Buffer
}

interface Assets {
  page: Asset
  script: Asset
  scriptPath: string
}

export type ServeGraphiql = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>

/** Answers a browser that asks for `/graphql` or the page's script and returns true; false leaves the request to others. */
export function createGraphiql(options: GraphiqlOptions = {}): ServeGraphiql {
  let assets: Promise<Assets> | undefined
  return async (request, response) => {
    const path = request.url?.split('?')[0] ?? ''
    const wantsPage = path === '/graphql' && request.headers.accept?.includes('text/html') === true
    if (request.method !== 'GET' || !(wantsPage || path.startsWith(scriptPrefix))) return false
    assets ??= loadAssets(options)
    const { page, script, scriptPath } = await assets
    if (!wantsPage && path !== scriptPath) return false
    send(wantsPage ? page : script, request, response)
    return true
  }
}

async function loadAssets(options: GraphiqlOptions): Promise<Assets> {
  // Loaded with the first visit: most servers never get one.
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql')
  const html = renderGraphiQL({
    title: options.title ?? 'GraphiQL',
    defaultQuery: options.defaultQuery,
    headers: JSON.stringify({ Authorization: 'Bearer ' }, null, 2),
    shouldPersistHeaders: false, // a key does not belong into a browser's storage
    subscriptionsProtocol: 'SSE',
    method: 'POST',
  })
  const start = html.indexOf('<script>')
  const end = html.lastIndexOf('</script>')
  const source = html.slice(start + '<script>'.length, end)
  const scriptPath = `${scriptPrefix}${createHash('sha256').update(source).digest('hex').slice(0, 16)}.js`
  const page = `${html.slice(0, start)}<script src="${scriptPath}">${html.slice(end)}`
  return { page: await pageAsset(page), script: await scriptAsset(source), scriptPath }
}

function pageAsset(html: string): Promise<Asset> {
  return asset(html, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': contentPolicy,
    'cache-control': 'no-cache',
  })
}

function scriptAsset(source: string): Promise<Asset> {
  return asset(source, {
    'content-type': 'text/javascript; charset=utf-8',
    'cache-control': 'public, max-age=31536000, immutable',
  })
}

async function asset(text: string, headers: Record<string, string>): Promise<Asset> {
  const plain = Buffer.from(text)
  return { headers, plain, gzipped: await promisify(gzip)(plain) }
}

function send({ headers, plain, gzipped }: Asset, request: IncomingMessage, response: ServerResponse): void {
  const zip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
  const body = zip ? gzipped : plain
  const encoding = zip ? { 'content-encoding': 'gzip' } : {}
  response.writeHead(200, { ...headers, ...encoding, vary: 'Accept, Accept-Encoding', 'content-length': body.length })
  response.end(body)
}
