// GraphQL over HTTP as its working group audits servers. Each of its 61 audits, obligatory or not, is a test.

import { serverAudits } from 'graphql-http'
import { expect, test } from 'vitest'
import { startEdge } from './edge.ts'

// The address is known only when the server runs, an audit's name before.
let url = ''
const audits = serverAudits({ url: () => `${url}/graphql` })

test.each(audits.map(({ name, fn }) => [name, fn] as const))('%s', async (_name, run) => {
  url = (await startEdge()).url
  expect(await run()).toMatchObject({ status: 'ok' })
})
