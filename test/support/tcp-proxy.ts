// A TCP proxy that loses answers, or everything, when told to: what was sent has arrived, and its sender does not learn of it.

import { once } from 'node:events'
import { createServer, type Socket, connect as tcpConnect } from 'node:net'

export interface TcpProxy {
  port: number
  /** The next `count` answers and their connections are lost. Resolves when that happened. */
  loseAnswers(count: number): Promise<void>
  /** Connections live, and nothing passes them in either direction until `restore`; what was sent meanwhile is gone. */
  silence(): void
  /** No connection lives until `restore`. */
  cut(): void
  restore(): void
  close(): void
}

export async function proxyToPort(port: number, host = '127.0.0.1'): Promise<TcpProxy> {
  const open = new Set<Socket>()
  let toLose = 0
  let isCut = false
  let isSilent = false
  let lost = () => {}
  const server = createServer((client) => {
    if (isCut) return client.destroy()
    const target = tcpConnect(port, host)
    for (const socket of [client, target]) {
      open.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => open.delete(socket))
    }
    client.on('data', (sent) => isSilent || target.write(sent))
    target.on('data', (answer) => {
      if (isSilent) return
      if (toLose === 0) return client.write(answer)
      toLose--
      client.destroy()
      target.destroy()
      if (toLose === 0) lost()
    })
    client.on('close', () => target.end())
    target.on('close', () => client.end())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const cutAll = () => {
    for (const socket of open) socket.destroy()
  }
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    loseAnswers: (count) =>
      new Promise((resolve) => {
        toLose = count
        lost = resolve
      }),
    cut() {
      isCut = true
      cutAll()
    },
    silence() {
      isSilent = true
    },
    restore() {
      isCut = false
      isSilent = false
    },
    close() {
      server.close()
      cutAll()
    },
  }
}
