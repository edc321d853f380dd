// Changing what is stored: previewed first, and then exactly what was previewed is done. Both go through people in small steps,
// each of its own, so that neither holds up anybody.

import type { Context } from '../../context.ts'
import { isTypedField } from '../../core/fields/typed.ts'
import { type FieldRules, readField } from '../../core/normalise/fields.ts'
import type { ValueProblem } from '../../core/normalise/normalised.ts'
import { nearestOf, type Suggestion, suggestionsFor } from '../../core/normalise/suggest.ts'
import { badInput, conflict, notFound } from '../../errors.ts'
import { idInput, newId } from '../../ids.ts'
import type { Transaction } from '../../platform/database.ts'
import { retrying } from '../../platform/retry.ts'
import { turn } from '../../platform/turn.ts'
import { storeValues } from '../field-values/sql.ts'
import { historyRow, insertHistory } from '../profiles/fields.ts'
import { refreshPeople } from '../profiles/memberships.ts'
import { lockWithPeople } from '../profiles/sql.ts'
import * as planSql from './plan-sql.ts'
import { fieldInput } from './service.ts'

const pageSize = 2_000
const chunkSize = 500
/** Profiles that one call changes; the next call goes on. */
const maxAtOnce = 20_000
const keptMs = 24 * 3_600_000
/** Different values that are told apart while counting; beyond them those that come first are told. */
const maxTold = 10_000
const maxListed = 20

export interface ValueChange {
  before: unknown
  after: string
  profiles: number
}

export interface UnreadValue {
  value: unknown
  problem: ValueProblem
  profiles: number
  suggestion: Suggestion | null
}

export interface Preview {
  plan: string
  field: string
  people: number
  profiles: number
  unchanged: number
  changes: ValueChange[]
  unread: UnreadValue[]
  unreadProfiles: number
}

/** What the account's rules would make of what is stored in a field, and a plan that does it. BAD_INPUT for a field without rules. */
export async function previewValueMappings(context: Context, input: { field: string }): Promise<Preview> {
  const { accountId, services, now, sql, db } = context
  const field = fieldInput(input.field, 'input.field')
  const { fieldRules: rules } = await services.ruleSets.inForce(sql, accountId)
  if (!rules.fields.has(field)) throw badInput('the field has neither a normaliser nor mappings', 'input.field')
  await planSql.dropPlans(sql, accountId, new Date(now.getTime() - keptMs))
  const planId = newId()
  await db.valuePlan.create({ data: { accountId, id: planId, field, createdAt: now } })
  const tally = new Tally(rules, field)
  const countryField = rules.normalisers.get(field)?.countryField ?? null
  let after = '00000000-0000-0000-0000-000000000000'
  for (;;) {
    const page = await planSql.findValues(sql, accountId, { field, countryField, after, limit: pageSize })
    const rows = page.flatMap((row) => tally.take(row, countryField))
    if (rows.length > 0) tally.profiles += await planSql.insertPlanned(sql, accountId, { planId, field, rows })
    after = page.at(-1)?.profileId ?? after
    if (page.length < pageSize) break
    await turn()
  }
  const people = await planSql.countPlannedPeople(sql, accountId, planId)
  await db.valuePlan.update({
    where: { accountId_id: { accountId, id: planId } },
    data: { readyAt: context.now, planned: tally.profiles },
  })
  return { plan: planId, field, people, ...tally.told() }
}

/** Counts what becomes of values, page by page. */
class Tally {
  readonly #rules: FieldRules
  readonly #field: string
  /** In the plan. */
  profiles = 0
  #unchanged = 0
  #unreadProfiles = 0
  readonly #changes = new Map<string, ValueChange>()
  readonly #unread = new Map<string, UnreadValue>()

  constructor(rules: FieldRules, field: string) {
    this.#rules = rules
    this.#field = field
  }

  /** The row of the plan that changes the value; none where it stays. */
  take({ profileId, value, country }: planSql.StoredValue, countryField: string | null): planSql.PlannedValue[] {
    const beside = countryField === null || country === null ? {} : { [countryField]: country }
    const found = readField(this.#rules, this.#field, { ...beside, [this.#field]: value })
    if (!found || found.value === null) this.#leave(value, found?.problem ?? 'UNKNOWN')
    else if (!found.changed) this.#unchanged++
    else {
      count(
        this.#changes,
        { before: value, after: found.value, profiles: 0 },
        `${JSON.stringify(value)} ${found.value}`,
      )
      return [{ profileId, before: value, after: found.value }]
    }
    return []
  }

  #leave(value: unknown, problem: ValueProblem): void {
    this.#unreadProfiles++
    count(this.#unread, { value, problem, profiles: 0, suggestion: null }, JSON.stringify(value))
  }

  told() {
    const normaliser = this.#rules.normalisers.get(this.#field)
    return {
      profiles: this.profiles,
      unchanged: this.#unchanged,
      changes: most(this.#changes),
      unread: most(this.#unread).map((row) => ({
        ...row,
        suggestion: normaliser ? nearestOf(suggestionsFor(normaliser.kind, row.value, normaliser)) : null,
      })),
      unreadProfiles: this.#unreadProfiles,
    }
  }
}

function count<Row extends { profiles: number }>(rows: Map<string, Row>, fresh: Row, key: string): void {
  const row = rows.get(key) ?? fresh
  row.profiles++
  if (rows.size < maxTold) rows.set(key, row)
}

/** Those of the most profiles. */
const most = <Row extends { profiles: number }>(rows: ReadonlyMap<string, Row>): Row[] =>
  [...rows.values()].sort((a, b) => b.profiles - a.profiles).slice(0, maxListed)

export interface Applied {
  plan: string
  field: string
  /** All that the plan has changed, by all calls. */
  changed: number
  skipped: number
  remaining: number
}

/**
 * Does what was previewed, at most 20,000 profiles a call. A value that changed since the preview is left alone and counted.
 * NOT_FOUND for a plan that was never made or is over a day old, CONFLICT for a preview that did not come to its end.
 */
export async function applyValueMappings(context: Context, input: { plan: string | number }): Promise<Applied> {
  const { accountId, services, db } = context
  const planId = idInput('ValuePlan', input.plan, 'input.plan')
  const oldest = new Date(context.now.getTime() - keptMs)
  const where = { accountId_id: { accountId, id: planId } }
  const plan = await db.valuePlan.findUnique({ where })
  if (!plan || plan.createdAt < oldest) throw notFound('no such plan, or it is over a day old', 'input.plan')
  if (plan.readyAt === null) throw conflict('the preview did not come to its end', 'input.plan')
  for (let done = 0; done < maxAtOnce; done += chunkSize) {
    const taken = await retrying(() => services.database.transaction((tx) => applyChunk(tx, context, planId)))
    if (taken < chunkSize) break
    await turn()
  }
  const { changed, skipped } = await db.valuePlan.findUniqueOrThrow({ where })
  // Not what was planned less what is done: who was erased since is in the plan no more.
  const remaining = await db.valuePlanRow.count({ where: { accountId, planId } })
  return { plan: planId, field: plan.field, changed, skipped, remaining }
}

/** Returns how many rows of the plan it took. */
async function applyChunk(tx: Transaction, context: Context, planId: string): Promise<number> {
  const { accountId, now } = context
  const plan = await planSql.lockPlan(tx, accountId, planId)
  if (!plan) return 0
  const rows = await planSql.takePlanned(tx, accountId, { planId, limit: chunkSize })
  if (rows.length === 0) return 0
  const ids = rows.map(({ profileId }) => profileId)
  await lockWithPeople(tx, accountId, ids)
  const values = await planSql.changeValues(tx, accountId, { field: plan.field, rows })
  const changed = new Set(values.map(({ profileId }) => profileId))
  const done = rows.filter(({ profileId }) => changed.has(profileId))
  if (done.length > 0) await planSql.keepChanged(tx, accountId, { field: plan.field, rows: done, at: now })
  await tx.valuePlan.update({
    where: { accountId_id: { accountId, id: planId } },
    data: { changed: { increment: done.length }, skipped: { increment: rows.length - done.length } },
  })
  const { fields } = await context.services.ruleSets.inForce(tx, accountId)
  const held = values.map(({ profileId, after, meta }) => ({
    profileId,
    field: plan.field,
    value: after,
    until: meta?.until,
  }))
  if (isTypedField(fields?.of('PROFILE'), plan.field)) await storeValues(tx, accountId, held)
  await tell(tx, context, { field: plan.field, values })
  return rows.length
}

/** The same value in another form, as of when it was stated; whoever asks about the field looks again. */
async function tell(
  tx: Transaction,
  context: Context,
  { field, values }: { field: string; values: readonly planSql.ChangedValue[] },
): Promise<void> {
  const history = values.flatMap(({ profileId, after, meta }) =>
    meta
      ? [historyRow({ name: field, value: after, ...meta, isRestated: false }, { profileId, source: 'CONVERTED' })]
      : [],
  )
  await insertHistory(tx, context.accountId, history)
  const written = values.map(
    ({ profileId: personId }) => ({ personId, touch: { fields: [field] }, cause: 'FIELDS' }) as const,
  )
  if (await refreshPeople(tx, context, written)) context.services.live.wake(context.accountId)
}
