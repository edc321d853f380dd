// Taking over what accounts of an industry usually send.

import type { Context } from '../../context.ts'
import { apiNameOf, type FieldDefinition } from '../../core/fields/definition.ts'
import { immutableFields } from '../../core/fields/operations.ts'
import { type Template, type TemplateField, type TemplateName, templates } from '../../core/templates.ts'
import { ApiError, badInput } from '../../errors.ts'
import { newId } from '../../ids.ts'
import type { Transaction } from '../../platform/database.ts'
import { bumpRules } from '../programs/sql.ts'

export interface Installed {
  readonly template: Template
  /** Names of event types that the account did not have. */
  readonly events: readonly string[]
  /** Fields that it did not have, as `OWNER name` or `EVENT event.name`. */
  readonly fields: readonly string[]
}

const maxDefinitions = 1_000

/**
 * Defines what of the template the account has not defined; what it has, or has deleted, stays as it is, so a second time changes
 * nothing. LIMIT_EXCEEDED where the account would have over 1,000 fields.
 */
export async function installTemplate(context: Context, { name }: { name: TemplateName }): Promise<Installed> {
  const template = templates.find((one) => one.name === name)
  if (!template) throw badInput('no such template', 'input.name')
  const { accountId, services, now } = context
  return services.database.transaction(async (tx) => {
    await bumpRules(tx, accountId)
    const aliases = new Set((await tx.eventTypeAlias.findMany({ where: { accountId } })).map(({ alias }) => alias))
    const known = new Set((await tx.eventType.findMany({ where: { accountId } })).map((one) => one.name))
    const events = template.events.filter((event) => !known.has(event.name) && !aliases.has(event.name))
    const rows = events.map((event) => ({ ...event, accountId, createdAt: now }))
    await tx.eventType.createMany({ data: rows })
    // An alias is another event by then, and the account has said what that one is.
    const open = template.fields.filter(({ eventName }) => !aliases.has(eventName))
    const fields = await defineMissing(tx, context, open)
    return { template, events: events.map((event) => event.name), fields: fields.map(pathOf) }
  })
}

const pathOf = ({ owner, eventName, name }: TemplateField) =>
  owner === 'EVENT' ? `EVENT ${eventName}.${name}` : `${owner} ${name}`

const placeOf = ({ owner, eventName }: Pick<FieldDefinition, 'owner' | 'eventName'>) => `${owner} ${eventName}`

async function defineMissing(
  tx: Transaction,
  { accountId, now }: Context,
  wanted: readonly TemplateField[],
): Promise<TemplateField[]> {
  const rows = await tx.fieldDefinition.findMany({ where: { accountId, place: '' } })
  const taken = new Map<string, Set<string>>()
  const takenAt = (field: Pick<FieldDefinition, 'owner' | 'eventName'>) => {
    const names = taken.get(placeOf(field)) ?? new Set()
    taken.set(placeOf(field), names)
    return names
  }
  for (const row of rows) takenAt(row).add(row.name).add(row.apiName)
  const missing = wanted.filter((field) => !takenAt(field).has(field.name))
  const total = (await tx.fieldDefinition.count({ where: { accountId, deletedAt: null } })) + missing.length
  if (total > maxDefinitions)
    throw new ApiError('LIMIT_EXCEEDED', `over ${maxDefinitions} fields would be defined`, { field: 'input.name' })
  const data = missing.map(({ values, ...field }) => {
    const names = takenAt(field)
    const apiName = apiNameOf(field.name, (one) => names.has(one) || immutableFields.has(one))
    names.add(field.name).add(apiName)
    return { ...field, apiName, values: [...values], accountId, id: newId(), createdAt: now }
  })
  await tx.fieldDefinition.createMany({ data })
  return missing
}
