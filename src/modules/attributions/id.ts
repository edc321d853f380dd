// The id of a decision: its event and its revision.

import { validate as isUuid } from 'uuid'

export interface AttributionId {
  eventId: string
  revision: number
}

const nothing: AttributionId = { eventId: '00000000-0000-0000-0000-000000000000', revision: 0 }

/** What cannot be an id names nothing. */
export function parseAttributionId(text: string): AttributionId {
  const [eventId = '', revision = ''] = text.split('.')
  return isUuid(eventId) && /^[1-9]\d{0,8}$/.test(revision) ? { eventId, revision: Number(revision) } : nothing
}

export const attributionKey = (accountId: string, { eventId, revision }: AttributionId) => ({
  accountId_eventId_revision: { accountId, eventId, revision },
})
