// Why what somebody told of an order changed nothing, as their answer tells it.

import { builder } from '../../builder.ts'
import type { OrderWarning, orderWarningCodes } from './warnings.ts'

const OrderWarningCodeEnum = builder.enumType('OrderWarningCode', {
  description: 'Why what was told of an order changed nothing.',
  values: {
    ORDER_OF_SOMEBODY_ELSE: { description: 'It was told of another person first, and is theirs.' },
    ORDER_UNKNOWN: { description: 'No such order was told of before.' },
    REFUND_BEYOND_PAID: { description: 'It would give back more than is left of the order, or of a line.' },
    OTHER_CURRENCY: { description: 'The order is in another currency.' },
    NOT_AN_AMOUNT: { description: 'The amount cannot be read, or is zero.' },
    ITEMS_UNKNOWN: {
      description: 'Items are listed and no amount is told, and none of them can be found in the order.',
    },
    ORDER_OF_SOMEBODY_ERASED: { description: 'It is the order of somebody who was erased.' },
  } as const satisfies Record<(typeof orderWarningCodes)[number], { description: string }>,
})

export const OrderWarningType = builder.objectRef<OrderWarning>('OrderWarning').implement({
  description: 'Something told of an order that changed nothing.',
  fields: (t) => ({
    code: t.expose('code', { type: OrderWarningCodeEnum }),
    message: t.exposeString('message'),
  }),
})
