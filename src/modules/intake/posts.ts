// The paths of Segment's tracking API and of mParticle's Events API: what is sent there becomes events.

import { can, refusal } from '../../access.ts'
import type { Context } from '../../context.ts'
import { isObject, type Mapped } from '../../core/mapped-event.ts'
import { eventsOfBatch, withTextIds } from '../../core/mparticle.ts'
import { type Envelope, eventOfMessage, type MessageType } from '../../core/segment.ts'
import { ApiError, badInput, errorCodes } from '../../errors.ts'
import type { ApiScope } from '../../generated/prisma/client.ts'
import { parseJson } from '../../platform/body.ts'
import type { Post, PostAnswer, Posts } from '../../platform/rest.ts'
import type { Ingested } from '../events/admission.ts'
import { takeMessages } from './service.ts'

const maxMessages = 2_500

/** A message that is not stored. */
interface Rejected {
  index: number
  code: string
  message: string
  field?: string
  /** It may be stored when it alone is sent again; absent where it never can be. */
  retryable?: true
}

interface Sent {
  message: Mapped
  /** What its sender calls it. */
  place: object
}

const writeKeyIn = (body: unknown) =>
  isObject(body) && typeof body.writeKey === 'string' ? body.writeKey.trim() || undefined : undefined

/** One message, or many: `type` is that of a path that takes one. */
const segmentPost = (type?: MessageType): Post<Context> => ({
  keyIn: writeKeyIn,
  run: (context, body) => {
    const at = context.now
    const receivedAt = at.getTime()
    const given = isObject(body) ? body : refuseBody('a message is an object')
    if (type) return answer(context, { at, sent: [sentAs(given, { receivedAt, type })], status: 200 })
    const { batch, sentAt, context: shared, integrations } = given
    if (!Array.isArray(batch)) return refuseBody('`batch` is a list of messages')
    const envelope = { receivedAt, sentAt, context: shared, integrations }
    return answer(context, { at, sent: batch.map((message) => sentAs(message, envelope)), status: 200 })
  },
})

function sentAs(message: unknown, envelope: Envelope): Sent {
  const messageId = isObject(message) ? message.messageId : undefined
  return { message: eventOfMessage(message, envelope), place: messageId === undefined ? {} : { messageId } }
}

/** Batches of one person each. */
const mparticlePost = (isBulk: boolean): Post<Context> => ({
  parse: (text) => parseJson(withTextIds(text), 'body'),
  keyIn: () => undefined,
  run: (context, body) => {
    const batches = isBulk ? body : [body]
    if (!Array.isArray(batches) || !batches.every(isObject)) return refuseBody('a batch is an object')
    const sent = batches.flatMap((one, batch) =>
      eventsOfBatch(one).map((message, event) => ({ message, place: isBulk ? { batch, event } : { event } })),
    )
    return answer(context, { at: context.now, sent, status: 202 })
  },
})

const refuseBody = (message: string) => {
  throw new ApiError('BAD_REQUEST', message)
}

interface Asked {
  /** When the request came. */
  at: Date
  sent: readonly Sent[]
  /** Of the answer, where something of it is stored or was before. */
  status: number
}

async function answer(context: Context, { at, sent, status }: Asked): Promise<PostAnswer> {
  if (sent.length > maxMessages) throw badInput(`over ${maxMessages} messages`)
  const outcomes = await takeMessages(context, { at, messages: sent.map(({ message }) => message) })
  const rejected = outcomes.flatMap((outcome, index) => rejectionOf(outcome, { index, ...sent[index]?.place }))
  if (rejected.length === 0) return { status, body: { success: true } }
  // A client that sent nothing else must not take it for done. None of the SDKs sends again what was answered with 400.
  return { status: rejected.length < sent.length ? status : 400, body: { success: false, rejected } }
}

function rejectionOf(outcome: Ingested | ApiError, place: { index: number }): Rejected[] {
  if (!(outcome instanceof ApiError)) return []
  const { code, message, field } = outcome
  const { retryable } = errorCodes[code]
  return [{ ...place, code, message, ...(field ? { field } : {}), ...(retryable ? { retryable } : {}) }]
}

/** For keys that may write events. */
const writing = (post: Post<Context>): Post<Context> => ({
  ...post,
  run: (context, body) => {
    const scopes: ApiScope[] = ['EVENTS_WRITE']
    if (!can(context.principal, scopes)) throw refusal(context.principal, { field: 'this path', scopes })
    return post.run(context, body)
  },
})

const many = writing(segmentPost())

// The short names are those that Segment's libraries for browsers and phones use.
const ofTypes: readonly (readonly [MessageType, string])[] = [
  ['track', 't'],
  ['identify', 'i'],
  ['alias', 'a'],
  ['page', 'p'],
  ['screen', 's'],
  ['group', 'g'],
]

/** By path. */
export const intakePosts: Posts<Context> = {
  ...Object.fromEntries(
    ofTypes.flatMap(([type, short]) => [type, short].map((name) => [`/v1/${name}`, writing(segmentPost(type))])),
  ),
  '/v1/batch': many,
  '/v1/b': many,
  '/v1/import': many,
  '/v2/events': writing(mparticlePost(false)),
  '/v2/bulkevents': writing(mparticlePost(true)),
}
