// Amounts of money on their decimal digits: nothing here is a float, and nothing is rounded but once, at the end.

/** A decimal number: its digits as one integer, of which so many stand after the point. */
export interface Decimal {
  readonly units: bigint
  readonly scale: number
}

const decimalText = /^\s*([+-]?)(\d{1,30})(?:\.(\d{1,30}))?\s*$/

/** The number that a text such as `-19.90` tells; null for any other text, and for exponents. */
export function decimalOf(text: string): Decimal | null {
  const [, sign, whole, fraction = ''] = decimalText.exec(text) ?? []
  if (whole === undefined) return null
  const units = BigInt(whole + fraction)
  return { units: sign === '-' ? -units : units, scale: fraction.length }
}

export const multiplied = (a: Decimal, b: Decimal): Decimal => ({ units: a.units * b.units, scale: a.scale + b.scale })

export function subtracted(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale)
  return { units: raised(a, scale) - raised(b, scale), scale }
}

const raised = ({ units, scale }: Decimal, to: number): bigint => units * 10n ** BigInt(to - scale)

/** The amount in units of which `digits` stand after the point, such as 2 for cents: halves are rounded away from zero. */
export function minorOf({ units, scale }: Decimal, digits: number): bigint {
  if (digits >= scale) return units * 10n ** BigInt(digits - scale)
  return quotient(units, 10n ** BigInt(scale - digits))
}

/** Rounded to a whole number, halves away from zero. The divisor is positive. */
export function quotient(dividend: bigint, divisor: bigint): bigint {
  const size = dividend < 0n ? -dividend : dividend
  const whole = (size * 2n + divisor) / (divisor * 2n)
  return dividend < 0n ? -whole : whole
}

/** An amount of minor units in another currency; `rate` is what one whole unit of its own is worth in that. */
export const convertedMinor = (minor: bigint, rate: Decimal, digits: { from: number; to: number }): bigint =>
  minorOf({ units: minor * rate.units, scale: rate.scale + digits.from }, digits.to)

/** An amount as people read it, such as 1234 with 2 digits: 12.34. */
export function amountText(minor: bigint, digits: number): string {
  const size = String(minor < 0n ? -minor : minor).padStart(digits + 1, '0')
  const text = digits === 0 ? size : `${size.slice(0, -digits)}.${size.slice(-digits)}`
  return minor < 0n ? `-${text}` : text
}
