// What an account says of identifiers. Rules travel with those of targeting, so that batches know them without asking.

import type { Context } from '../../context.ts'
import type { IdentityKind } from '../../core/identity.ts'
import {
  defaultIdentityRules,
  type IdentityRules,
  identityRulesFault,
  identityRulesOf,
  type StoredIdentityRules,
} from '../../core/identity-rules.ts'
import { badInput } from '../../errors.ts'
import { bumpRules } from '../programs/sql.ts'
import { findIdentityRules } from './sql.ts'

export interface IdentityRulesInput {
  maxEmails?: number | null
  maxPartnerUserIds?: number | null
  maxPhones?: number | null
  maxDevices?: number | null
  blockedValues?: readonly string[] | null
  partnerUserIdIsUnique?: boolean | null
  maxPeoplePerDevice?: number | null
}

export const identityRules = async ({ sql, accountId }: Context): Promise<IdentityRules> =>
  identityRulesOf(await findIdentityRules(sql, accountId))

const maxLength = 256

/** Changes the rules that are given, from the next event on; what is stored stays. BAD_INPUT for rules that cannot hold. */
export async function updateIdentityRules(
  { services, accountId }: Context,
  input: IdentityRulesInput,
): Promise<IdentityRules> {
  const blocked = input.blockedValues?.map((value) => value.trim().toLowerCase())
  if (blocked?.some((value) => value === '' || value.length > maxLength))
    throw badInput(`values of 1 to ${maxLength} characters`, 'input.blockedValues')
  return services.database.transaction(async (tx) => {
    await bumpRules(tx, accountId)
    const rules = changed(await findIdentityRules(tx, accountId), input, blocked)
    const fault = identityRulesFault(rules)
    if (fault)
      throw badInput(fault.message, `input.${fault.field === 'maxOf' ? limitAt(input, fault.kind) : fault.field}`)
    await tx.$executeRaw`UPDATE account SET identity_rules = ${JSON.stringify(rules)}::jsonb WHERE id = ${accountId}::uuid`
    return rules
  })
}

const limits = [
  ['EMAIL', 'maxEmails'],
  ['PARTNER_USER_ID', 'maxPartnerUserIds'],
  ['PHONE', 'maxPhones'],
  ['DEVICE', 'maxDevices'],
] as const

/** The input that is at fault: of that kind, or else the largest that is given. */
function limitAt(input: IdentityRulesInput, kind?: IdentityKind): string {
  const given = limits
    .filter(([, name]) => input[name] != null)
    .map(([of, name]) => ({ of, name, max: input[name] ?? 0 }))
  const [largest] = given.toSorted((a, b) => b.max - a.max)
  return (given.find(({ of }) => of === kind) ?? largest)?.name ?? 'maxEmails'
}

function changed(stored: StoredIdentityRules, input: IdentityRulesInput, blocked?: readonly string[]): IdentityRules {
  const rules = identityRulesOf(stored)
  const max = (kind: IdentityKind, given?: number | null) => given ?? rules.maxOf[kind]
  return {
    maxOf: {
      SOURCE_ID: defaultIdentityRules.maxOf.SOURCE_ID,
      EMAIL: max('EMAIL', input.maxEmails),
      PARTNER_USER_ID: max('PARTNER_USER_ID', input.maxPartnerUserIds),
      PHONE: max('PHONE', input.maxPhones),
      DEVICE: max('DEVICE', input.maxDevices),
    },
    blockedValues: blocked ?? rules.blockedValues,
    partnerUserIdIsUnique: input.partnerUserIdIsUnique ?? rules.partnerUserIdIsUnique,
    maxPeoplePerDevice: input.maxPeoplePerDevice ?? rules.maxPeoplePerDevice,
  }
}
