// A load balancer as small as one can be: each request, and each socket, goes to the next server in turn.

import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'

export interface Balancer {
  url: string
  /** How many requests and sockets each server was given, in the order of the servers. */
  readonly given: readonly number[]
  close(): void
}

export async function balance(serverUrls: readonly string[]): Promise<Balancer> {
  const targets = serverUrls.map((url) => new URL(url))
  const given = targets.map(() => 0)
  let turn = 0
  const next = () => {
    const index = turn++ % targets.length
    given[index] = (given[index] ?? 0) + 1
    const { hostname, port } = targets[index] ?? new URL('http://none')
    return { hostname, port: Number(port) }
  }
  const balancer = createServer((asked, answer) => {
    const { method, url: path, headers } = asked
    const forwarded = request({ ...next(), method, path, headers }, (answered) => {
      answer.writeHead(answered.statusCode ?? 502, answered.headers)
      answered.pipe(answer)
    })
    forwarded.on('error', () => answer.destroy())
    asked.pipe(forwarded)
  })
  balancer.on('upgrade', (asked, socket, head) => {
    const { hostname, port } = next()
    const server = connect(port, hostname, () => {
      server.write(requestText(asked))
      server.write(head)
      socket.pipe(server).pipe(socket)
    })
    for (const [one, other] of [
      [socket, server],
      [server, socket],
    ] as const) {
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
    }
  })
  balancer.listen(0, '127.0.0.1')
  await once(balancer, 'listening')
  const address = balancer.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`,
    given,
    close() {
      balancer.close()
      balancer.closeAllConnections()
    },
  }
}

/** The head of a request as it was sent. */
function requestText({ method, url, rawHeaders }: IncomingMessage): string {
  const lines = [`${method} ${url} HTTP/1.1`]
  for (let index = 0; index < rawHeaders.length; index += 2)
    lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`)
  return `${lines.join('\r\n')}\r\n\r\n`
}
