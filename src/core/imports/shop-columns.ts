// The columns of a shop's files, by the names that shops export them under. Case, blanks, dashes and underscores make no difference.

import type { KnownColumn } from './columns.ts'

/** By which an order is known, in files of orders and of their lines. */
const orderId: KnownColumn = {
  name: 'orderId',
  aliases: [
    'order',
    'order number',
    'order no',
    'transactionId',
    'invoice',
    'invoiceId',
    'invoice number',
    'invoice no',
  ],
  required: true,
  description: 'The shop’s own number of the order.',
  examples: ['2026-0017', '2026-0018'],
}

const currency: KnownColumn = { name: 'currency', aliases: ['currencyCode'], examples: ['EUR', 'EUR'] }

export const productColumns: readonly KnownColumn[] = [
  {
    name: 'productId',
    aliases: ['id', 'sourceId', 'product', 'itemId', 'stockCode', 'article', 'article number'],
    required: true,
    description: 'The shop’s own id of the product. Several rows of one product tell its variants.',
    examples: ['mug', 'tea'],
  },
  { name: 'name', aliases: ['productName', 'title', 'description'], examples: ['Mug', 'Green tea'] },
  { name: 'status', description: 'ACTIVE or DISCONTINUED.' },
  {
    name: 'category',
    aliases: ['productCategory', 'categories', 'productType'],
    description: 'From the widest to the narrowest, parted by >.',
    examples: ['Kitchen > Cups', 'Food > Tea'],
  },
  {
    name: 'price',
    aliases: ['unitPrice'],
    description: 'With a decimal point; of the variant where there is an SKU.',
    examples: ['9.95', '3.50'],
  },
  currency,
  { name: 'sku', aliases: ['variantSku'], description: 'Of one variant.', examples: ['mug-red', 'tea-100'] },
  { name: 'variantName', aliases: ['variant', 'variantTitle'] },
]

/** The texts of an address of an order, as its columns are called behind `shipping` and `billing`. */
const addressColumns = (of: 'shipping' | 'billing'): KnownColumn[] => [
  { name: `${of}Name` },
  { name: `${of}Line1`, aliases: [`${of}Address`, `${of}Address1`, `${of}Street`] },
  { name: `${of}Line2`, aliases: [`${of}Address2`] },
  { name: `${of}PostalCode`, aliases: [`${of}Zip`, `${of}Postcode`] },
  { name: `${of}City` },
  { name: `${of}Region`, aliases: [`${of}State`, `${of}Province`] },
  { name: `${of}Country`, aliases: [`${of}CountryCode`] },
]

export const orderColumns: readonly KnownColumn[] = [
  { ...orderId, aliases: [...(orderId.aliases ?? []), 'id', 'sourceId', 'name'] },
  {
    name: 'customerId',
    aliases: ['customer', 'customer number', 'customer no', 'userId', 'externalId'],
    description: 'Whose it is, by the shop’s own id. A guest’s order has neither this nor an address.',
    examples: ['c-1001', 'c-1002'],
  },
  { name: 'email', aliases: ['e-mail', 'mail', 'customerEmail', 'emailAddress'] },
  {
    name: 'phone',
    aliases: ['phoneNumber', 'customerPhone', 'telephone', 'mobile'],
    description: 'In international form.',
  },
  {
    name: 'placedAt',
    aliases: ['orderDate', 'orderedAt', 'date', 'createdAt', 'purchasedAt', 'invoiceDate', 'timestamp'],
    description: 'Year first; UTC where no offset is told. A new order needs it.',
    examples: ['2026-03-01T10:00:00Z', '2026-03-02 11:30:00'],
  },
  { name: 'updatedAt', aliases: ['modifiedAt', 'lastModified'], description: 'When this held; default: now.' },
  { ...currency, description: 'Amounts need it.' },
  { name: 'total', aliases: ['orderTotal', 'grandTotal', 'amount', 'totalPrice'], examples: ['24.80', '7.00'] },
  { name: 'discount', aliases: ['discountAmount', 'discountTotal', 'orderDiscount'] },
  { name: 'shipping', aliases: ['shippingCost', 'shippingAmount', 'shippingTotal', 'freight'], examples: ['4.90', ''] },
  { name: 'tax', aliases: ['taxes', 'taxAmount', 'taxTotal', 'vat'] },
  { name: 'taxIncluded', aliases: ['taxesIncluded', 'pricesIncludeTax'], description: 'true or false.' },
  { name: 'status', aliases: ['orderStatus', 'state'], examples: ['PAID', ''] },
  {
    name: 'couponCodes',
    aliases: ['coupon', 'coupons', 'couponCode', 'discountCode', 'discountCodes', 'voucher', 'promoCode'],
    description: 'Parted by commas, semicolons or bars.',
  },
  ...addressColumns('shipping'),
  ...addressColumns('billing'),
]

export const itemColumns: readonly KnownColumn[] = [
  orderId,
  {
    name: 'line',
    aliases: ['lineNumber', 'line no', 'position', 'itemNumber'],
    description: 'The place in the order; default: the order of the rows.',
  },
  {
    name: 'productId',
    aliases: ['product', 'itemId', 'stockCode', 'article', 'article number'],
    identifies: true,
    description: 'One that nobody told of yet is noted, to be filled in later.',
    examples: ['mug', 'tea'],
  },
  {
    name: 'sku',
    aliases: ['variantSku', 'itemSku'],
    identifies: true,
    description: 'Of a variant; alone it names its product too.',
    examples: ['mug-red', 'tea-100'],
  },
  { name: 'name', aliases: ['productName', 'itemName', 'title', 'description'] },
  { name: 'quantity', aliases: ['qty', 'count', 'pieces'], examples: ['2', '2'] },
  { name: 'unitPrice', aliases: ['price', 'itemPrice', 'priceEach'], examples: ['9.95', '3.50'] },
  { name: 'discount', aliases: ['lineDiscount', 'itemDiscount'], description: 'Off the whole line.' },
  { name: 'total', aliases: ['lineTotal', 'itemTotal', 'amount'], description: 'Of the whole line.' },
]
