// How the demo speaks to the server: typed documents over HTTP (fetch keeps its connections), graphql-ws for what is live.

import { createClient, type Client as Socket } from 'graphql-ws'
import WebSocket from 'ws'
import type { TypedDocumentString } from '../generated/operations/graphql.ts'

export interface Place {
  /** Without path: `http://127.0.0.1:4000`. */
  url: string
  /** An API key that may do everything. */
  key: string
}

/** An error that the server answered with. */
export class Refused extends Error {
  readonly code: string
  /** Whether the same request may succeed later. */
  readonly retryable: boolean

  constructor(message: string, { code = 'BAD_REQUEST', retryable = false }: { code?: string; retryable?: boolean }) {
    super(`${message} (${code})`)
    this.name = 'Refused'
    this.code = code
    this.retryable = retryable
  }
}

interface Answer<T> {
  data?: T | null
  errors?: { message: string; extensions?: unknown }[]
}

export class Client {
  readonly #place: Place
  /** Aborted when the demo is to end. */
  readonly signal: AbortSignal
  // Each request has a signal of its own: one for all of them would gather thousands of listeners.
  readonly #requests = new Set<AbortController>()

  constructor(place: Place, signal: AbortSignal) {
    this.#place = place
    this.signal = signal
    signal.addEventListener('abort', () => {
      for (const request of this.#requests) request.abort(signal.reason)
    })
  }

  /** The data. @throws Refused where the server says so, what fetch throws where it cannot be reached. */
  async ask<T, V>(document: TypedDocumentString<T, V>, variables: V): Promise<T> {
    this.signal.throwIfAborted()
    const request = new AbortController()
    this.#requests.add(request)
    try {
      const { data, errors = [] } = await this.#post<T>({ query: document.toString(), variables }, request.signal)
      if (errors.length > 0) throw refusedBy(errors)
      return present(data)
    } finally {
      this.#requests.delete(request)
    }
  }

  async #post<T>(body: object, signal: AbortSignal): Promise<Answer<T>> {
    const { url, key } = this.#place
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify(body),
      signal,
    })
    // The server's answer, of the shape that codegen read from its schema.
    return (await response.json()) as Answer<T>
  }

  /** The results, one by one, over a socket of its own until `stop`. @throws Refused, or what closed the socket. */
  async *subscribe<T, V extends Record<string, unknown>>(
    document: TypedDocumentString<T, V>,
    variables: V,
    stop: AbortSignal,
  ): AsyncGenerator<T> {
    const socket = this.#socket()
    const dispose = () => void socket.dispose()
    stop.addEventListener('abort', dispose)
    try {
      for await (const { data, errors } of socket.iterate<T>({ query: document.toString(), variables })) {
        if (errors) throw refusedBy(errors)
        yield present(data)
      }
    } catch (error) {
      // graphql-ws throws a list where the server refused the subscription, and the closing where the socket was lost.
      throw Array.isArray(error) ? refusedBy(error) : error
    } finally {
      stop.removeEventListener('abort', dispose)
      dispose()
    }
  }

  #socket(): Socket {
    const { url, key } = this.#place
    return createClient({
      url: `${url.replace(/^http/, 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${key}` },
      retryAttempts: 0,
    })
  }
}

function refusedBy([error]: readonly { message: string; extensions?: unknown }[]): Refused {
  // The server's errors all carry a code and whether to try again.
  const extensions = error?.extensions as { code?: string; retryable?: boolean } | undefined
  return new Refused(error?.message ?? 'an error without a message', extensions ?? {})
}

/** A payload that cannot be missing where no error came with it. */
export function present<T>(payload: T | null | undefined): T {
  if (payload === null || payload === undefined) throw new Refused('an answer without its payload', {})
  return payload
}

/** Runs `work` on every item, begun in the order of the list, at most `atOnce` at a time. The first failure is thrown. */
export async function inFlight<T>(items: Iterable<T>, atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items].values()
  const takeTurns = async () => {
    for (const item of waiting) await work(item)
  }
  await Promise.all(Array.from({ length: atOnce }, takeTurns))
}
