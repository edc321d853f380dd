// Statements about a person's fields: which holds, what history keeps, and what several profiles of one person read as.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { foldFields, inForce, type MemberFields, noFields, type StampedFields } from '../../src/core/fields/fold.ts'
import { carryOut, type FieldOperations } from '../../src/core/fields/operations.ts'
import { differenceOf, type FieldWrite, write, writesOf } from '../../src/core/fields/write.ts'

const name = fc.constantFrom('a', 'b', '__proto__')
const value = fc.constantFrom(null, 0, 'x', { nested: 1 }, undefined)
const at = fc.integer({ min: 1, max: 6 })
const until = fc.integer({ min: 1, max: 9 })
const aWrite = fc.record(
  { name, value, at, until },
  { requiredKeys: ['name', 'value', 'at'] },
) as fc.Arbitrary<FieldWrite> // A key that is left out is absent.
const writes = fc.array(aWrite, { maxLength: 12 })

/** Fields with their times, whatever history knows of them. */
const timed = ({ fields, meta }: StampedFields) => ({
  fields,
  meta: Object.fromEntries(Object.entries(meta).map(([one, { again: _, ...times }]) => [one, times])),
})

const byTime = (all: readonly FieldWrite[]) => all.toSorted((a, b) => a.at - b.at)

describe('what is stated of a profile', () => {
  it('reads the same in whatever order it comes in, but for statements of one time', () => {
    fc.assert(
      fc.property(fc.uniqueArray(aWrite, { selector: (one) => `${one.name} ${one.at}` }), fc.nat(), (all, seed) => {
        const shuffled = all.map((one, i) => ({ one, key: (i * 7919 + seed) % 101 })).sort((a, b) => a.key - b.key)
        const came = write(
          noFields,
          shuffled.map(({ one }) => one),
        )
        expect(timed(came.fields)).toEqual(timed(write(noFields, byTime(all)).fields))
      }),
    )
  })

  it('is told for any earlier time by its history: the newest row of that time or before', () => {
    fc.assert(
      fc.property(writes, fc.integer({ min: 0, max: 7 }), (all, t) => {
        const { history } = write(noFields, all)
        const told = (field: string) => byTime(history).findLast((row) => row.name === field && row.at <= t)?.value
        const stated = (field: string) => byTime(all).findLast((row) => row.name === field && row.at <= t)?.value
        for (const field of ['a', 'b', '__proto__']) expect(told(field)).toEqual(stated(field))
      }),
      { numRuns: 3_000 },
    )
  })

  it('leaves no row of history where it is what holds already', () => {
    const said = { name: 'tier', value: { level: 1, of: 'gold' }, at: 5 }
    const { fields, history } = write(noFields, [said, { ...said, value: { of: 'gold', level: 1 }, at: 9 }])
    expect(history).toHaveLength(1)
    expect(fields.meta).toEqual({ tier: { at: 9, again: true } })
  })

  it('is stored as the difference from what was there', () => {
    fc.assert(
      fc.property(writes, writes, (first, then) => {
        const before = write(noFields, first).fields
        const after = write(before, then).fields
        const { set, unset, meta } = differenceOf(before, after)
        const fields = Object.entries({ ...before.fields, ...set }).filter(([one]) => !unset.includes(one))
        expect(Object.fromEntries(fields)).toEqual(after.fields)
        expect({ ...before.meta, ...meta }).toEqual(after.meta)
      }),
    )
  })

  it('sets whole values, and what is set and removed at once is removed', () => {
    const statement = { set: { a: { y: 1 }, b: 4 }, unset: ['b', 'c'], at: 2 }
    const { fields } = write({ ...noFields, fields: { a: { x: 1 }, b: 2, c: 3 } }, writesOf(statement)).fields
    expect(fields).toEqual({ a: { y: 1 } })
  })
})

describe('a value with an end', () => {
  it('is there until that very instant and missing from it on', () => {
    const { fields } = write(noFields, [{ name: 'minutes', value: 30, at: 1, until: 10 }])
    expect(inForce(fields, 9)).toEqual({ minutes: 30 })
    expect(inForce(fields, 10)).toEqual({})
  })

  it('that ended uncovers no older value of a profile merged into the person', () => {
    const loser = write(noFields, [{ name: 'minutes', value: 5, at: 1 }]).fields
    const survivor = write(noFields, [{ name: 'minutes', value: 30, at: 2, until: 10 }]).fields
    expect(inForce(foldFields([loser, survivor]), 11)).toEqual({})
  })
})

describe('the fields of a person of several profiles', () => {
  const member = (fields: MemberFields['fields'], meta: MemberFields['meta'], marks?: MemberFields['marks']) => ({
    ...{ fields, meta, endAt: null },
    ...(marks ? { marks } : {}),
  })

  it('read as if all had been stated of one profile', () => {
    const parts = fc.array(fc.uniqueArray(aWrite, { selector: (one) => one.name }), { maxLength: 4 })
    fc.assert(
      fc.property(parts, (all) => {
        const folded = foldFields(all.map((own) => write(noFields, own).fields))
        expect(timed(folded)).toEqual(timed(write(noFields, all.flat()).fields))
      }),
    )
  })

  it('without times are the later profile’s, and one with a time covers one without', () => {
    const folded = foldFields([member({ a: 1, b: 1 }, { b: { at: 3 } }), member({ a: 2, b: 2 }, {})])
    expect(folded.fields).toEqual({ a: 2, b: 1 })
  })

  it('a removal covers an older value, and a newer value covers a removal', () => {
    const removed = member({}, { a: { at: 5 } })
    expect(foldFields([removed, member({ a: 1 }, { a: { at: 4 } })]).fields).toEqual({})
    expect(foldFields([removed, member({ a: 1 }, { a: { at: 6 } })]).fields).toEqual({ a: 1 })
  })

  it('a value that the other’s was picked over does not count, until it is stated anew', () => {
    const covered = (at: number) => member({ a: 'loser' }, { a: { at } }, { a: { t: 10, pick: false } })
    const survivor = member({ a: 'survivor' }, { a: { at: 1 } })
    expect(foldFields([covered(9), survivor]).fields).toEqual({ a: 'survivor' })
    expect(foldFields([covered(9), member({ a: 'survivor' }, {})]).fields).toEqual({ a: 'survivor' })
    expect(foldFields([covered(11), survivor]).fields).toEqual({ a: 'loser' })
    expect(foldFields([covered(9), member({}, {})]).fields).toEqual({ a: 'loser' })
  })

  it('a value that was picked covers a newer one, until something is stated after the pick', () => {
    const picked = member({ a: 'loser' }, { a: { at: 1 } }, { a: { t: 10, pick: true } })
    expect(foldFields([picked, member({ a: 'survivor' }, { a: { at: 9 } })]).fields).toEqual({ a: 'loser' })
    expect(foldFields([picked, member({ a: 'survivor' }, { a: { at: 11 } })]).fields).toEqual({ a: 'survivor' })
  })
})

describe('what a caller asks to be done', () => {
  const nothing: FieldOperations = {
    ...{ set: {}, setUntil: [], setOnce: {}, unset: [], increment: {}, append: {}, remove: {} },
  }
  const before = write(noFields, [
    { name: 'points', value: 0.1, at: 1, until: 50 },
    { name: 'tags', value: ['a', { x: 1 }, 'a'], at: 1 },
    { name: 'tier', value: 'gold', at: 99 },
  ]).fields
  const done = (asked: Partial<FieldOperations>, now = 10) => {
    const found = carryOut({ ...nothing, ...asked }, before, now)
    return Array.isArray(found) ? inForce(write(before, found).fields, now) : found
  }

  it('goes by the value in force, and a number keeps its end', () => {
    expect(done({ increment: { points: 0.2 } })).toMatchObject({ points: 0.3 })
    expect(done({ increment: { points: 2 } }, 50)).toMatchObject({ points: 2 })
    const found = carryOut({ ...nothing, increment: { points: 1 } }, before, 10)
    expect(found).toEqual([{ name: 'points', value: 1.1, at: 10, until: 50 }])
  })

  it('appends one or several, and removes all that are the same', () => {
    expect(done({ append: { tags: ['b', 'c'], fresh: 1 } })).toMatchObject({
      ...{ tags: ['a', { x: 1 }, 'a', 'b', 'c'], fresh: [1] },
    })
    expect(done({ remove: { tags: ['a'] } })).toMatchObject({ tags: [{ x: 1 }] })
    expect(done({ remove: { tags: { x: 1 } } })).toMatchObject({ tags: ['a', 'a'] })
  })

  it('sets once only what is missing', () => {
    expect(done({ setOnce: { tier: 'silver', fresh: 1 } })).toMatchObject({ tier: 'gold', fresh: 1 })
  })

  it('holds even where the field was last stated for a time that is yet to come', () => {
    expect(done({ set: { tier: 'silver' } })).toMatchObject({ tier: 'silver' })
  })

  it('is refused where the value is of another kind', () => {
    expect(done({ increment: { tier: 1 } })).toEqual({ at: 'increment.tier', message: 'the field is no number' })
    expect(done({ increment: { points: '1' } })).toEqual({ at: 'increment.points', message: 'not a number' })
    expect(done({ append: { tier: 1 } })).toEqual({ at: 'append.tier', message: 'the field is no list' })
    expect(done({ increment: { huge: 2 ** 53 } })).toMatchObject({ at: 'increment.huge' })
  })
})
