// Which known people some identifiers say are one, and what becomes of each identifier. The order in which they are given
// changes nothing.

import { type DroppedIdentifier, type Identifier, identifierKey, identityKinds, strongestFirst } from './identity.ts'
import { type IdentityRules, maxIdentifiers } from './identity-rules.ts'

/** A known person with the identifiers of all profiles that were merged into them. */
export interface Owner {
  readonly id: string
  readonly identifiers: Identifier[]
}

export interface Ownership {
  /** Whom the identifier names; shared ones name nobody. */
  ownerOf(identifier: Identifier): Owner | undefined
  /** How many people beside the owner were seen with a device. */
  sharersOf(device: Identifier): number
  /** Whether somebody said that the two are two people; absent where nobody did of anybody. */
  areApart?(personId: string, otherId: string): boolean
}

/** What a reference means, given who owns its identifiers. */
export interface IdentityPlan {
  /** The known person, or null where a new one begins. */
  ownerId: string | null
  /** By what the known person was named; null where a profile was, or a new one begins. */
  namedBy: Identifier | null
  /** Identifiers that nobody owns yet; they become the person's. */
  attach: Identifier[]
  /** Those that become the person's beside others', and name nobody. */
  share: Identifier[]
  /** Those that were somebody else's. */
  move: { identifier: Identifier; fromId: string }[]
  /** Claims of the person's that are verified now. */
  verify: Identifier[]
  /** People who turn out to be this person. */
  absorb: string[]
  dropped: DroppedIdentifier[]
  /** Known people of whom an identifier was given, and who stay somebody else. */
  rivals: { id: string; by: Identifier }[]
}

export interface Asked {
  readonly given: readonly Identifier[]
  /** The person, where the reference names a profile outright. What its identifiers say of others is not followed then. */
  readonly named?: Owner
  readonly rules: IdentityRules
}

/**
 * The strongest identifier names the person, unless they differ from a stronger one that nobody has yet: a person whose
 * SOURCE_ID differs from the one given is not the person meant. Owners of the others join that person where nothing
 * contradicts it: an anonymous person (devices only) always does; a known one does unless the two differ in an identifier of
 * one kind, and never because of a device alone.
 * Of two of whom somebody said that they are two people, the weaker one's identifier is left out.
 * What is verified now goes to the person, even if somebody else claimed it. A device of too many people tells nothing.
 */
export function planIdentity(asked: Asked, ownership: Ownership): IdentityPlan {
  return new Planning(asked, ownership).run()
}

class Planning {
  readonly #asked: Asked
  readonly #ownership: Ownership
  readonly #plan: IdentityPlan
  readonly #given: readonly Identifier[]
  #person: Owner | undefined
  /** What is known of the person, what was given included. */
  #known: readonly Identifier[]
  #own: readonly Identifier[]

  constructor(asked: Asked, ownership: Ownership) {
    this.#asked = asked
    this.#ownership = ownership
    this.#person = asked.named
    this.#own = asked.named?.identifiers ?? []
    this.#plan = {
      ...{ ownerId: asked.named?.id ?? null, namedBy: null, attach: [], share: [], move: [], verify: [] },
      ...{ absorb: [], dropped: [], rivals: [] },
    }
    this.#given = strongestFirst(asked.given.filter((identifier) => !this.#isBlocked(identifier)))
    this.#known = [...this.#given, ...this.#own]
  }

  run(): IdentityPlan {
    for (const identifier of this.#given) this.#take(identifier)
    this.#limit()
    return this.#plan
  }

  #isBlocked(identifier: Identifier): boolean {
    const isBlocked = this.#asked.rules.blockedValues.includes(identifier.value.toLowerCase())
    if (isBlocked) this.#drop(identifier, 'BLOCKED_VALUE')
    return isBlocked
  }

  #drop({ kind, value }: Identifier, reason: DroppedIdentifier['reason']): void {
    this.#plan.dropped.push({ kind, value, reason })
  }

  #take(identifier: Identifier): void {
    const { rules } = this.#asked
    if (identifier.kind === 'PARTNER_USER_ID' && !rules.partnerUserIdIsUnique) {
      this.#plan.share.push(identifier)
      return
    }
    const owner = this.#ownership.ownerOf(identifier)
    const isCrowded = identifier.kind === 'DEVICE' && this.#ownership.sharersOf(identifier) >= rules.maxPeoplePerDevice
    if (isCrowded && owner?.id !== this.#person?.id) this.#takeCrowded(identifier, owner)
    else if (!owner) this.#plan.attach.push(identifier)
    else if (owner.id === this.#person?.id || this.#plan.absorb.includes(owner.id)) this.#takeOwn(identifier, owner)
    else if (this.#asked.named || !this.#joins(owner, identifier)) this.#takeForeign(identifier, owner)
    else if (this.#isApart(owner)) this.#takeOthers(identifier, owner)
    else this.#join(identifier, owner)
  }

  /** Alone it names whoever comes with nothing else: nobody who is known. */
  #takeCrowded(identifier: Identifier, owner: Owner | undefined): void {
    if (this.#given.length > 1 || this.#person) this.#drop(identifier, 'SHARED_DEVICE')
    else if (!owner) this.#plan.attach.push(identifier)
    else if (isAnonymous(owner)) this.#join(identifier, owner)
    else this.#plan.move.push({ identifier, fromId: owner.id })
  }

  #takeOwn(identifier: Identifier, owner: Owner): void {
    if (identifier.verified && !stored(owner, identifier)?.verified) this.#plan.verify.push(identifier)
  }

  #takeForeign(identifier: Identifier, owner: Owner): void {
    if (identifier.kind === 'DEVICE') {
      this.#plan.share.push(identifier)
      return
    }
    this.#plan.rivals.push({ id: owner.id, by: identifier })
    this.#takeOthers(identifier, owner)
  }

  /** Of the person, or of somebody who turned out to be the person. */
  #isApart(owner: Owner): boolean {
    const { absorb } = this.#plan
    const own = this.#person ? [this.#person.id, ...absorb] : absorb
    return own.some((id) => this.#ownership.areApart?.(id, owner.id) ?? false)
  }

  #takeOthers(identifier: Identifier, owner: Owner): void {
    const claim = stored(owner, identifier)
    if (identifier.verified && claim && !claim.verified) this.#plan.move.push({ identifier, fromId: owner.id })
    else this.#drop(identifier, 'OWNED_BY_ANOTHER')
  }

  #join(identifier: Identifier, owner: Owner): void {
    if (this.#person) {
      this.#plan.absorb.push(owner.id)
    } else {
      this.#person = owner
      this.#plan.ownerId = owner.id
      this.#plan.namedBy = identifier
    }
    this.#own = [...this.#own, ...owner.identifiers]
    this.#known = [...this.#known, ...owner.identifiers]
    this.#takeOwn(identifier, owner)
  }

  #joins(owner: Owner, by: Identifier): boolean {
    if (isAnonymous(owner)) return true
    const isOnlyIdentifier = this.#known.every(({ kind }) => kind === 'DEVICE')
    if (by.kind === 'DEVICE' && !isOnlyIdentifier) return false
    // Who is named may have come to another e-mail address or phone number; two people are one only where nothing differs.
    const known = this.#person ? this.#known : this.#given.slice(0, this.#given.indexOf(by))
    return !contradicts(owner.identifiers, known, this.#asked.rules)
  }

  /** Leaves out what the person has already, and what is over a limit. */
  #limit(): void {
    const plan = this.#plan
    const has = new Set(this.#own.map(identifierKey))
    const counts = new Map(identityKinds.map((kind) => [kind, this.#own.filter((own) => own.kind === kind).length]))
    let total = this.#own.length
    const fits = (identifier: Identifier): boolean => {
      const count = counts.get(identifier.kind) ?? 0
      if (has.has(identifierKey(identifier))) return false
      if (count >= this.#asked.rules.maxOf[identifier.kind] || total >= maxIdentifiers) {
        this.#drop(identifier, 'OVER_LIMIT')
        return false
      }
      counts.set(identifier.kind, count + 1)
      total += 1
      return true
    }
    plan.attach = plan.attach.filter(fits)
    plan.move = plan.move.filter(({ identifier }) => fits(identifier))
    plan.share = plan.share.filter(fits)
  }
}

const isAnonymous = ({ identifiers }: Owner) => identifiers.every(({ kind }) => kind === 'DEVICE')

const stored = ({ identifiers }: Owner, { kind, value }: Identifier) =>
  identifiers.find((own) => own.kind === kind && own.value === value)

/** True when the two have identifiers of one kind, other than devices, and none of them in common. */
function contradicts(a: readonly Identifier[], b: readonly Identifier[], rules: IdentityRules): boolean {
  return identityKinds.some((kind) => {
    if (kind === 'DEVICE' || (kind === 'PARTNER_USER_ID' && !rules.partnerUserIdIsUnique)) return false
    const ours = a.filter((identifier) => identifier.kind === kind).map(({ value }) => value)
    const theirs = b.filter((identifier) => identifier.kind === kind).map(({ value }) => value)
    return ours.length > 0 && theirs.length > 0 && !ours.some((value) => theirs.includes(value))
  })
}
