// The measure of the fan-out: a bare `ws` server that sends one prepared string to everybody, message by message. It answers the
// protocol just enough for the same client.

import { type WebSocket, WebSocketServer } from 'ws'

const subscribers = new Set<WebSocket>()
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false, backlog: 4_096 })
server.on('connection', (socket) => {
  socket.on('message', (raw) => {
    const { type, id } = JSON.parse(String(raw))
    if (type === 'connection_init') socket.send('{"type":"connection_ack"}')
    if (type !== 'subscribe') return
    subscribers.add(socket)
    socket.send(JSON.stringify({ id, type: 'next', payload: {} }))
  })
  socket.on('close', () => subscribers.delete(socket))
  socket.on('error', () => socket.terminate())
})
server.on('listening', () => {
  const address = server.address()
  if (typeof address === 'object') process.send?.({ port: address?.port })
})

process.on('message', ({ text, messages }: { text: string; messages: number }) => {
  for (let count = 0; count < messages; count++) {
    const prepared = Buffer.from(text)
    for (const socket of subscribers) socket.send(prepared, { binary: false })
  }
})
