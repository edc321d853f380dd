// A subscriber over Server-Sent Events, read as they are sent.

export interface StreamedEvent {
  name: string
  // Each test asserts the part that it reads.
  // biome-ignore lint/suspicious/noExplicitAny: untyped documents answer whatever they ask for
  result: any
}

export interface EventStream {
  status: number
  type: string | null
  events: StreamedEvent[]
  until(isDone: (events: StreamedEvent[]) => boolean): Promise<void>
  /** Resolves when the server has ended the stream. */
  ended: Promise<void>
  stop(): void
}

/** Subscribes by one POST. */
export async function openStream(
  url: string,
  key: string,
  body: { query: string; variables?: object },
): Promise<EventStream> {
  const leaving = new AbortController()
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${key}` },
    body: JSON.stringify(body),
    signal: leaving.signal,
  })
  const events: StreamedEvent[] = []
  const waiting = new Set<() => void>()
  const read = async () => {
    let text = ''
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const parts = (text + chunk).split('\n\n')
      text = parts.pop() ?? ''
      for (const part of parts) {
        const name = /^event: (.*)$/m.exec(part)?.[1]
        const told = /^data: (.+)$/m.exec(part)?.[1]
        if (name) events.push({ name, result: told ? JSON.parse(told) : undefined })
      }
      for (const check of waiting) check()
    }
  }
  const ended = read()
  ended.catch(() => undefined) // Whoever stops it is not told.
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    events,
    until: (isDone) =>
      new Promise((resolve, reject) => {
        const check = () => isDone(events) && resolve()
        waiting.add(check)
        check()
        ended.catch(reject)
      }),
    ended,
    stop: () => leaving.abort(),
  }
}
