// Carries out type changes beside everything else: those of this process at once, those that another left undone within a minute.
// Whoever went by the rules of before may still write a value of the old type; a change waits until all of those are over.

import type { Services } from '../../context.ts'
import type { FieldsRules } from '../../core/fields/check.ts'
import { type FieldDefinition, keyOf } from '../../core/fields/definition.ts'
import { own, type ValueMeta } from '../../core/fields/fold.ts'
import { isTypedType } from '../../core/fields/typed.ts'
import { type Told, write } from '../../core/fields/write.ts'
import type { Transaction } from '../../platform/database.ts'
import { retrying } from '../../platform/retry.ts'
import { Rounds } from '../../platform/rounds.ts'
import { inOrder } from '../../platform/statements.ts'
import { isBarrierPassed } from '../audiences/sql.ts'
import { storeValues } from '../field-values/sql.ts'
import { fieldsOfRow, type PersonRow } from '../member-fields/rows.ts'
import { historyRow, insertHistory, storeFields } from '../profiles/fields.ts'
import { refreshPeople, type Written } from '../profiles/memberships.ts'
import { findProfiles, lockWithPeople } from '../profiles/sql.ts'
import { fieldNow, outcomeOf, rulesOf } from './type-change.ts'
import {
  findHolders,
  findOpenChanges,
  type Holder,
  holdChange,
  type OpenChange,
  setBarrier,
  storeConverted,
} from './type-change-sql.ts'

const chunkSize = 500
const roundMs = 60_000

/** How long others are waited for before it is looked again. */
const waitMs = 50

type Parts = Pick<Services, 'database' | 'log' | 'now' | 'ruleSets' | 'clock' | 'live'>

export class TypeChanges {
  readonly #parts: Parts
  readonly #rounds: Rounds
  #isClosed = false

  constructor(parts: Parts) {
    this.#parts = parts
    const go = () => this.#work()
    this.#rounds = new Rounds({ go, what: 'changing the type of a field', retryMs: roundMs, log: parts.log })
    this.wake()
  }

  /** There may be something to do. */
  wake(): void {
    this.#rounds.call()
  }

  /** Finishes the chunk at hand. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#rounds.close()
  }

  async #work(): Promise<number> {
    let nextMs = roundMs
    for (const change of await findOpenChanges(this.#parts.database.system)) {
      if ((await this.#carryOut(change)) === 'WAIT') nextMs = waitMs
    }
    return nextMs
  }

  async #carryOut(change: OpenChange): Promise<Step> {
    const { database, live } = this.#parts
    for (;;) {
      if (this.#isClosed) return 'DONE'
      const step = await retrying(() => database.transaction((tx) => takeChunk(tx, this.#parts, change)))
      if (step !== 'WAIT') live.wake(change.accountId)
      if (step !== 'MORE') return step
    }
  }
}

/** WAIT: others are at it, or have to be over first. */
type Step = 'MORE' | 'DONE' | 'WAIT'

async function takeChunk(tx: Transaction, parts: Parts, open: OpenChange): Promise<Step> {
  if (!(await holdChange(tx, open))) return 'DONE'
  const change = await tx.fieldTypeChange.findUniqueOrThrow({ where: { accountId_id: open } })
  if (change.barrier === null) {
    await setBarrier(tx, open)
    return 'MORE'
  }
  if (!(await isBarrierPassed(tx, change.barrier))) return 'WAIT'
  const definition = await fieldNow(tx, open.accountId, change.fieldId)
  const key = definition ? keyOf(definition) : ''
  const chunk = { key, after: change.cursor, limit: chunkSize }
  const holders = definition ? await findHolders(tx, open.accountId, chunk) : []
  const isLast = holders.length < chunkSize
  const now = parts.now()
  const done = definition
    ? await changeValues(tx, open.accountId, { definition, holders, removeLost: change.removeLost, now })
    : { converted: [], lost: [] }
  await tx.fieldTypeChange.update({
    where: { accountId_id: open },
    data: {
      cursor: holders.at(-1)?.id ?? change.cursor,
      converted: { increment: done.converted.length },
      lost: { increment: done.lost.length },
      ...(isLast ? { doneAt: now } : {}),
    },
  })
  const changed = [...done.converted, ...(change.removeLost ? done.lost : [])]
  const written = changed.map((personId): Written => ({ personId, touch: { fields: [key] }, cause: 'FIELDS' }))
  await refreshPeople(tx, { accountId: open.accountId, services: parts }, written)
  return isLast ? 'DONE' : 'MORE'
}

interface Changing {
  readonly definition: FieldDefinition
  readonly holders: readonly Holder[]
  readonly removeLost: boolean
  readonly now: Date
}

/** Returns the profiles whose values were converted, and those whose values cannot be. Their people are locked from here on. */
async function changeValues(
  tx: Transaction,
  accountId: string,
  { definition, holders, removeLost, now }: Changing,
): Promise<{ converted: readonly string[]; lost: readonly string[] }> {
  const ids = holders.map((holder) => holder.id)
  if (ids.length === 0) return { converted: [], lost: [] }
  const key = keyOf(definition)
  await lockWithPeople(tx, accountId, ids)
  const rules = rulesOf(definition)
  const rows = await findProfiles(tx, accountId, ids)
  const found = rows.flatMap((row) => {
    const value = own(row.fields, key) ?? null
    return value === null ? [] : [{ row, ...outcomeOf({ id: row.id, value }, rules, key) }]
  })
  const converted = found.flatMap(({ row, kind, sample }) => (kind === 'converted' ? [{ row, value: sample.to }] : []))
  const lost = found.flatMap(({ row, kind }) => (kind === 'lost' ? [row] : []))
  await convert(tx, accountId, { key, converted, isTyped: isTypedType(definition.type) })
  if (removeLost) await remove(tx, accountId, { key, rows: lost, now, rules })
  return { converted: converted.map(({ row }) => row.id), lost: lost.map(({ id }) => id) }
}

async function convert(
  tx: Transaction,
  accountId: string,
  {
    key,
    converted,
    isTyped,
  }: { key: string; converted: readonly { row: PersonRow; value: unknown }[]; isTyped: boolean },
): Promise<void> {
  await storeConverted(tx, accountId, { key, rows: converted.map(({ row, value }) => ({ id: row.id, value })) })
  const held = converted.map(({ row, value }) => ({
    ...{ profileId: row.id, field: key, value, until: own<ValueMeta>(row.fieldMeta, key)?.until },
  }))
  if (isTyped) await storeValues(tx, accountId, held)
  const history = converted.flatMap(({ row, value }) => {
    const meta = own<ValueMeta>(row.fieldMeta, key)
    if (!meta) return []
    const { at, until } = meta
    const told: Told = { name: key, value, at, ...(until === undefined ? {} : { until }), isRestated: false }
    return [historyRow(told, { profileId: row.id, source: 'CONVERTED' })]
  })
  await insertHistory(tx, accountId, history)
}

async function remove(
  tx: Transaction,
  accountId: string,
  { key, rows, now, rules }: { key: string; rows: readonly PersonRow[]; now: Date; rules: FieldsRules },
): Promise<void> {
  const changed = rows.map((row) => {
    const before = fieldsOfRow(row)
    const at = Math.max(now.getTime(), own(before.meta, key)?.at ?? 0)
    const { fields: after, history } = write(before, [{ name: key, value: undefined, at }])
    return { profileId: row.id, before, after, history }
  })
  if (changed.length === 0) return
  await storeFields(inOrder(tx), accountId, { changed, rules })
  const told = changed.flatMap(({ profileId, history }) =>
    history.map((one) => historyRow(one, { profileId, source: 'CONVERTED' })),
  )
  await insertHistory(tx, accountId, told)
}
