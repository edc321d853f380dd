// A subscriber of one audience: it keeps who entered and left, and a test waits for what it expects.

import type { Caller } from './server.ts'

interface Update {
  cursor: string
  change: {
    entered: boolean
    cause: string
    at: string
    event: { name: string } | null
    profile: { sourceId: string | null }
  } | null
}

export interface AudienceFollower {
  readonly updates: Update[]
  /** Such as `+ada EVENT click` and `-ada TIME`. */
  moves(): string[]
  until(condition: () => boolean): Promise<void>
  stop(): void
}

const document = `subscription ($audienceId: ID!, $after: String) { audienceMembership(audienceId: $audienceId, after: $after) {
  cursor change { entered cause at event { name } profile { sourceId } } lagged { missed } } }`

/** Resolves once the subscription is live. */
export async function followAudience(
  caller: Caller,
  variables: { audienceId: string; after?: string },
): Promise<AudienceFollower> {
  const client = caller.socket()
  const updates: Update[] = []
  const waiting = new Set<() => void>()
  let failure: unknown
  const look = () => {
    for (const check of waiting) check()
  }
  client.subscribe<{ audienceMembership: Update }>(
    { query: document, variables },
    {
      next({ data, errors }) {
        if (errors) failure = errors
        if (data) updates.push(data.audienceMembership)
        look()
      },
      error(error) {
        failure = error
        look()
      },
      complete: look,
    },
  )
  const until = (condition: () => boolean) =>
    new Promise<void>((resolve, reject) => {
      const check = () => {
        if (!condition() && !failure) return
        waiting.delete(check)
        if (failure) reject(new Error(JSON.stringify(failure)))
        else resolve()
      }
      waiting.add(check)
      check()
    })
  await until(() => updates.some(({ change }) => change === null))
  const moves = () =>
    updates.flatMap(({ change }) => {
      if (!change) return []
      const { entered, profile, cause, event } = change
      return [[`${entered ? '+' : '-'}${profile.sourceId}`, cause, event?.name].filter(Boolean).join(' ')]
    })
  return { updates, moves, until, stop: () => void client.dispose() }
}
