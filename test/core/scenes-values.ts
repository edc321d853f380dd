// The small values that generated scenes are made of, few of each, so that they collide.

import fc from 'fast-check'

export const oneOf = <T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values)

/** Mostly the first. */
export const rarely = <T>(value: T, ...others: T[]): fc.Arbitrary<T> =>
  oneOf(value, value, value, value, value, ...others)

/** All but always the first. */
export const seldom = <T>(value: T, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 19, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: oneOf(...others) })

export const often = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 3 })

/** A day of March 2026. */
export const date = (n: number): string => new Date(Date.UTC(2026, 2, n)).toISOString()

export const day = fc.integer({ min: 1, max: 12 }).map(date)
