// A TCP proxy before PostgreSQL that loses the answer to a COMMIT when told to: the rows are there, the caller is not told.

import { once } from 'node:events'
import { createServer, type Socket, connect as tcpConnect } from 'node:net'

export interface DatabaseProxy {
  /** The same database, through the proxy. */
  url: string
  /** The next COMMIT reaches the database; its answer and its connection are lost. Resolves when that happened. */
  loseNextCommit(): Promise<void>
  close(): void
}

const commit = Buffer.from('COMMIT')

export async function proxyTo(databaseUrl: string): Promise<DatabaseProxy> {
  const target = new URL(databaseUrl)
  const open = new Set<Socket>()
  let lose: (() => void) | undefined
  const server = createServer((client) => {
    const database = tcpConnect(Number(target.port || 5432), target.hostname)
    let isLost = false
    for (const socket of [client, database]) {
      open.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => open.delete(socket))
    }
    client.on('data', (sent) => {
      if (lose && sent.includes(commit)) isLost = true
      database.write(sent)
    })
    database.on('data', (answer) => {
      if (!isLost) {
        client.write(answer)
        return
      }
      client.destroy()
      database.destroy()
      lose?.()
      lose = undefined
    })
    client.on('close', () => database.end())
    database.on('close', () => client.end())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const url = new URL(databaseUrl)
  url.hostname = '127.0.0.1'
  url.port = String(typeof address === 'object' ? address?.port : address)
  return {
    url: url.toString(),
    loseNextCommit: () =>
      new Promise((resolve) => {
        lose = resolve
      }),
    close() {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}
