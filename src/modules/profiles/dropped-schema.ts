// Identifiers that were left out, as answers tell of them.

import { builder } from '../../builder.ts'
import { type DroppedIdentifier, dropReasons } from '../../core/identity.ts'
import { IdentityKindEnum, UpdateProfilePayload } from './schema.ts'

const DropReason = builder.enumType('DropReason', {
  description: 'Why an identifier was left out.',
  values: Object.fromEntries(
    dropReasons.map((reason) => [reason, { value: reason, description: descriptionOf(reason) }]),
  ) as Record<DroppedIdentifier['reason'], { value: DroppedIdentifier['reason']; description: string }>, // Of that list.
})

function descriptionOf(reason: DroppedIdentifier['reason']): string {
  if (reason === 'BLANK') return 'Nothing stands in it.'
  if (reason === 'INVALID') return 'No e-mail address, or no phone number that can be called in international form.'
  if (reason === 'BLOCKED_VALUE')
    return 'A value that programs send where they know nothing, or that the account blocks.'
  if (reason === 'OVER_LIMIT') return 'The person has as many of the kind as the account allows.'
  if (reason === 'OWNED_BY_ANOTHER') return 'It is somebody else’s; the two may be one, see `mergeCandidates`.'
  return 'A device of more people than the account allows: it tells nobody apart.'
}

export const DroppedIdentifierType = builder.objectRef<DroppedIdentifier>('DroppedIdentifier').implement({
  description: 'An identifier that came with a person and was left out.',
  fields: (t) => ({
    kind: t.expose('kind', { type: IdentityKindEnum }),
    value: t.exposeString('value', { description: 'Normalised where it can be.' }),
    reason: t.expose('reason', { type: DropReason }),
  }),
})

builder.objectField(UpdateProfilePayload, 'droppedIdentifiers', (t) =>
  t.field({
    type: [DroppedIdentifierType],
    description: 'Identifiers that named the person and were left out, each with the reason.',
    resolve: ({ dropped }) => [...dropped],
  }),
)
