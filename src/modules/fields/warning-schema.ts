// What was left out of what a caller sent, as its answer tells it.

import { builder } from '../../builder.ts'
import type { FieldFault } from '../../core/fields/definition.ts'

export const FieldWarning = builder.objectRef<FieldFault>('FieldWarning').implement({
  description:
    'A key or a value that was left out, counts for less or stayed as it came, and why: the definitions of fields do not allow it, or it says nothing that is known.',
  fields: (t) => ({
    field: t.exposeString('field', { description: 'Its place in the input.' }),
    message: t.exposeString('message'),
  }),
})
