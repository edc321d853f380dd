// What separates the cells of a file: found by the first lines, outside of quotes.

export const delimiters = [',', ';', '\t', '|'] as const

export type Delimiter = (typeof delimiters)[number]

const maxLines = 20
const places: ReadonlyMap<string, number> = new Map(delimiters.map((delimiter, place) => [delimiter, place]))

/**
 * The sign that parts the most lines into as many cells as it parts the header; of equals the one that makes more cells. A comma
 * where there is one column alone. `head` is how the file begins; its last line may be cut off.
 */
export function delimiterOf(head: string): Delimiter {
  const counts = countsIn(head)
  const [header] = counts
  if (!header) return ','
  let best: { delimiter: Delimiter; score: number } | null = null
  for (const [place, delimiter] of delimiters.entries()) {
    const cells = header[place] ?? 0
    if (cells === 0) continue
    const agreeing = counts.filter((line) => line[place] === cells).length
    const score = (agreeing / counts.length) * 1_000 + Math.min(cells, 100)
    if (best === null || score > best.score) best = { delimiter, score }
  }
  return best?.delimiter ?? ','
}

/** For each line how often each of the delimiters stands in it outside of quotes. */
function countsIn(head: string): number[][] {
  const lines: number[][] = []
  let counts = delimiters.map(() => 0)
  let isQuoted = false
  let isBlank = true
  for (const sign of head) {
    if (sign === '"') isQuoted = !isQuoted
    if (!isQuoted && (sign === '\n' || sign === '\r')) {
      if (!isBlank) lines.push(counts)
      if (lines.length === maxLines) return lines
      counts = delimiters.map(() => 0)
      isBlank = true
      continue
    }
    isBlank = false
    const place = isQuoted ? -1 : (places.get(sign) ?? -1)
    if (place >= 0) counts[place] = (counts[place] ?? 0) + 1
  }
  // A last line that was cut off says less than the others; alone it is all there is.
  if (!isBlank && lines.length === 0) lines.push(counts)
  return lines
}
