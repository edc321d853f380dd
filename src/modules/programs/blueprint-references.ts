// Names in place of ids and back: what campaigns refer to, in required targets and in rules.

import { decodeId } from '../../core/ids.ts'
import { checkRule } from '../../core/rules/check.ts'
import type { Rule } from '../../core/rules/rule.ts'
import { badInput, notFound } from '../../errors.ts'
import type { Transaction } from '../../platform/database.ts'
import type { Draft } from './drafts.ts'
import { audiencePlaces, programPlaces, type RuleShape } from './rule-reading.ts'

/** Names by UUID. */
export interface ProgramNames {
  campaigns: ReadonlyMap<string, string>
  programs: ReadonlyMap<string, string>
  audiences: ReadonlyMap<string, string>
}

/** The names of everything that the drafts refer to by an id. */
export async function namesOf(tx: Transaction, accountId: string, drafts: readonly Draft[]): Promise<ProgramNames> {
  const targets = drafts.flatMap(({ requiredTargets }) => requiredTargets)
  const rules = drafts
    .flatMap(({ definitions }) => definitions.flatMap(({ entry, ongoing }) => [entry, ongoing]))
    .filter((rule) => rule !== null)
  const named = (ids: readonly (string | null)[]) => ({
    where: { accountId, id: { in: ids.filter((id) => id !== null) } },
    select: { id: true, name: true },
  })
  const byId = (rows: readonly { id: string; name: string }[]) => new Map(rows.map(({ id, name }) => [id, name]))
  const valuesOf = (kind: 'CAMPAIGN_ID' | 'PROGRAM') =>
    targets.flatMap((target) => (target.kind === kind ? [target.value] : []))
  const programs = [
    ...valuesOf('PROGRAM').map((value) => decodeId('Program', value)),
    ...rules.flatMap((rule) => programPlaces(rule, '').map(({ id }) => id)),
  ]
  const audiences = rules.flatMap((rule) => audiencePlaces(rule, '').map(({ id }) => id))
  return {
    campaigns: byId(await tx.campaign.findMany(named(valuesOf('CAMPAIGN_ID')))),
    programs: byId(await tx.program.findMany(named(programs))),
    audiences: byId(await tx.audience.findMany(named(audiences))),
  }
}

/** The rule with names in place of ids. */
export function withNames(rule: Rule, names: ProgramNames): unknown {
  if ('all' in rule) return { all: rule.all.map((member) => withNames(member, names)) }
  if ('any' in rule) return { any: rule.any.map((member) => withNames(member, names)) }
  if ('not' in rule) return { not: withNames(rule.not, names) }
  if ('audience' in rule) {
    const { id, ...rest } = rule.audience
    return { audience: { name: names.audiences.get(id), ...rest } }
  }
  if (!('relationship' in rule)) return rule
  const { programId, ...rest } = rule.relationship
  return { relationship: { ...rest, ...(programId == null ? {} : { program: names.programs.get(programId) }) } }
}

/** UUIDs by name: of what the document makes, else of what the account has. */
export interface References {
  campaigns: ReadonlyMap<string, string>
  programs: ReadonlyMap<string, string>
  audiences: ReadonlyMap<string, string>
}

/** The UUID of what is called so. NOT_FOUND at the place. */
export function referenced(
  references: References,
  noun: 'campaign' | 'program' | 'audience',
  { name, path }: { name: unknown; path: string },
): string {
  if (typeof name !== 'string') throw badInput(`not the name of a ${noun}`, path)
  const id = references[`${noun}s`].get(name)
  if (id === undefined) throw notFound(`no ${noun} is called ${name.slice(0, 200)}`, path)
  return id
}

/** The rule with ids in place of names, checked. BAD_INPUT or NOT_FOUND naming the place; whatever the value is. */
export function ruleWithIds(value: unknown, references: References, path: string): RuleShape {
  const rule = withIds(value, references, path)
  const fault = checkRule(rule)
  if (fault) throw badInput(fault.message, fault.at ? `${path}.${fault.at}` : path)
  return rule as RuleShape // checkRule has seen all of it.
}

function withIds(value: unknown, references: References, path: string): unknown {
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, nodeWithIds({ key, inner }, references, `${path}.${key}`)]),
  )
}

function nodeWithIds({ key, inner }: { key: string; inner: unknown }, references: References, path: string): unknown {
  if (key === 'not') return withIds(inner, references, path)
  if ((key === 'all' || key === 'any') && Array.isArray(inner))
    return inner.map((member, i) => withIds(member, references, `${path}[${i}]`))
  if (!isObject(inner)) return inner
  if (key === 'audience') {
    const { name, ...rest } = inner
    if ('id' in rest) throw badInput('a document refers to an audience by its name', `${path}.id`)
    return { id: referenced(references, 'audience', { name, path: `${path}.name` }), ...rest }
  }
  if (key !== 'relationship') return inner
  const { program, ...rest } = inner
  if ('programId' in rest)
    throw badInput('a document refers to a program by its name, as `program`', `${path}.programId`)
  if (program == null) return rest
  return { ...rest, programId: referenced(references, 'program', { name: program, path: `${path}.program` }) }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
