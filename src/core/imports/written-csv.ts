// Rows as CSV (RFC 4180): quoted where they must be, and with nothing in them that a spreadsheet would take for a formula.

// A sign in front of a number is a number: it says what it says in a spreadsheet too.
const formulaLike = /^(?:[=@\t\r]|[+-](?!\d+(?:[.,]\d+)?$))/u

/** With an apostrophe before what a spreadsheet would run, as OWASP says. */
export const neutralised = (text: string): string => (formulaLike.test(text) ? `'${text}` : text)

/** The text without the apostrophe that `neutralised` put before it. */
export const withoutApostrophe = (text: string): string =>
  text.startsWith("'") && formulaLike.test(text.slice(1)) ? text.slice(1) : text

/** One line, with its end. */
export function csvLine(cells: readonly unknown[], delimiter = ','): string {
  return `${cells.map((cell) => csvCell(cell, delimiter)).join(delimiter)}\r\n`
}

function csvCell(value: unknown, delimiter: string): string {
  if (value === null || value === undefined) return ''
  const text = neutralised(typeof value === 'string' ? value : plain(value))
  return /["\r\n]/.test(text) || text.includes(delimiter) ? `"${text.replaceAll('"', '""')}"` : text
}

const plain = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value))
