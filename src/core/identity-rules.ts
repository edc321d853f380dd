// What an account says of identifiers: how many a person may have, what names nobody, and when a device stops telling people apart.

import { type IdentityKind, identityKinds } from './identity.ts'

export interface IdentityRules {
  /** How many of a kind a person may have; more are dropped. Of source ids always one. */
  readonly maxOf: Readonly<Record<IdentityKind, number>>
  /** Values that name nobody, beside those that never do; trimmed and lower-cased. */
  readonly blockedValues: readonly string[]
  /** False: several people may have the same partner user id, which then names nobody. */
  readonly partnerUserIdIsUnique: boolean
  /** A device that more known people were seen with says nothing of who somebody is. Of one, what comes from it alone is theirs. */
  readonly maxPeoplePerDevice: number
}

export const defaultIdentityRules: IdentityRules = {
  maxOf: { SOURCE_ID: 1, EMAIL: 20, PARTNER_USER_ID: 20, PHONE: 20, DEVICE: 100 },
  blockedValues: [],
  partnerUserIdIsUnique: true,
  maxPeoplePerDevice: 1,
}

/** Of a profile, those that are looked at to tell who is who. */
export const maxIdentifiers = 200
export const maxPeoplePerDevice = 100
export const maxBlockedValues = 500

/** What an account stored of its rules, as far as it differs. */
export type StoredIdentityRules = Partial<Omit<IdentityRules, 'maxOf'>> & {
  readonly maxOf?: Partial<Record<IdentityKind, number>>
}

export const identityRulesOf = ({ maxOf, ...stored }: StoredIdentityRules): IdentityRules => ({
  ...defaultIdentityRules,
  ...stored,
  maxOf: { ...defaultIdentityRules.maxOf, ...maxOf },
})

/** The first fault of rules, or null. */
export function identityRulesFault(
  rules: IdentityRules,
): { field: string; message: string; kind?: IdentityKind } | null {
  const sum = identityKinds.reduce((total, kind) => total + rules.maxOf[kind], 0)
  const none = identityKinds.find((kind) => rules.maxOf[kind] < 1)
  if (none) return { field: 'maxOf', kind: none, message: 'at least one of each kind' }
  if (sum > maxIdentifiers)
    return { field: 'maxOf', message: `over ${maxIdentifiers} identifiers of a person, all kinds together` }
  if (rules.maxPeoplePerDevice < 1 || rules.maxPeoplePerDevice > maxPeoplePerDevice)
    return { field: 'maxPeoplePerDevice', message: `from 1 to ${maxPeoplePerDevice}` }
  if (rules.blockedValues.length > maxBlockedValues)
    return { field: 'blockedValues', message: `over ${maxBlockedValues} values` }
  return null
}
