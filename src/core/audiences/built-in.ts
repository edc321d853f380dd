// Audiences whose rules are the same in every account.

import type { Rule } from '../rules/rule.ts'

const ordered: Rule = { order: { aggregate: 'COUNT', op: 'GTE', value: 1 } }
const subscribed: Rule = { consent: { state: 'OPTED_IN' } }
const successful = (atLeast: number, atMost?: number): Rule => ({
  relationship: { as: 'ADVOCATE', where: ordered, atLeast, ...(atMost === undefined ? {} : { atMost }) },
})

/** By kind, what each is called and whom it has. */
export const builtInAudiences = {
  CUSTOMERS: { name: 'Customers', rule: ordered },
  ADVOCATES: { name: 'Advocates', rule: { relationship: { as: 'ADVOCATE' } } },
  SUCCESSFUL_WITH_1: { name: 'Advocates with one successful referral', rule: successful(1, 1) },
  SUCCESSFUL_WITH_2: { name: 'Advocates with two successful referrals', rule: successful(2, 2) },
  SUCCESSFUL_WITH_3_TO_9: { name: 'Advocates with three to nine successful referrals', rule: successful(3, 9) },
  SUCCESSFUL_WITH_10_OR_MORE: { name: 'Advocates with ten or more successful referrals', rule: successful(10) },
  SUBSCRIBERS: { name: 'Subscribers', rule: subscribed },
  CONTACTS: { name: 'Contacts', rule: { not: { any: [ordered, subscribed] } } },
} as const satisfies { readonly [kind: string]: { readonly name: string; readonly rule: Rule } }

export type BuiltInKind = keyof typeof builtInAudiences
