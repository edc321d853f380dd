// Carries out type changes beside everything else: those of this process at once, those that another left undone within a minute.

import type { Services } from '../../context.ts'
import type { FieldsRules } from '../../core/fields/check.ts'
import { keyOf } from '../../core/fields/definition.ts'
import { own, type ValueMeta } from '../../core/fields/fold.ts'
import { isTypedType } from '../../core/fields/typed.ts'
import { type Told, write } from '../../core/fields/write.ts'
import type { Transaction } from '../../platform/database.ts'
import { retrying } from '../../platform/retry.ts'
import { inOrder } from '../../platform/statements.ts'
import { storeValues } from '../field-values/sql.ts'
import { fieldsOfRow, type PersonRow } from '../member-fields/rows.ts'
import { historyRow, insertHistory, storeFields } from '../profiles/fields.ts'
import { findProfiles, lockProfiles } from '../profiles/sql.ts'
import { fieldNow, outcomeOf, rulesOf } from './type-change.ts'
import { findHolders, findOpenChanges, holdChange, type OpenChange, storeConverted } from './type-change-sql.ts'

const chunkSize = 500
const roundMs = 60_000

type Parts = Pick<Services, 'database' | 'log' | 'now'>

export class TypeChanges {
  readonly #parts: Parts
  #timer: NodeJS.Timeout | undefined
  #round: Promise<void> | null = null
  #isWoken = false
  #isClosed = false

  constructor(parts: Parts) {
    this.#parts = parts
    this.#timer = setInterval(() => this.wake(), roundMs).unref()
    this.wake()
  }

  /** There may be something to do. */
  wake(): void {
    this.#isWoken = true
    if (this.#round || this.#isClosed) return
    this.#round = this.#work()
      .catch((error: unknown) =>
        this.#parts.log.error({ err: error }, 'a type change failed; it is tried again in a minute'),
      )
      .finally(() => {
        this.#round = null
        if (this.#isWoken) this.wake()
      })
  }

  /** Finishes the chunk at hand. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    this.#timer = undefined
    await this.#round
  }

  async #work(): Promise<void> {
    while (this.#isWoken && !this.#isClosed) {
      this.#isWoken = false
      for (const change of await findOpenChanges(this.#parts.database.system)) {
        while (!this.#isClosed && (await this.#chunk(change))) {}
      }
    }
  }

  /** Whether there may be more. */
  #chunk(change: OpenChange): Promise<boolean> {
    const { database, now } = this.#parts
    return retrying(() => database.transaction((tx) => takeChunk(tx, change, now())))
  }
}

async function takeChunk(tx: Transaction, open: OpenChange, now: Date): Promise<boolean> {
  const { accountId, id } = open
  if (!(await holdChange(tx, open))) return false
  const change = await tx.fieldTypeChange.findUniqueOrThrow({ where: { accountId_id: open } })
  const definition = await fieldNow(tx, accountId, change.fieldId)
  const key = definition ? keyOf(definition) : ''
  const chunk = { key, after: change.cursor, limit: chunkSize }
  const holders = definition ? await findHolders(tx, accountId, chunk) : []
  const ids = holders.map((holder) => holder.id)
  if (definition && ids.length > 0) {
    await lockProfiles(tx, accountId, ids)
    const rules = rulesOf(definition)
    const rows = await findProfiles(tx, accountId, ids)
    const found = rows.flatMap((row) => {
      const value = own(row.fields, key) ?? null
      return value === null ? [] : [{ row, ...outcomeOf({ id: row.id, value }, rules, key) }]
    })
    const converted = found.flatMap(({ row, kind, sample }) =>
      kind === 'converted' ? [{ row, value: sample.to }] : [],
    )
    const lost = found.flatMap(({ row, kind }) => (kind === 'lost' ? [row] : []))
    const isTyped = isTypedType(definition.type)
    await convert(tx, accountId, { key, converted, isTyped })
    if (change.removeLost) await remove(tx, accountId, { key, rows: lost, now, rules })
    await tx.fieldTypeChange.update({
      where: { accountId_id: open },
      data: {
        cursor: ids.at(-1) ?? null,
        converted: { increment: converted.length },
        lost: { increment: lost.length },
      },
    })
  }
  if (ids.length === chunkSize) return true
  await tx.fieldTypeChange.update({ where: { accountId_id: { accountId, id } }, data: { doneAt: now } })
  return false
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
