// The kinds of files, one line each. A kind says its columns and what becomes of a chunk of its rows; everything else is the same for all.

import type { ImportKind } from '../../generated/prisma/client.ts'
import { audienceWork } from './audience.ts'
import { eventsWork } from './events.ts'
import { fieldValuesWork } from './field-values.ts'
import type { ImportKindWork } from './job.ts'
import { itemsWork } from './order-items.ts'
import { ordersWork } from './orders.ts'
import { customersWork, peopleWork } from './people-kind.ts'
import { productsWork } from './products.ts'

export const importKinds: Readonly<Record<ImportKind, ImportKindWork>> = {
  PEOPLE: peopleWork,
  FIELD_VALUES: fieldValuesWork,
  AUDIENCE: audienceWork,
  EVENTS: eventsWork,
  PRODUCTS: productsWork,
  CUSTOMERS: customersWork,
  ORDERS: ordersWork,
  ORDER_ITEMS: itemsWork,
}
