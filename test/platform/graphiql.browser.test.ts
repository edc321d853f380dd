// What somebody sees who opens `/graphql` in a browser that reaches nothing but this server.

import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adaKey, type Edge, startEdge } from './edge.ts'

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
const quiet = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
]
const args = [...quiet, '--disable-component-update', '--disable-sync']
const timeout = 20_000

if (!executablePath)
  console.warn('GraphiQL in a browser was not tested: no chromium is installed (apt-get install chromium).')

describe.skipIf(!executablePath)('GraphiQL in a browser', { timeout }, () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args })
  }, timeout)

  afterAll(() => browser.close())

  async function open(edge: Edge, query?: string) {
    const page = await browser.newPage()
    page.setDefaultTimeout(10_000)
    const requests: string[] = []
    const complaints: string[] = []
    page.on('request', (request) => requests.push(request.url()))
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(`${edge.url}/graphql${query ? `?query=${encodeURIComponent(query)}` : ''}`)
    await page.getByRole('button', { name: 'Execute query' }).waitFor()
    return { page, requests, complaints }
  }

  const run = (page: Page) => page.getByRole('button', { name: 'Execute query' }).click()

  const shows = (page: Page, text: string) => page.locator('.graphiql-response').filter({ hasText: text }).waitFor()

  async function sendKey(page: Page) {
    await page.locator('.graphiql-editor-tool .view-line').filter({ hasText: 'Bearer' }).click()
    await page.keyboard.press('End')
    await page.keyboard.press('ArrowLeft') // before the closing quote
    await page.keyboard.insertText(adaKey)
  }

  test('opens with a query that helps, runs it, and asks nobody but this server', async () => {
    const edge = await startEdge({ graphiql: { title: 'Example', defaultQuery: '# Say hello\n{ hello }\n' } })
    const { page, requests, complaints } = await open(edge)
    await page.getByText('# Say hello').waitFor()
    await run(page)
    await shows(page, 'world')
    expect(await page.title()).toBe('Example')
    expect(requests.filter((url) => !url.startsWith(edge.url) && !/^(blob|data):/.test(url))).toEqual([])
    expect(complaints).toEqual([])
  })

  test('sends the key of its headers editor, with mutations too', async () => {
    const edge = await startEdge()
    const { page } = await open(edge, 'mutation { note(text: "from the browser") }')
    await sendKey(page)
    await run(page)
    await shows(page, 'from the browser')
    expect(edge.notes).toEqual(['from the browser'])
  })

  test('shows a live subscription, one message after the other, until it is stopped', async () => {
    const edge = await startEdge()
    const { page } = await open(edge, 'subscription { ticks { word caller } }')
    await sendKey(page)
    await run(page)
    await edge.feed.listened(1)
    edge.feed.say('first word')
    await shows(page, 'first word')
    edge.feed.say('second word')
    await shows(page, 'second word')
    expect(await page.locator('.graphiql-response').textContent()).toContain('Ada')
    await page.getByRole('button', { name: 'Stop query' }).click()
    await edge.feed.listened(0)
  })

  test('keeps no key when the page is left', async () => {
    const edge = await startEdge()
    const { page } = await open(edge, '{ me }')
    await sendKey(page)
    await run(page)
    await shows(page, 'Ada')
    expect(await page.evaluate('JSON.stringify({ ...localStorage, ...sessionStorage })')).not.toContain(adaKey)
  })
})

describe('the page', () => {
  test('may load nothing from elsewhere and be framed by nobody', async () => {
    const edge = await startEdge()
    const page = await fetch(`${edge.url}/graphql`, { headers: { accept: 'text/html' } })
    const policy = page.headers.get('content-security-policy')
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self'")
    expect(policy).toContain("frame-ancestors 'none'")
  })

  test('weighs under 1 MB; its script is compressed and kept by the browser until it changes', async () => {
    const edge = await startEdge()
    const html = await (await fetch(`${edge.url}/graphql`, { headers: { accept: 'text/html' } })).text()
    const path = /<script src="([^"]+)">/.exec(html)?.[1] ?? ''
    const script = await fetch(`${edge.url}${path}`, { headers: { 'accept-encoding': 'gzip' } })
    expect(script.headers.get('content-encoding')).toBe('gzip')
    expect(script.headers.get('cache-control')).toContain('immutable')
    expect(html.length).toBeLessThan(1_000_000)
    expect((await fetch(`${edge.url}/graphiql-other.js`)).status).toBe(404)
  })
})
