// How callers name a person: by several identifiers at once for tracking, by exactly one for look-ups.

import { builder } from '../../builder.ts'

const descriptions = {
  id: 'The id that the API gave, or its bare UUID.',
  sourceId: "The person's id in the brand's own system; it never changes.",
  email: 'An e-mail address; compared trimmed and lower-cased, its domain as DNS has it.',
  phone: 'A phone number in international form, such as `+49 30 901820`.',
  partnerUserId: "The person's id in a partner's system.",
  deviceId: 'A device or browser, such as a cookie id.',
}

export const ProfileRefInput = builder.inputType('ProfileRefInput', {
  description:
    'Names a person for tracking: several identifiers are resolved together, and a new person begins where none is known. Empty: a fresh anonymous profile.',
  fields: (t) => ({
    id: t.id({ description: descriptions.id }),
    sourceId: t.string({ description: descriptions.sourceId }),
    email: t.string({ description: descriptions.email }),
    emailVerified: t.boolean({
      description:
        'The person showed that the address is theirs (a link in an e-mail, a sign-in). A verified one is stronger than a partner’s id, and is taken from somebody who only claimed it. Default: false.',
    }),
    phone: t.string({ description: descriptions.phone }),
    phoneVerified: t.boolean({ description: 'The same of the phone number; it stays as strong as it was.' }),
    partnerUserId: t.string({ description: descriptions.partnerUserId }),
    deviceId: t.string({ description: descriptions.deviceId }),
  }),
})

export const ProfileKeyInput = builder.inputType('ProfileKeyInput', {
  isOneOf: true,
  description: 'Names a person for look-ups and filters, by exactly one identifier.',
  fields: (t) => ({
    id: t.id({ description: descriptions.id }),
    sourceId: t.string({ description: descriptions.sourceId }),
    email: t.string({ description: descriptions.email }),
    phone: t.string({ description: descriptions.phone }),
    partnerUserId: t.string({ description: descriptions.partnerUserId }),
    deviceId: t.string({ description: descriptions.deviceId }),
  }),
})
