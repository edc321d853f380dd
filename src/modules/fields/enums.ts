// The enums of fields as callers read and write them.

import { builder } from '../../builder.ts'
import { FieldOwner, FieldType, type FieldVerdict } from '../../generated/prisma/client.ts'

export const FieldOwnerEnum = builder.enumType(FieldOwner, {
  name: 'FieldOwner',
  description:
    'Whose field it is; its values are held to the definitions. ORDER and ORDER_ITEM: also of `purchase` and `order_completed`, an item in `products` or `items`; and of events that change or give back an order, as far as they tell of it.',
})
export const FieldTypeEnum = builder.enumType(FieldType, {
  name: 'FieldType',
  description:
    'What the values of a field are. A value that says the same in another form, such as a number as text, is taken.',
})
export const FieldVerdictEnum = builder.enumType('FieldVerdict', {
  description: 'What happens to a key or a value that the definitions do not allow.',
  values: {
    ACCEPT: { description: 'It is kept as it came.' },
    REJECT: { description: 'What it came with is refused.' },
    DROP: { description: 'It is left out, with a warning.' },
  } as const satisfies { [verdict in FieldVerdict]: object },
})
