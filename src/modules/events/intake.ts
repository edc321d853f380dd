// Where events of many callers meet: those of one account that arrive while a batch runs are the next batch.

import { Batcher } from '../../platform/batcher.ts'
import type { AcceptedEvent } from './check.ts'
import { type IngestServices, ingest, type Outcome } from './ingest.ts'

const maxBatch = 500

export type Intake = Batcher<AcceptedEvent, Outcome>

export function openIntake(services: IngestServices): Intake {
  return new Batcher({ maxItems: maxBatch, run: (accountId, events) => ingest(services, { accountId, events }) })
}
