// What depends on a field: rules that name it, and values that are there.

import type { Context } from '../../context.ts'
import { type FieldDefinition, keyOf, stepsTo } from '../../core/fields/definition.ts'
import { orderEvents } from '../../core/orders.ts'
import { notFound } from '../../errors.ts'
import type { Transaction } from '../../platform/database.ts'
import { findFields } from '../programs/field-definitions.ts'
import { countHolders, findRuleUses, type RuleUse } from './sql.ts'

export interface FieldUsage {
  readonly definition: FieldDefinition & { readonly pii: boolean }
  readonly rules: readonly RuleUse[]
  /** Null for fields that are not kept with people. */
  readonly profileCount: number | null
}

/** NOT_FOUND for a field that is not defined. */
export async function fieldUsage(context: Context, id: string): Promise<FieldUsage> {
  const { accountId, sql } = context
  const { definitions } = await findFields(sql, accountId)
  const definition = definitions.find((one) => one.id === id)
  if (!definition) throw notFound('no such field', 'id')
  const rules = await usesOf(sql, accountId, { definitions, id })
  const steps = stepsTo(definitions, id)
  const isCounted = definition.owner === 'PROFILE' && steps.slice(0, -1).every(({ type }) => type !== 'LIST')
  const path = steps.map(keyOf)
  return { definition, rules, profileCount: isCounted ? await countHolders(sql, accountId, path) : null }
}

interface Asked {
  readonly definitions: readonly FieldDefinition[]
  readonly id: string
}

/** The journeys whose rules name the field; none for owners that rules cannot ask about. */
export async function usesOf(tx: Transaction, accountId: string, { definitions, id }: Asked): Promise<RuleUse[]> {
  const path = stepsTo(definitions, id)
  const owner = path.at(-1)
  if (!owner) return []
  // The last step may be a list, named with or without its elements.
  const named = path.map((one, i) => `${keyOf(one)}${one.type === 'LIST' && i < path.length - 1 ? '[]' : ''}`).join('.')
  if (owner.owner === 'PROFILE') return findRuleUses(tx, accountId, { path: named, member: 'field', events: null })
  const events = owner.owner === 'EVENT' ? [owner.eventName] : owner.owner === 'ORDER' ? orderEvents : []
  return events.length ? findRuleUses(tx, accountId, { path: named, member: 'eventData', events }) : []
}
