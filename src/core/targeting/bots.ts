// Known bots by their user agent: crawlers, link previews and mail scanners, whose clicks are nobody's.

import { isbot } from 'isbot'

// The list of crawlers also names the HTTP clients that apps and servers of honest integrators are written with.
const integrators =
  /^(okhttp|axios|node|node-fetch|undici|got|deno|bun|java|jersey|apache-httpclient|python-requests|python-httpx|aiohttp|go-http-client|guzzlehttp|ruby|faraday|rest-client|dart|curl|postmanruntime|outlook-ios|outlook-android)\b/i

// Mail scanners that the list of crawlers lacks.
const scanners = /barracuda|mimecast|proofpoint|safelinks|trendmicro|symantec|fireeye|forcepoint|ironport|messagelabs/i

/** True for the user agent of a known bot; an absent or blank one is none. */
export function isBotAgent(userAgent: string | undefined): boolean {
  const text = userAgent?.trim()
  if (!text) return false
  return scanners.test(text) || (isbot(text) && !integrators.test(text))
}
