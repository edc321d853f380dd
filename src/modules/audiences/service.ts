// Making audiences and changing what they are: names, rules, archives.

import type { Context } from '../../context.ts'
import { circleOf } from '../../core/audiences/dynamic.ts'
import type { Rule } from '../../core/rules/rule.ts'
import { badInput, conflict, notFound } from '../../errors.ts'
import { idInput, newId } from '../../ids.ts'
import type { Transaction } from '../../platform/database.ts'
import { checkedText } from '../../text.ts'
import { countConditions } from '../profiles/filter-sql.ts'
import { assertMayAsk } from '../programs/asking.ts'
import { assertFieldNames } from '../programs/field-definitions.ts'
import {
  audiencePlaces,
  fieldPlaces,
  programPlaces,
  type RulePlace,
  type RuleShape,
  ruleOf,
} from '../programs/rule-reading.ts'
import { bumpRules, findDynamicAudiences } from '../programs/sql.ts'
import { fillNow } from './fill.ts'
import { dropDuesOf, findUsingCampaigns } from './sql.ts'

/** Conditions of an audience's rule. */
const maxConditions = 200
/** Dynamic audiences of an account that are not archived. */
const maxDynamic = 1_000

export interface CreateAudienceInput {
  name: string
  rule?: RuleShape | null
}

/** Makes an audience, static without a rule; returns its id. CONFLICT for a name that is taken; BAD_INPUT and NOT_FOUND for the rule. */
export async function createAudience(context: Context, input: CreateAudienceInput): Promise<string> {
  const { accountId, services, now } = context
  const audience = { accountId, id: newId(), name: checkedText(input.name, 'input.name'), createdAt: now }
  const rule = input.rule ? checkedRule(input.rule, 'input.rule') : null
  await services.database.transaction(async (tx) => {
    if (rule) await bumpRules(tx, accountId)
    const { count } = await tx.audience.createMany({ data: [audience], skipDuplicates: true })
    if (count === 0) throw conflict('another audience has that name', 'input.name')
    if (rule) await setRule(tx, context, { id: audience.id, rule, number: 1 })
  })
  if (rule) await fillNow(services, { accountId, audienceId: audience.id })
  return audience.id
}

export interface UpdateAudienceInput {
  audienceId: string | number
  name?: string | null
  rule?: RuleShape | null
}

/** Renames an audience, or gives a dynamic one another rule. CONFLICT for a rule of a static one, an archived one, or a name that is taken. */
export async function updateAudience(context: Context, input: UpdateAudienceInput): Promise<string> {
  const { accountId, services } = context
  const id = idInput('Audience', input.audienceId, 'input.audienceId')
  const name = input.name == null ? undefined : checkedText(input.name, 'input.name')
  const rule = input.rule ? checkedRule(input.rule, 'input.rule') : null
  await services.database.transaction(async (tx) => {
    if (rule) await bumpRules(tx, accountId)
    const audience = await lockAudience(tx, accountId, id)
    if (name !== undefined) {
      const taken = await tx.audience.findFirst({ where: { accountId, name, id: { not: id } }, select: { id: true } })
      if (taken) throw conflict('another audience has that name', 'input.name')
      await tx.audience.update({ where: { accountId_id: { accountId, id } }, data: { name } })
    }
    if (!rule) return
    if (audience.isBuiltIn) throw conflict('a built-in audience keeps its rule', 'input.rule')
    if (audience.ruleVersion === 0) throw conflict('a static audience takes no rule', 'input.rule')
    await setRule(tx, context, { id, rule, number: audience.ruleVersion + 1 })
  })
  if (rule) await fillNow(services, { accountId, audienceId: id })
  return id
}

/** Takes an audience out of use; its history stays. CONFLICT, naming them, while campaigns or other audiences ask about it. */
export async function archiveAudience(context: Context, input: { audienceId: string | number }): Promise<string> {
  const { accountId, services, now } = context
  const id = idInput('Audience', input.audienceId, 'input.audienceId')
  await services.database.transaction(async (tx) => {
    await bumpRules(tx, accountId)
    const audience = await tx.audience.findUnique({ where: { accountId_id: { accountId, id } } })
    if (!audience) throw notFound(`no audience ${id}`, 'input.audienceId')
    if (audience.archivedAt) return
    if (audience.builtIn) throw conflict('a built-in audience stays', 'input.audienceId')
    const others = (await findDynamicAudiences(tx, accountId)).filter(({ rule }) =>
      audiencePlaces(rule, '').some((place) => place.id === id),
    )
    const names = await tx.audience.findMany({ where: { accountId, id: { in: others.map((one) => one.id) } } })
    const campaigns = await findUsingCampaigns(tx, accountId, id)
    const users = [...campaigns.map((one) => `campaign ${one.name}`), ...names.map((one) => `audience ${one.name}`)]
    if (users.length > 0) throw conflict(`in use by ${users.join(', ')}`, 'input.audienceId')
    await tx.audience.update({ where: { accountId_id: { accountId, id } }, data: { archivedAt: now } })
  })
  await dropDuesOf(services.database.system, { accountId, audienceId: id })
  return id
}

interface Locked {
  ruleVersion: number
  isBuiltIn: boolean
}

/** The audience, which nobody else changes until the transaction ends. NOT_FOUND; CONFLICT for one that is archived. */
export async function lockAudience(tx: Transaction, accountId: string, id: string): Promise<Locked> {
  const [row] = await tx.$queryRaw<(Locked & { isArchived: boolean })[]>`
    SELECT rule_version AS "ruleVersion", built_in IS NOT NULL AS "isBuiltIn", archived_at IS NOT NULL AS "isArchived" FROM audience
    WHERE account_id = ${accountId}::uuid AND id = ${id}::uuid FOR NO KEY UPDATE`
  if (!row) throw notFound(`no audience ${id}`, 'input.audienceId')
  if (row.isArchived) throw conflict('the audience is archived', 'input.audienceId')
  return row
}

/** The rule that the input says. BAD_INPUT, naming the place; NOT_FOUND is for who stores it. */
export function checkedRule(input: RuleShape, path: string): Rule {
  const rule = ruleOf(input, path)
  if (countConditions(rule) > maxConditions) throw badInput(`over ${maxConditions} conditions`, path)
  return rule
}

interface NewRule {
  id: string
  rule: Rule
  number: number
}

/** Gives the audience the rule, after bumpRules: rules change one after the other, so nobody else closes a circle meanwhile. */
export async function setRule(tx: Transaction, context: Context, { id, rule, number }: NewRule): Promise<void> {
  const { accountId, now } = context
  await assertNamed(tx, context, { rule, path: 'input.rule' })
  const others = (await findDynamicAudiences(tx, accountId)).filter((one) => one.id !== id)
  if (others.length >= maxDynamic) throw conflict(`over ${maxDynamic} dynamic audiences`, 'input.rule')
  const circle = circleOf({ id, rule }, others)
  if (circle)
    throw conflict(`audiences would ask about one another: ${await named(tx, accountId, circle)}`, 'input.rule')
  const json = JSON.parse(JSON.stringify(rule))
  await tx.audience.update({
    where: { accountId_id: { accountId, id } },
    data: { rule: json, ruleVersion: number, fillBarrier: null, fillAfter: null },
  })
  await tx.audienceVersion.create({ data: { accountId, audienceId: id, number, rule: json, since: now } })
}

async function named(tx: Transaction, accountId: string, ids: readonly string[]): Promise<string> {
  const rows = await tx.audience.findMany({ where: { accountId, id: { in: [...ids] } } })
  const names = new Map(rows.map(({ id, name }) => [id, name]))
  return ids.map((id) => names.get(id) ?? id).join(' → ')
}

/**
 * NOT_FOUND, naming the place, for an audience, a program or a field that the account does not have; archived and deleted ones it
 * has no more. FORBIDDEN for what the caller may not ask.
 */
export async function assertNamed(
  tx: Transaction,
  context: Context,
  { rule, path }: { rule: Rule; path: string },
): Promise<void> {
  const { accountId } = context
  const audiences = audiencePlaces(rule, path)
  const programs = programPlaces(rule, path)
  const asked = (places: readonly RulePlace[]) => ({ accountId, id: { in: places.map(({ id }) => id) } })
  if (audiences.length > 0)
    assertKnown('audience', audiences, await tx.audience.findMany({ where: { ...asked(audiences), archivedAt: null } }))
  if (programs.length > 0) assertKnown('program', programs, await tx.program.findMany({ where: asked(programs) }))
  await assertFieldNames(tx, accountId, { places: fieldPlaces(rule, path), events: [] })
  await assertMayAsk(tx, context, fieldPlaces(rule, path))
}

function assertKnown(noun: string, places: readonly RulePlace[], rows: readonly { id: string }[]): void {
  const known = new Set(rows.map(({ id }) => id))
  const stray = places.find(({ id }) => !known.has(id))
  if (stray) throw notFound(`no ${noun} ${stray.id}`, stray.path)
}
