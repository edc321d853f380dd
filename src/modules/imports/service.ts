// Making, confirming and cancelling imports. What they do to rows happens elsewhere, beside everything else.

import { can, refusal } from '../../access.ts'
import type { Context } from '../../context.ts'
import { delimiters } from '../../core/imports/delimiter.ts'
import { badInput, conflict, notFound } from '../../errors.ts'
import type {
  ApiScope,
  BlankCells,
  Import,
  ImportKind,
  ImportMode,
  ImportStrategy,
  Prisma,
} from '../../generated/prisma/client.ts'
import { idInput, newId } from '../../ids.ts'
import type { Transaction } from '../../platform/database.ts'
import { checkedOptional, checkedText } from '../../text.ts'
import { lockTarget } from './audience.ts'
import { type ImportOptions, tallyOf } from './job.ts'
import { importKinds } from './kinds.ts'
import { newLinkSecret } from './links.ts'
import { lockImport } from './sql.ts'

export interface ColumnMappingInput {
  column: string
  field?: string | null
}

export interface CreateImportInput {
  kind: ImportKind
  mode?: ImportMode | null
  strategy?: ImportStrategy | null
  blankCells?: BlankCells | null
  fileName?: string | null
  mapping?: readonly ColumnMappingInput[] | null
  preset?: string | null
  unknownColumns?: 'TAKE' | 'IGNORE' | null
  delimiter?: string | null
  audienceId?: string | number | null
  attribute?: boolean | null
}

const maxMappings = 1_000
/** Imports of an account that are not done. */
const maxOpen = 100

/** What it takes to bring in rows of a kind. */
const scopesOf: Readonly<Record<ImportKind, ApiScope>> = {
  PEOPLE: 'PROFILES_WRITE',
  FIELD_VALUES: 'PROFILES_WRITE',
  AUDIENCE: 'CAMPAIGNS_WRITE',
  EVENTS: 'PROFILES_WRITE',
  PRODUCTS: 'PROFILES_WRITE',
  CUSTOMERS: 'PROFILES_WRITE',
  ORDERS: 'PROFILES_WRITE',
  ORDER_ITEMS: 'PROFILES_WRITE',
}

const strategiesOf: Readonly<Record<ImportKind, readonly ImportStrategy[]>> = {
  PEOPLE: ['CREATE_ONLY', 'UPDATE_ONLY', 'UPSERT', 'REPLACE'],
  FIELD_VALUES: ['UPDATE_ONLY', 'UPSERT'],
  AUDIENCE: ['CREATE_ONLY', 'UPDATE_ONLY', 'UPSERT'],
  EVENTS: ['UPDATE_ONLY', 'UPSERT'],
  PRODUCTS: ['CREATE_ONLY', 'UPDATE_ONLY', 'UPSERT'],
  CUSTOMERS: ['CREATE_ONLY', 'UPDATE_ONLY', 'UPSERT', 'REPLACE'],
  ORDERS: ['CREATE_ONLY', 'UPDATE_ONLY', 'UPSERT'],
  ORDER_ITEMS: ['CREATE_ONLY', 'UPDATE_ONLY', 'UPSERT'],
}

/** FORBIDDEN where the caller's key may not bring in rows of that kind. */
export function assertMayImport({ principal }: Context, kind: ImportKind): void {
  const scope = scopesOf[kind]
  if (!can(principal, [scope])) throw refusal(principal, { field: `imports of ${kind}`, scopes: [scope] })
}

/** Makes an import, which waits for its file; returns its id. BAD_INPUT for options that do not go together; LIMIT_EXCEEDED. */
export async function createImport(context: Context, input: CreateImportInput): Promise<string> {
  const { accountId, services, now, principal } = context
  const { kind } = input
  assertMayImport(context, kind)
  const strategy = input.strategy ?? 'UPSERT'
  if (!strategiesOf[kind].includes(strategy))
    throw badInput(`imports of ${kind} take ${strategiesOf[kind].join(', ')}`, 'input.strategy')
  const id = newId()
  await services.database.transaction(async (tx) => {
    const options = await optionsIn(tx, context, input)
    const open = await tx.import.count({ where: { accountId, doneAt: null, state: { not: 'FAILED' } } })
    if (open >= maxOpen) throw conflict(`${maxOpen} imports are not done yet; finish or cancel some`)
    const job = await tx.import.create({
      data: {
        ...{ accountId, id, kind, strategy, mode: input.mode ?? 'PLAN', blankCells: input.blankCells ?? 'IGNORE' },
        ...{ fileName: checkedOptional(input.fileName, 'input.fileName'), secret: newLinkSecret(), createdAt: now },
        ...{ apiKeyId: principal?.keyId ?? null, options: options as unknown as Prisma.InputJsonObject }, // Plain JSON.
      },
    })
    if (kind === 'AUDIENCE') await lockTarget({ tx, job })
  })
  return id
}

async function optionsIn(tx: Transaction, { accountId }: Context, input: CreateImportInput): Promise<ImportOptions> {
  const { kind, attribute, audienceId, delimiter } = input
  if (attribute && kind !== 'EVENTS') throw badInput('only events are attributed', 'input.attribute')
  if ((audienceId != null) !== (kind === 'AUDIENCE'))
    throw badInput(
      kind === 'AUDIENCE' ? 'the audience is missing' : 'only imports of AUDIENCE have one',
      'input.audienceId',
    )
  if (delimiter != null && !delimiters.some((one) => one === delimiter))
    throw badInput('a comma, a semicolon, a tab or a |', 'input.delimiter')
  const preset = input.preset == null ? {} : await presetMapping(tx, { accountId, name: input.preset, kind })
  return {
    mapping: { ...preset, ...mappingOf(input.mapping ?? [], 'input.mapping') },
    strangers: input.unknownColumns ?? null,
    delimiter: delimiter ?? null,
    audienceId: audienceId == null ? null : idInput('Audience', audienceId, 'input.audienceId'),
    attribute: attribute ?? false,
  }
}

/** By column, what it tells. BAD_INPUT for one that is named twice. */
export function mappingOf(given: readonly ColumnMappingInput[], path: string): Record<string, string | null> {
  if (given.length > maxMappings) throw badInput(`over ${maxMappings} columns`, path)
  const mapping = new Map<string, string | null>()
  for (const [index, { column, field }] of given.entries()) {
    const name = checkedText(column, `${path}[${index}].column`)
    if (mapping.has(name)) throw badInput('the column is there twice', `${path}[${index}].column`)
    mapping.set(name, checkedOptional(field, `${path}[${index}].field`))
  }
  return Object.fromEntries(mapping)
}

async function presetMapping(
  tx: Transaction,
  { accountId, name, kind }: { accountId: string; name: string; kind: ImportKind },
): Promise<ImportOptions['mapping']> {
  const preset = await tx.importPreset.findUnique({ where: { accountId_name: { accountId, name: name.trim() } } })
  if (!preset) throw notFound('no such preset', 'input.preset')
  if (preset.kind !== kind) throw badInput(`the preset is for ${preset.kind}`, 'input.preset')
  return Object.fromEntries(presetColumns(preset.options).map(({ column, field }) => [column, field]))
}

/** The import, locked. NOT_FOUND. */
async function lockedJob(tx: Transaction, context: Context, given: string | number): Promise<Import> {
  const key = { accountId: context.accountId, id: idInput('Import', given, 'input.importId') }
  await lockImport(tx, key)
  const job = await tx.import.findUnique({ where: { accountId_id: key } })
  if (!job) throw notFound('no such import', 'input.importId')
  assertMayImport(context, job.kind)
  return job
}

const keyOf = ({ accountId, id }: Import) => ({ accountId_id: { accountId, id } })

/**
 * Does what was planned, and no more; one that was stopped by a fault goes on. Returns its id; one that is confirmed already stays as
 * it is. CONFLICT for one without a plan, or that was cancelled.
 */
export async function commitImport(context: Context, { importId }: { importId: string | number }): Promise<string> {
  const { services } = context
  const id = await services.database.transaction(async (tx) => {
    const job = await lockedJob(tx, context, importId)
    if (job.rowsDroppedAt !== null) throw conflict('its rows are kept no longer; send the file again', 'input.importId')
    if (job.state === 'AWAITING_CONFIRMATION') {
      await tx.import.update({ where: keyOf(job), data: { state: 'RUNNING', cursor: 0, version: { increment: 1 } } })
    } else if (job.state === 'FAILED' && job.uploadedAt !== null) {
      const fresh = { faultCode: null, faultMessage: null, doneAt: null, version: { increment: 1 } }
      await tx.import.update({ where: keyOf(job), data: { state: stoppedState(job), ...fresh } })
    } else if (!['RUNNING', 'DONE', 'DONE_WITH_ERRORS'].includes(job.state))
      throw conflict(`there is no plan to carry out: the import is ${job.state}`, 'input.importId')
    return job.id
  })
  services.imports.tell(id)
  services.imports.wake()
  return id
}

/** In which state a failed one was stopped. */
function stoppedState(job: Import): 'VALIDATING' | 'RUNNING' {
  const count = (column: 'planned' | 'applied') =>
    Object.values(tallyOf(job[column])).reduce((sum, one) => sum + one, 0)
  const plans = job.mode === 'PLAN' || importKinds[job.kind].plansFirst
  // Whatever is brought in counts at once: what stands further than that was about to end its plan.
  const isPlanned = count('planned') >= job.rows && job.cursor === 0
  return plans && count('applied') === 0 && !isPlanned ? 'VALIDATING' : 'RUNNING'
}

/** Stops an import after the chunk at hand: what it brought in stays, and its rows tell. CONFLICT for one that is done. */
export async function cancelImport(context: Context, { importId }: { importId: string | number }): Promise<string> {
  const { services, now } = context
  const id = await services.database.transaction(async (tx) => {
    const job = await lockedJob(tx, context, importId)
    if (job.state === 'DONE' || job.state === 'DONE_WITH_ERRORS') throw conflict('the import is done', 'input.importId')
    if (job.state !== 'CANCELLED')
      await tx.import.update({
        where: keyOf(job),
        data: { state: 'CANCELLED', doneAt: now, version: { increment: 1 } },
      })
    return job.id
  })
  services.imports.tell(id)
  return id
}

export interface MappedColumn {
  readonly column: string
  readonly field: string | null
}

/** What a preset says, in the order in which it was given. */
export const presetColumns = (options: unknown) => (options as { mapping: readonly MappedColumn[] }).mapping // As `saveImportPreset` stored it.

export interface SavePresetInput {
  name: string
  kind: ImportKind
  mapping: readonly ColumnMappingInput[]
}

/** Keeps a mapping of columns under a name, in place of one that has the name; returns the name. */
export async function saveImportPreset(context: Context, input: SavePresetInput): Promise<string> {
  const { accountId, db, now } = context
  assertMayImport(context, input.kind)
  const name = checkedText(input.name, 'input.name')
  const mapping = Object.entries(mappingOf(input.mapping, 'input.mapping')).map(([column, field]) => ({
    column,
    field,
  }))
  const options = { mapping }
  const data = { kind: input.kind, options }
  await db.importPreset.upsert({
    where: { accountId_name: { accountId, name } },
    create: { accountId, name, createdAt: now, ...data },
    update: data,
  })
  return name
}

/** Whether there was one of the name. */
export async function deleteImportPreset({ accountId, db }: Context, { name }: { name: string }): Promise<boolean> {
  const { count } = await db.importPreset.deleteMany({ where: { accountId, name: name.trim() } })
  return count > 0
}
