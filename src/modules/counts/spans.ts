// A range of time as what is counted of it: whole hours, the minutes before and after them, and what is less than a minute at
// both ends.

export const minuteMs = 60_000
export const hourMs = 3_600_000

/** From the first millisecond on, up to and without the second; empty where that is not later. */
export interface Range {
  from: number
  to: number
}

export interface Spans {
  hours: Range
  minutes: readonly [Range, Range]
  rest: readonly [Range, Range]
}

/** The beginning of the minute or hour that a time is in. */
export const startOf = (ms: number, span: number) => ms - (ms % span)

const endOf = (ms: number, span: number) => startOf(ms + span - 1, span)

const nowhere: Range = { from: 0, to: 0 }

/** The parts of a range: together they are the range, and none overlaps another. */
export function spansOf({ from, to }: Range): Spans {
  const outer = { from: endOf(from, minuteMs), to: startOf(to, minuteMs) }
  if (outer.from >= outer.to) return { hours: nowhere, minutes: [nowhere, nowhere], rest: [{ from, to }, nowhere] }
  const rest = [
    { from, to: outer.from },
    { from: outer.to, to },
  ] as const
  const hours = { from: endOf(outer.from, hourMs), to: startOf(outer.to, hourMs) }
  if (hours.from >= hours.to) return { hours: nowhere, minutes: [outer, nowhere], rest }
  const minutes = [
    { from: outer.from, to: hours.from },
    { from: hours.to, to: outer.to },
  ] as const
  return { hours, minutes, rest }
}
