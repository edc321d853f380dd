// Which spellings are the same name, and which texts are an id.

import { describe, expect, test } from 'vitest'
import { decodeId, encodeId } from '../../src/core/ids.ts'
import { byteOrder, foldCode, foldEventName, foldName } from '../../src/core/names.ts'

describe('names', () => {
  test.each([
    ['Signed Up', 'signed_up'],
    ['signed_up', 'signed_up'],
    ['  signed-up ', 'signed_up'],
    ['Signed.Up', 'signed_up'],
    ['signed - . up', 'signed_up'],
    ['signed\t\nup', 'signed_up'],
    ['SignedUp', 'signedup'],
    ['signed__up', 'signed__up'],
    ['', ''],
  ])('the event name %j is %j', (name, folded) => {
    expect(foldEventName(name)).toBe(folded)
    expect(foldEventName(folded)).toBe(folded)
  })

  test('codes compare upper-cased, labels and names lower-cased, both trimmed', () => {
    expect(foldCode(' save10 ')).toBe('SAVE10')
    expect(foldName(' VIP Friends ')).toBe('vip friends')
  })

  test('texts are ordered by the bytes of their UTF-8', () => {
    const texts = ['', 'B', 'a', 'ab', 'b', 'é', '\uffee', '😀']
    for (const a of texts) {
      for (const b of texts) {
        expect(Math.sign(byteOrder(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)))
      }
    }
  })
})

describe('ids', () => {
  const id = '0195a1b2-c3d4-7000-8000-00000000000a'

  test('a global id and its bare UUID are the same id, in any letter case', () => {
    expect(decodeId('Campaign', encodeId('Campaign', id))).toBe(id)
    expect(decodeId('Campaign', id)).toBe(id)
    expect(decodeId('Campaign', id.toUpperCase())).toBe(id)
    expect(decodeId('Campaign', encodeId('Campaign', id.toUpperCase()))).toBe(id)
  })

  test.each([
    ['the id of another type', encodeId('Program', id)],
    ['a type with another ending', encodeId('Campaigns', id)],
    ['an empty text', ''],
    ['a name', 'Spring'],
    ['a UUID cut short', id.slice(1)],
    ['something before the id', `x${encodeId('Campaign', id)}`],
    ['something after the UUID', encodeId('Campaign', `${id} `)],
    ['base64 of something else', Buffer.from('Campaign:1').toString('base64')],
    ['a very long text', 'A'.repeat(100_000)],
  ])('%s is no id', (_, text) => {
    expect(decodeId('Campaign', text)).toBeNull()
  })
})
