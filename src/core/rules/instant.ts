// Instants in people's data: ISO 8601 with a time and an offset. Anything less says no instant.

const iso = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/

/** Milliseconds since the epoch; null for what is no instant, a day that its month lacks included. */
export function parseInstant(text: string): number | null {
  const parts = iso.exec(text)
  if (!parts) return null
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])]
  if (day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return null
  const at = Date.parse(text)
  return Number.isNaN(at) ? null : at
}
