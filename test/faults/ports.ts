// Ports that nobody listens on, each handed out once.

import { once } from 'node:events'
import { createServer } from 'node:net'

/** A node of a Redis Cluster also listens 10,000 above its port, so that has to be a port as well. */
const highest = 55_535

const given = new Set<number>()

export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    server.close()
    await once(server, 'close')
    if (address === null || typeof address === 'string') throw new Error('a TCP server has an address with a port')
    if (address.port > highest || given.has(address.port)) continue
    given.add(address.port)
    return address.port
  }
}
