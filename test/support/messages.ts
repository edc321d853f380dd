// Plain POSTs of messages, and what became of them.

import type { Caller } from './server.ts'

export async function postTo(url: string, body: unknown, key: string) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` },
    body: JSON.stringify(body),
  })
  // biome-ignore lint/suspicious/noExplicitAny: each test asserts the part it reads
  return { status: response.status, body: (await response.json()) as any }
}

export async function personBy(caller: Caller, by: object) {
  const { profile } = await caller.query(
    `query ($by: ProfileKeyInput!) { profile(by: $by) { id fields identities { kind value }
      events(first: 100) { edges { node { id name data occurredAt receivedAt channel idempotencyKey } } } } }`,
    { by },
  )
  return profile && { ...profile, events: profile.events.edges.map(({ node }: { node: object }) => node) }
}

export async function attributionsOf(caller: Caller) {
  const { attributions: page } = await caller.query(
    `{ attributions(last: 100) { edges { node { status decidedBy campaign { name } event { name } profile { id } } } } }`,
  )
  return page.edges.map(({ node }: { node: object }) => node)
}
