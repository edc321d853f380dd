// Marks rows that have all that is asked of them where they stand, and whose `id` is their key: their fields are read from them,
// and nobody need find out what was loaded.

const mark = Symbol('whole')

/** The same object, marked. It must not be asked for anything that it has not. */
export function whole<Row extends object>(row: Row): Row {
  // A property and not a set of objects: it is looked at for every field of every row.
  ;(row as { [mark]?: true })[mark] = true // The mark is no part of the row's type.
  return row
}

/** True for what was marked. */
export const isWhole = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && (value as { [mark]?: true })[mark] === true // As above.
