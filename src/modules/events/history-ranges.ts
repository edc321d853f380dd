// Which stretches of people's histories a batch needs: of each kind of thing that rules ask for, the times that each profile is
// asked about, as ranges that do not overlap, so that no row is read twice.

import type { Asks } from '../../core/rules/asks.ts'
import type { Quality } from '../../core/targeting/decision.ts'

/** A person, the time as of which they are looked at, and the event for which; without its name for any event. */
export interface HistoryMoment {
  readonly personId: string
  readonly t: number
  /** Folded. */
  readonly name?: string
}

/** The times that profiles are asked about, in milliseconds. */
type Times = Map<string, Set<number>>

/** By kind, of whom it is wanted as of when, and how many of the latest are enough at each time. */
export type Wanted<Kind> = Map<Kind, { cap: number; readonly times: Times }>

export interface Wants {
  readonly events: Wanted<string>
  /** All that was told of orders up to those times, and what was in them where anybody asks. */
  readonly orders: { readonly times: Times; items: boolean }
  readonly qualities: Wanted<Quality>
  readonly friends: Times
}

interface Moments {
  readonly moments: readonly HistoryMoment[]
  /** All profiles that are the person. */
  membersOf(personId: string): readonly string[]
  /** What is asked of somebody at a moment. */
  asksAt(moment: HistoryMoment): Asks
}

/** What the moments ask for. Of a kind that is asked for with several caps, the largest holds for all of its times. */
export function wantsOf({ moments, membersOf, asksAt }: Moments): Wants {
  const wants: Wants = {
    ...{ events: new Map(), qualities: new Map(), friends: new Map() },
    orders: { times: new Map(), items: false },
  }
  for (const moment of moments) {
    const asks = asksAt(moment)
    wants.orders.items ||= asks.items
    for (const profileId of membersOf(moment.personId)) {
      const add = (times: Times) => addTime(times, profileId, moment.t)
      for (const [name, cap] of asks.eventCaps) add(timesOf(wants.events, name, cap))
      if (asks.orders) add(wants.orders.times)
      for (const [quality, cap] of asks.qualityCaps) add(timesOf(wants.qualities, quality, cap))
      if (asks.friends) add(wants.friends)
    }
  }
  return wants
}

function timesOf<Kind>(wanted: Wanted<Kind>, kind: Kind, cap: number): Times {
  const known = wanted.get(kind)
  if (known) known.cap = Math.max(known.cap, cap)
  else wanted.set(kind, { cap, times: new Map() })
  return known?.times ?? timesOf(wanted, kind, cap)
}

function addTime(times: Times, profileId: string, t: number): void {
  const known = times.get(profileId)
  if (known) known.add(t)
  else times.set(profileId, new Set([t]))
}

/** A stretch of one profile's rows of a kind, of which the latest `cap` are read. */
export interface Range<Kind> {
  readonly kind: Kind
  readonly cap: number
  readonly profileId: string
  /** Exclusive: the time asked about before; null: from the beginning. */
  readonly after: Date | null
  /** Inclusive: the time asked about. */
  readonly until: Date
}

/**
 * From each time asked about back to the one before. The latest `cap` rows of every range together hold the latest `cap` rows
 * at or before each time: a row that is among them for some time is so for the first time after it, too, whose range it is in.
 */
export function rangesOf<Kind>(wanted: Wanted<Kind>): Range<Kind>[] {
  return [...wanted].flatMap(([kind, { cap, times }]) =>
    [...times].flatMap(([profileId, instants]) =>
      inOrder(instants).map((until, i, all): Range<Kind> => {
        const before = all[i - 1]
        return { kind, cap, profileId, after: before === undefined ? null : new Date(before), until: new Date(until) }
      }),
    ),
  )
}

const inOrder = (instants: Iterable<number>): number[] => [...instants].sort((a, b) => a - b)
