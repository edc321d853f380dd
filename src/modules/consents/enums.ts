// The channels of consents and their states, as the API names them.

import { builder } from '../../builder.ts'
import type { ConsentChannel, ConsentState } from '../../generated/prisma/client.ts'

export const ConsentChannelEnum = builder.enumType('ConsentChannel', {
  description: 'How a person may be written or called.',
  values: {
    EMAIL: {},
    SMS: {},
    PUSH: {},
    PHONE: { description: 'Calls.' },
    POST: { description: 'Letters.' },
    MESSENGER: { description: 'Messengers such as WhatsApp.' },
  } as const satisfies { [channel in ConsentChannel]: object },
})

export const ConsentStateEnum = builder.enumType('ConsentState', {
  description: 'What a person said about a channel.',
  values: {
    OPTED_IN: { description: 'Yes.' },
    OPTED_OUT: { description: 'No.' },
    PENDING: { description: 'Asked, and not answered yet; not to be taken for a yes.' },
  } as const satisfies { [state in ConsentState]: object },
})
