// How alike two texts are.

/** Jaro's similarity with Winkler's bonus for a common beginning (1990), from 0 to 1. */
export function jaroWinkler(a: string, b: string): number {
  if (a === b) return 1
  const jaro = jaroOf(a, b)
  let prefix = 0
  while (prefix < 4 && prefix < a.length && a[prefix] === b[prefix]) prefix++
  return jaro + prefix * 0.1 * (1 - jaro)
}

function jaroOf(a: string, b: string): number {
  if (a.length === 0 || b.length === 0) return 0
  const reach = Math.max(0, Math.floor(Math.max(a.length, b.length) / 2) - 1)
  const taken = new Uint8Array(b.length)
  const ours: string[] = []
  for (let i = 0; i < a.length; i++) {
    const end = Math.min(b.length, i + reach + 1)
    for (let j = Math.max(0, i - reach); j < end; j++) {
      if (taken[j] || a[i] !== b[j]) continue
      taken[j] = 1
      ours.push(b[j] ?? '')
      break
    }
  }
  if (ours.length === 0) return 0
  const theirs = [...b].filter((_, j) => taken[j])
  const swapped = ours.filter((letter, i) => letter !== theirs[i]).length / 2
  const matches = ours.length
  return (matches / a.length + matches / b.length + (matches - swapped) / matches) / 3
}

/** The fewest single letters to put in, take out, replace or swap with the next (Damerau), where that is at most `max`; else more. */
export function editsBetween(a: string, b: string, max: number): number {
  if (a === b) return 0
  if (Math.abs(a.length - b.length) > max) return max + 1
  let [earlier, before] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1]
      let least = Math.min((before[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (before[j - 1] ?? 0) + (isSame ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, (earlier[j - 2] ?? 0) + 1)
      row.push(least)
    }
    ;[earlier, before] = [before, row]
  }
  return before[b.length] ?? max + 1
}

/** A rough sound of a word: its first letter and the next three consonants that differ (after Soundex). */
export function soundOf(word: string): string {
  const groups: Readonly<Record<string, string>> = {
    ...{ b: '1', f: '1', p: '1', v: '1', w: '1', c: '2', g: '2', j: '2', k: '2', q: '2', s: '2', x: '2', z: '2' },
    ...{ d: '3', t: '3', l: '4', m: '5', n: '5', r: '6' },
  }
  let sound = ''
  let last = ''
  for (const letter of word) {
    const group = groups[letter] ?? ''
    if (sound === '') sound = letter
    else if (group !== '' && group !== last) sound += group
    last = group
    if (sound.length === 4) break
  }
  return sound
}
