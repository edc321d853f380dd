// Why somebody is in an audience or not, and whom a rule would find before it is saved.

import type { Context } from '../../context.ts'
import { compileAudiences } from '../../core/audiences/dynamic.ts'
import { mayChange } from '../../core/audiences/judge.ts'
import { explainedNodes, type RuleNode } from '../../core/rules/explain.ts'
import { nextChange, noEventAt } from '../../core/rules/next-change.ts'
import type { Rule } from '../../core/rules/rule.ts'
import { personAt } from '../../core/targeting/people.ts'
import { notFound } from '../../errors.ts'
import { idInput } from '../../ids.ts'
import { type Known, loadFacts } from '../memberships/facts.ts'
import { countEach, findPage } from '../profiles/list-sql.ts'
import { findPersonId, type ProfileKey } from '../profiles/look-up.ts'
import { membersOf } from '../profiles/members.ts'
import { findPeople } from '../profiles/memberships.ts'
import type { RuleShape } from '../programs/rule-reading.ts'
import { assertNamed, checkedRule } from './service.ts'

export interface Explanation {
  audienceId: string
  profileId: string
  isMember: boolean
  /** Null: not in it. */
  since: Date | null
  /** When time alone may next change it. */
  nextChangeAt: Date | null
  /** Empty for a static audience. */
  nodes: readonly RuleNode[]
}

/** What the audience's rule says of the person, now. NOT_FOUND for an audience or a person that the account does not have. */
export async function explainMembership(
  context: Context,
  input: { audienceId: string | number; profile: ProfileKey },
): Promise<Explanation> {
  const { accountId, db, sql, now } = context
  const audienceId = idInput('Audience', input.audienceId, 'audienceId')
  const row = await db.audience.findUnique({ where: { accountId_id: { accountId, id: audienceId } } })
  if (!row) throw notFound(`no audience ${audienceId}`, 'audienceId')
  const profileId = await findPersonId(context, input.profile, 'profile')
  if (profileId === null) throw notFound('no such profile', 'profile')
  const rule: Rule = (row.rule as Rule | null) ?? { all: [] } // Checked before it was stored.
  const { inOrder } = compileAudiences([{ id: audienceId, version: row.ruleVersion, rule }])
  const people = [{ personId: profileId, members: await membersOf(context, profileId) }]
  const facts = await loadFacts(sql, accountId, {
    ...{ people, audiences: inOrder, now },
    findPeople: (some) => findPeople(sql, accountId, some),
  })
  const known = facts.get(profileId)
  if (!known) throw new Error('the facts of a person that was asked for are there')
  const told = { audienceId, profileId, ...seatIn(known, audienceId) }
  const [audience] = inOrder
  if (row.ruleVersion === 0 || !audience) return { ...told, nextChangeAt: null, nodes: [] }
  const { person } = known
  const next = mayChange(audience, person) ? nextChange(audience, person, now.getTime()) : null
  const nodes = explainedNodes(rule, {
    person: personAt(person, now.getTime()),
    event: noEventAt(profileId, now.getTime()),
  })
  return { ...told, nextChangeAt: next === null ? null : new Date(next), nodes }
}

function seatIn({ seats }: Known, audienceId: string): Pick<Explanation, 'isMember' | 'since'> {
  const own = seats.filter((seat) => seat.audienceId === audienceId).map(({ since }) => since.getTime())
  return { isMember: own.length > 0, since: own.length > 0 ? new Date(Math.min(...own)) : null }
}

export interface Branch {
  /** The place in the rule. */
  at: string
  rule: Rule
  count: number
}

export interface Preview {
  count: number
  branches: readonly Branch[]
  profileIds: readonly string[]
}

const maxBranches = 20

/** Whom the rule holds for now. BAD_INPUT and NOT_FOUND as where it is saved. */
export async function audiencePreview(
  context: Context,
  { rule: input, sample }: { rule: RuleShape; sample: number },
): Promise<Preview> {
  const { accountId, sql, now } = context
  const rule = checkedRule(input, 'rule')
  await assertNamed(sql, context, { rule, path: 'rule' })
  const branches = branchesOf(rule).slice(0, maxBranches)
  const counts = await countEach(context, [rule, ...branches.map((branch) => branch.rule)])
  const page = { accountId, now, filter: rule, search: null, order: 'asc' as const, limit: sample }
  return {
    count: counts[0] ?? 0,
    branches: branches.map((branch, i) => ({ ...branch, count: counts[i + 1] ?? 0 })),
    profileIds: sample > 0 ? await findPage(context, page) : [],
  }
}

/** Every node below the root, each before its members. */
function branchesOf(rule: Rule, at = ''): Omit<Branch, 'count'>[] {
  const key = 'all' in rule ? 'all' : 'any' in rule ? 'any' : 'not' in rule ? 'not' : null
  if (key === null) return []
  const members = 'all' in rule ? rule.all : 'any' in rule ? rule.any : 'not' in rule ? [rule.not] : []
  return members.flatMap((member, i) => {
    const place = `${at}${at && '.'}${key === 'not' ? key : `${key}[${i}]`}`
    return [{ at: place, rule: member }, ...branchesOf(member, place)]
  })
}
