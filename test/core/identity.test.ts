// Which identifiers are one, and which people they show to be one.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Identifier,
  type IdentityKind,
  identifierKey,
  identityKinds,
  looseEmail,
  normalise,
  type PersonRef,
  readRef,
} from '../../src/core/identity.ts'
import { type IdentityPlan, type Owner, planIdentity } from '../../src/core/identity-plan.ts'
import { defaultIdentityRules, type IdentityRules } from '../../src/core/identity-rules.ts'

describe('a value', () => {
  test.each<[IdentityKind, string, string | undefined]>([
    ['EMAIL', ' Ann@Example.COM ', 'ann@example.com'],
    ['EMAIL', 'ann@Bücher.example', 'ann@xn--bcher-kva.example'],
    ['EMAIL', 'ann@XN--Bcher-kva.example', 'ann@xn--bcher-kva.example'],
    ['EMAIL', 'ann.b+news@gmail.com', 'ann.b+news@gmail.com'],
    ['EMAIL', 'ann@example', undefined],
    ['PHONE', '+49 (30) 901820', '+4930901820'],
    ['PHONE', '030 901820', undefined],
    ['SOURCE_ID', 'C-1', 'C-1'],
  ])('%s %j is stored as %j', (kind, given, expected) => {
    expect(normalise(kind, given)).toBe(expected)
  })

  test('of an e-mail has a looser form for checks alone, without dots and what follows a plus', () => {
    expect(looseEmail('a.n.n+news@gmail.com')).toBe('ann@gmail.com')
    expect(looseEmail('ann@gmail.com')).toBe('ann@gmail.com')
  })

  test.each([
    ['sourceId', 'NULL'],
    ['sourceId', '0'],
    ['deviceId', '00000000-0000-0000-0000-000000000000'],
    ['deviceId', ' undefined '],
    ['email', 'null'],
    ['email', 'None@example.com'],
    ['phone', '+0000000000'],
    ['phone', 'n/a'],
    ['partnerUserId', '---'],
  ])('of a %s that programs send for everybody, %j, is left out and named', (field, value) => {
    const read = readRef({ [field]: value })
    expect(read).toMatchObject({ identifiers: [], dropped: [{ value: value.trim(), reason: 'BLOCKED_VALUE' }] })
  })

  test('that only looks like one is kept', () => {
    const read = readRef({ sourceId: 'nullable', email: 'anna.none@example.com', deviceId: '100' })
    expect(read).toMatchObject({ identifiers: [{}, {}, {}], dropped: [] })
  })
})

const kindOf = (kind: IdentityKind, value: string, verified = false): Identifier => ({
  ...{ kind, value },
  ...(verified ? { verified } : {}),
})

interface Population {
  people: readonly Owner[]
  sharers?: number
  named?: string
  rules?: Partial<IdentityRules>
  /** Two of whom somebody said that they are two people. */
  apart?: readonly [string, string]
}

function plan(given: readonly Identifier[], { people, sharers = 0, named, rules, apart }: Population): IdentityPlan {
  const known = named === undefined ? undefined : people.find(({ id }) => id === named)
  return planIdentity(
    { given, rules: { ...defaultIdentityRules, ...rules }, ...(known ? { named: known } : {}) },
    {
      ownerOf: (identifier) =>
        people.find(({ identifiers }) => identifiers.some((own) => identifierKey(own) === identifierKey(identifier))),
      sharersOf: () => sharers,
      ...(apart ? { areApart: (one, other) => apart.includes(one) && apart.includes(other) } : {}),
    },
  )
}

const source = (value: string) => kindOf('SOURCE_ID', value)
const email = (value: string, verified = false) => kindOf('EMAIL', `${value}@example.com`, verified)
const partner = (value: string) => kindOf('PARTNER_USER_ID', value)
const phone = (value: string) => kindOf('PHONE', value)
const device = (value: string) => kindOf('DEVICE', value)
const person = (id: string, ...identifiers: Identifier[]): Owner => ({ id, identifiers })

describe('the person is named by', () => {
  const people = [
    person('source', source('1')),
    person('email', email('a'), source('2')),
    person('partner', partner('p'), source('3')),
    person('phone', phone('+1'), source('4')),
    person('device', device('d'), source('5')),
  ]
  test.each<[string, Identifier[], string]>([
    [
      'a source id before all others',
      [device('d'), phone('+1'), partner('p'), email('a', true), source('1')],
      'source',
    ],
    ['a verified e-mail before a partner’s id', [partner('p'), email('a', true)], 'email'],
    ['a partner’s id before a claimed e-mail', [email('a'), partner('p')], 'partner'],
    ['an e-mail before a phone number', [phone('+1'), email('a')], 'email'],
    ['a phone number before a device', [device('d'), phone('+1')], 'phone'],
    ['a device where there is nothing else', [device('d')], 'device'],
  ])('%s', (_, given, expected) => {
    expect(plan(given, { people }).ownerId).toBe(expected)
  })
})

describe('two of whom somebody said that they are two people', () => {
  const people = [person('ann', source('1')), person('visitor', device('d')), person('mailed', email('a'))]

  test('are not merged by an event: the weaker’s identifier is left out, and nobody is noted', () => {
    const { ownerId, absorb, dropped, rivals, share } = plan([device('d'), source('1')], {
      people,
      apart: ['ann', 'visitor'],
    })
    expect({ ownerId, absorb, rivals, share }).toEqual({ ownerId: 'ann', absorb: [], rivals: [], share: [] })
    expect(dropped).toEqual([{ kind: 'DEVICE', value: 'd', reason: 'OWNED_BY_ANOTHER' }])
  })

  test.each([
    ['a device of somebody else', [device('d'), source('1')], person('visitor', source('2'), device('d'))],
    ['an address of somebody else', [email('a'), source('1')], person('visitor', source('2'), email('a'))],
  ])('and where nothing would have merged them, %s is as it is of any two', (_, given, visitor) => {
    const both = [person('ann', source('1')), visitor]
    expect(plan(given, { people: both, apart: ['ann', 'visitor'] })).toEqual(plan(given, { people: both }))
  })

  test('nor over a third, who turns out to be one of them', () => {
    const apart = ['mailed', 'visitor'] as const
    const { ownerId, absorb, dropped } = plan([device('d'), email('a'), source('1')], { people, apart })
    expect({ ownerId, absorb }).toEqual({ ownerId: 'ann', absorb: ['mailed'] })
    expect(dropped.map(({ kind }) => kind)).toEqual(['DEVICE'])
  })

  test('and what is verified goes to the person all the same', () => {
    const { move, absorb } = plan([email('a', true), source('1')], { people, apart: ['ann', 'mailed'] })
    expect(move).toEqual([{ identifier: email('a', true), fromId: 'mailed' }])
    expect(absorb).toEqual([])
  })
})

describe('two known people', () => {
  const people = [person('ann', source('1'), email('a')), person('bob', source('2'), email('b', true), phone('+1'))]

  test('with different source ids are never merged, and are noted as rivals', () => {
    const { absorb, dropped, rivals } = plan([source('1'), email('b'), phone('+1')], { people })
    expect(absorb).toEqual([])
    expect(dropped).toEqual([
      { kind: 'EMAIL', value: 'b@example.com', reason: 'OWNED_BY_ANOTHER' },
      { kind: 'PHONE', value: '+1', reason: 'OWNED_BY_ANOTHER' },
    ])
    expect(rivals.map(({ id }) => id)).toEqual(['bob', 'bob'])
  })

  test('a verified e-mail is taken from one who claimed it, and not from one who verified it', () => {
    const taken = plan([source('2'), email('a', true)], { people })
    expect(taken.move).toEqual([{ identifier: email('a', true), fromId: 'ann' }])
    expect(taken.rivals.map(({ id }) => id)).toEqual(['ann'])
    const kept = plan([source('1'), email('b', true)], { people })
    expect(kept).toMatchObject({ move: [], dropped: [{ reason: 'OWNED_BY_ANOTHER' }] })
  })

  test('a new source id with the e-mail of one begins somebody else', () => {
    expect(plan([source('3'), email('a')], { people })).toMatchObject({
      ownerId: null,
      attach: [source('3')],
      dropped: [{ kind: 'EMAIL', reason: 'OWNED_BY_ANOTHER' }],
    })
  })

  test('whom nothing tells apart are one', () => {
    const strangers = [person('ann', source('1'), email('a')), person('phone', phone('+2'))]
    expect(plan([source('1'), phone('+2')], { people: strangers }).absorb).toEqual(['phone'])
  })
})

describe('a claim', () => {
  test('of the person’s own that is verified now is noted once', () => {
    const people = [person('ann', email('a')), person('bob', email('b', true))]
    expect(plan([email('a', true)], { people }).verify).toEqual([email('a', true)])
    expect(plan([email('b', true)], { people }).verify).toEqual([])
    expect(plan([email('b')], { people }).verify).toEqual([])
  })
})

describe('a device', () => {
  const people = [person('ann', source('1'), device('d')), person('bob', source('2'))]

  test('of one known person that another comes with is kept for both, and names its first', () => {
    expect(plan([source('2'), device('d')], { people })).toMatchObject({
      ownerId: 'bob',
      share: [device('d')],
      dropped: [],
    })
    expect(plan([device('d')], { people }).ownerId).toBe('ann')
    // Of an account that lets more people be noted with one.
    expect(plan([device('d')], { people, sharers: 4, rules: { maxPeoplePerDevice: 5 } }).ownerId).toBe('ann')
  })

  test('of two known people names neither, and is left out beside anything stronger', () => {
    expect(plan([source('2'), device('d')], { people, sharers: 1 })).toMatchObject({
      share: [],
      dropped: [{ kind: 'DEVICE', value: 'd', reason: 'SHARED_DEVICE' }],
    })
    expect(plan([device('d')], { people, sharers: 1 })).toMatchObject({
      ownerId: null,
      move: [{ identifier: device('d'), fromId: 'ann' }],
    })
    const kiosk = [person('kiosk', device('d')), person('bob', source('2'))]
    expect(plan([device('d')], { people: kiosk, sharers: 1 }).ownerId).toBe('kiosk')
    expect(plan([source('2'), device('d')], { people: kiosk, sharers: 1 }).absorb).toEqual([])
  })
})

describe('limits', () => {
  test('of 10,000 identifiers one person keeps as many as the account allows', () => {
    const ann = person('ann', source('1'))
    const dropped: string[] = []
    for (let i = 0; i < 10_000; i++) {
      const made = plan([source('1'), device(`d${i}`)], { people: [ann] })
      ann.identifiers.push(...made.attach)
      dropped.push(...made.dropped.map(({ reason }) => reason))
    }
    expect(ann.identifiers).toHaveLength(101)
    expect(dropped).toEqual(Array(9_900).fill('OVER_LIMIT'))
  })

  test('a source id never changes', () => {
    const people = [person('ann', source('1'))]
    expect(plan([source('2')], { people, named: 'ann' })).toMatchObject({
      ownerId: 'ann',
      attach: [],
      dropped: [{ kind: 'SOURCE_ID', value: '2', reason: 'OVER_LIMIT' }],
    })
  })

  test('a partner’s id that need not be unique is kept for each, and names nobody', () => {
    const rules = { partnerUserIdIsUnique: false }
    const people = [person('ann', source('1'), partner('p')), person('bob', source('2'))]
    expect(plan([source('2'), partner('p')], { people, rules })).toMatchObject({
      ownerId: 'bob',
      share: [partner('p')],
    })
    expect(plan([partner('p')], { people, rules })).toMatchObject({ ownerId: null, share: [partner('p')] })
    expect(plan([source('1'), partner('p')], { people, rules }).share).toEqual([])
  })

  test('what an account blocks is left out, in any letter case', () => {
    const made = plan([device('Kiosk'), source('1')], { people: [], rules: { blockedValues: ['kiosk'] } })
    expect(made).toMatchObject({ attach: [source('1')], dropped: [{ value: 'Kiosk', reason: 'BLOCKED_VALUE' }] })
  })
})

const identifier = fc.record({
  kind: fc.constantFrom(...identityKinds),
  value: fc.constantFrom('1', '2', '3'),
  verified: fc.boolean(),
})
const distinct = fc.uniqueArray(identifier, { selector: identifierKey, maxLength: 8 })

describe('whatever is known', () => {
  test('the order in which identifiers are given changes nothing', () => {
    const world = fc.record({
      // One of a kind, as a caller gives them; two of one kind are of equal strength.
      given: fc.uniqueArray(identifier, { selector: ({ kind }) => kind, maxLength: 5 }),
      owned: distinct,
      owners: fc.array(fc.nat(3), { minLength: 8, maxLength: 8 }),
      sharers: fc.nat(6),
    })
    fc.assert(
      fc.property(world, fc.infiniteStream(fc.nat()), ({ given, owned, owners, sharers }, chance) => {
        const people = [0, 1, 2, 3].map((id) => person(String(id), ...owned.filter((_, i) => owners[i] === id)))
        const shuffled = given
          .map((one) => ({ one, by: chance.next().value ?? 0 }))
          .sort((a, b) => a.by - b.by)
          .map(({ one }) => one)
        const known = { people: people.filter(({ identifiers }) => identifiers.length > 0), sharers }
        expect(plan(shuffled, known)).toEqual(plan(given, known))
      }),
    )
  })

  test('each identifier given is the person’s afterwards, or is named as dropped', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(identifier, { selector: ({ kind }) => kind }),
        distinct,
        fc.nat(6),
        (given, owned, sharers) => {
          const people = owned.map((own, i) => person(String(i), own))
          const made = plan(given, { people, sharers })
          const ids = new Set([made.ownerId, ...made.absorb])
          const own = people.filter(({ id }) => ids.has(id)).flatMap(({ identifiers }) => identifiers)
          const gained = [...made.attach, ...made.share, ...made.move.map((move) => move.identifier)]
          const kept = new Set([...own, ...gained].map(identifierKey))
          const left = new Set(made.dropped.map(identifierKey))
          for (const one of given) expect(kept.has(identifierKey(one)) !== left.has(identifierKey(one))).toBe(true)
        },
      ),
    )
  })

  test('a reference is read the same whoever writes its members first', () => {
    const ref: PersonRef = { deviceId: 'd', email: 'a@example.com', sourceId: '1', emailVerified: true }
    const other: PersonRef = { emailVerified: true, sourceId: '1', email: 'a@example.com', deviceId: 'd' }
    expect(readRef(ref)).toEqual(readRef(other))
  })
})
