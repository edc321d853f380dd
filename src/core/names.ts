// The one place that says when two spellings of a name or a code are the same, and how texts are ordered.

/** An event name in the spelling it is matched in: trimmed, lower case, runs of blanks, dots and hyphens as `_`. camelCase stays one word. */
export function foldEventName(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/[\s.-]+/g, '_')
}

/** A code (coupon, share, advocate code, promo link) as it is stored and compared: trimmed, upper case. */
export const foldCode = (code: string): string => code.trim().toUpperCase()

/** A program's name or label, or a journey's name, as it is compared: trimmed, lower case. */
export const foldName = (name: string): string => name.trim().toLowerCase()

/** Negative, zero or positive as `a` comes before, with or after `b` in the byte order of their UTF-8 (the order of COLLATE "C"). */
export function byteOrder(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return aboveBasicPlane(x) - aboveBasicPlane(y) || x - y
  }
  return a.length - b.length
}

// A surrogate half belongs to a character above U+FFFF, though its own number is smaller than some below.
const aboveBasicPlane = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? 1 : 0)
