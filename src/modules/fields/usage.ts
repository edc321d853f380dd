// What depends on a field: rules that name it, and values that are there.

import type { Context } from '../../context.ts'
import { type FieldDefinition, keyOf, stepsTo } from '../../core/fields/definition.ts'
import { orderTellers } from '../../core/orders/telling.ts'
import { notFound } from '../../errors.ts'
import type { Transaction } from '../../platform/database.ts'
import { findFields } from '../programs/field-definitions.ts'
import { type FieldPlace, fieldPlaces } from '../programs/rule-reading.ts'
import { findDynamicAudiences } from '../programs/sql.ts'
import { countHolders, findRuleUses, type RuleUse } from './sql.ts'

export interface AudienceUse {
  readonly id: string
  readonly name: string
}

export interface FieldUsage {
  readonly definition: FieldDefinition & { readonly pii: boolean }
  readonly rules: readonly RuleUse[]
  /** Those whose rule in force names it. */
  readonly audiences: readonly AudienceUse[]
  /** Null for fields that are not kept with people. */
  readonly profileCount: number | null
}

/** NOT_FOUND for a field that is not defined. */
export async function fieldUsage(context: Context, id: string): Promise<FieldUsage> {
  const { accountId, sql } = context
  const { definitions } = await findFields(sql, accountId)
  const definition = definitions.find((one) => one.id === id)
  if (!definition) throw notFound('no such field', 'id')
  const { rules, audiences } = await usesOf(sql, accountId, { definitions, id })
  const steps = stepsTo(definitions, id)
  const isCounted = definition.owner === 'PROFILE' && steps.slice(0, -1).every(({ type }) => type !== 'LIST')
  const path = steps.map(keyOf)
  return { definition, rules, audiences, profileCount: isCounted ? await countHolders(sql, accountId, path) : null }
}

interface Asked {
  readonly definitions: readonly FieldDefinition[]
  readonly id: string
}

type Uses = Pick<FieldUsage, 'rules' | 'audiences'>

/** The journeys and the audiences whose rules name the field or a part of it; none for owners that rules cannot ask about. */
export async function usesOf(tx: Transaction, accountId: string, { definitions, id }: Asked): Promise<Uses> {
  const path = stepsTo(definitions, id)
  const owner = path.at(-1)
  if (!owner) return { rules: [], audiences: [] }
  // The last step may be a list, named with or without its elements.
  const named = path.map((one, i) => `${keyOf(one)}${one.type === 'LIST' && i < path.length - 1 ? '[]' : ''}`).join('.')
  if (owner.owner === 'PROFILE') {
    const rules = await findRuleUses(tx, accountId, { path: named, member: 'field', events: null })
    return { rules, audiences: await findAudienceUses(tx, accountId, named) }
  }
  const events = owner.owner === 'EVENT' ? [owner.eventName] : owner.owner === 'ORDER' ? orderTellers : []
  if (events.length === 0) return { rules: [], audiences: [] }
  return { rules: await findRuleUses(tx, accountId, { path: named, member: 'eventData', events }), audiences: [] }
}

/** At most a thousand have rules, so all are read. An audience knows no event, so it asks about people's fields alone. */
async function findAudienceUses(tx: Transaction, accountId: string, named: string): Promise<AudienceUse[]> {
  const isNamed = ({ owner, field }: FieldPlace) =>
    owner === 'PROFILE' && field.startsWith(named) && ['', '.', '['].includes(field.charAt(named.length))
  const users = (await findDynamicAudiences(tx, accountId)).filter(({ rule }) => fieldPlaces(rule, '').some(isNamed))
  if (users.length === 0) return []
  return tx.audience.findMany({
    where: { accountId, id: { in: users.map((one) => one.id) } },
    select: { id: true, name: true },
    orderBy: { id: 'asc' },
  })
}
