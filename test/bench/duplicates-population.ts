// People with known duplicates: families in one house, namesakes in one town, and second records of a person with the faults
// that forms, call centres and imports make. The same people at every run.

import { type Particulars, particularsOf } from '../../src/core/duplicates/particulars.ts'

export interface Labelled {
  /** Equal for records of one person. */
  readonly label: string
  readonly particulars: Particulars
}

const firsts =
  'anna maria emma mia sophia laura lena julia sarah lisa katharina elizabeth margaret susan karen nancy olivia ava james john robert michael william david richard joseph thomas charles daniel matthew anthony mark paul steven andrew joshua kenneth kevin brian george edward peter hans jürgen wolfgang klaus françois andré josé søren'.split(
    ' ',
  )
const lasts =
  'müller schmidt schneider fischer weber meyer wagner becker schulz hoffmann smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez gonzalez wilson anderson thomas taylor moore jackson martin lee perez thompson white harris sanchez clark ramirez lewis robinson walker young allen king wright scott torres nguyen hill flores green adams nelson baker hall rivera campbell mitchell carter roberts kowalski nowak rossi russo ferrari dubois laurent lefebvre andersen jensen nielsen larsen virtanen korhonen papadopoulos ivanova petrov'.split(
    ' ',
  )
const streets =
  'main park oak church high station victoria green mill lake garden bahnhof haupt schul kirch wald berg linden rosen goethe'.split(
    ' ',
  )
const cities =
  'springfield riverside franklin greenville bristol clinton fairview salem madison georgetown ulm bonn essen'.split(
    ' ',
  )
const nicknames: Readonly<Record<string, string>> = {
  ...{ elizabeth: 'liz', margaret: 'maggie', robert: 'bob', william: 'bill', richard: 'dick', katharina: 'kathi' },
  ...{
    michael: 'mike',
    james: 'jim',
    thomas: 'tom',
    anthony: 'tony',
    charles: 'charlie',
    joseph: 'joe',
    edward: 'ted',
  },
}

interface Person {
  first: string
  last: string
  street: string
  city: string
  zip: string
  birth: string
  email: string
  phone: string
}

/** Numbers from 0 to 1, the same at every run (mulberry32). */
function chances(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

class Registry {
  readonly #chance: () => number
  #count = 0

  constructor(seed: number) {
    this.#chance = chances(seed)
  }

  happens(share: number): boolean {
    return this.#chance() < share
  }

  below(count: number): number {
    return Math.floor(this.#chance() * count)
  }

  /** Some are much commoner than others. */
  pick(list: readonly string[]): string {
    return list[Math.floor(list.length * this.#chance() ** 2)] ?? ''
  }

  birth(): string {
    const two = (n: number) => String(n + 1).padStart(2, '0')
    return `${1940 + this.below(65)}-${two(this.below(12))}-${two(this.below(28))}`
  }

  person(): Person {
    const [first, last] = [this.pick(firsts), this.pick(lasts)]
    const town = this.below(cities.length)
    return {
      ...{ first, last, birth: this.birth(), city: cities[town] ?? '' },
      street: `${this.pick(streets)} street ${1 + this.below(120)}`,
      zip: String(10_000 + town * 37 + this.below(12)),
      ...this.contact(first, last),
    }
  }

  contact(first: string, last: string): { email: string; phone: string } {
    this.#count++
    const domain = ['gmail.com', 'gmx.de', 'yahoo.com', 'outlook.com'][this.below(4)] ?? ''
    const number = this.happens(0.5) ? '' : String(1 + this.below(99))
    return {
      email: `${[first, `${first}.${last}`, `${first[0]}${last}`][this.below(3)]}${number}.${this.#count % 97}@${domain}`,
      phone: `+49${1_500_000_000 + this.below(400_000_000)}`,
    }
  }

  /** Somebody else of the house: another first name or, of a son who is named after his father, another birthday. */
  relative(person: Person): Person {
    const first = this.happens(0.1) ? person.first : this.pick(firsts)
    const { email, phone } = this.contact(first, person.last)
    return { ...person, first, birth: this.birth(), email, phone: this.happens(0.3) ? person.phone : phone }
  }

  /** Another record of the same person. */
  again(person: Person): Person {
    const copy = { ...person }
    if (this.happens(0.25)) copy.first = nicknames[copy.first] ?? copy.first
    if (this.happens(0.1)) copy.first = copy.first.slice(0, 1)
    if (this.happens(0.2)) copy.last = this.mistype(copy.last)
    if (this.happens(0.15)) copy.first = this.mistype(copy.first)
    if (this.happens(0.04)) [copy.first, copy.last] = [copy.last, copy.first]
    if (this.happens(0.25)) {
      const { street, city, zip } = this.person()
      Object.assign(copy, { street, city, zip })
    } else if (this.happens(0.2)) copy.street = this.mistype(copy.street)
    if (this.happens(0.08)) copy.birth = this.mistype(copy.birth)
    const contact = this.contact(person.first, person.last)
    // An address or number of another person's record cannot be the same: they would be one already. A field can.
    if (this.happens(0.55)) copy.email = contact.email
    else copy.email = this.happens(0.5) ? copy.email.replace('@', '+news@') : this.mistype(copy.email)
    if (this.happens(0.4)) copy.phone = contact.phone
    for (const field of ['first', 'street', 'city', 'zip', 'birth', 'email', 'phone'] as const)
      if (this.happens(field === 'birth' || field === 'phone' ? 0.4 : 0.12)) copy[field] = ''
    return copy
  }

  mistype(text: string): string {
    const at = 1 + this.below(Math.max(1, text.length - 2))
    const kind = this.below(3)
    if (kind === 0) return text.slice(0, at) + text.slice(at + 1)
    if (kind === 1) return text.slice(0, at) + (text[at + 1] ?? '') + (text[at] ?? '') + text.slice(at + 2)
    return `${text.slice(0, at)}${/\d/.test(text[at] ?? '') ? this.below(10) : 'abcdefghijklmnopqrstuvwxyz'[this.below(26)]}${text.slice(at + 1)}`
  }
}

const labelled = (label: string, { first, last, street, city, zip, birth, email, phone }: Person): Labelled => ({
  label,
  particulars: particularsOf({
    identifiers: [],
    fields: { firstName: first, lastName: last, address: { street, city, zip }, birthDate: birth, email, phone },
  }),
})

/** `count` people, of whom a third have relatives among them, and a quarter have one or two records more. */
export function population(count: number, seed: number): Labelled[] {
  const registry = new Registry(seed)
  const people: Person[] = []
  while (people.length < count) {
    const person = registry.person()
    people.push(person)
    while (people.length < count && registry.happens(0.33)) people.push(registry.relative(person))
  }
  return people.flatMap((person, i) => {
    const records = [labelled(String(i), person)]
    while (records.length < 3 && registry.happens(0.25)) records.push(labelled(String(i), registry.again(person)))
    return records
  })
}
