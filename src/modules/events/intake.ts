// Where events of many callers meet: those of one account that arrive while a batch runs are the next batch.

import { Batcher } from '../../platform/batcher.ts'
import type { Outcome } from './admission.ts'
import type { AcceptedEvent } from './check.ts'
import { type IngestServices, ingest } from './ingest.ts'

const maxBatch = 500
/** What a process holds at most; 500 of the largest events are 32 MB. */
const limits = { items: 20_000, bytes: 64_000_000 }
/** What an event takes beside its data. */
const frameBytes = 1_000

export type Intake = Batcher<AcceptedEvent, Outcome>

export function openIntake(services: IngestServices): Intake {
  return new Batcher({
    maxItems: maxBatch,
    limits,
    bytesOf: ({ json }) => frameBytes + json.data.length + (json.targeting?.length ?? 0) + (json.context?.length ?? 0),
    run: (accountId, events) => ingest(services, { accountId, events }),
  })
}
