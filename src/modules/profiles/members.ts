// Reading a person across merges: the root that an id leads to, its members, and identifiers of all of them.

import DataLoader from 'dataloader'
import type { Context } from '../../context.ts'
import { inForce, type StampedFields } from '../../core/fields/fold.ts'
import { groupBy } from '../../core/group.ts'
import { whole } from '../../whole.ts'
import { foldPerson, type PersonRow } from '../member-fields/rows.ts'
import { findIdentifiers, findMembersSince, findProfiles, findSince, type OwnIdentityRow } from './sql.ts'

export interface Person {
  rootId: string
  /** Every profile that is this person, the root among them. */
  members: readonly string[]
}

interface Found extends Person {
  /** False for an id that the account does not know. */
  isStored: boolean
}

/** What of people was found out so far, so that of them nobody waits: an answer of a thousand values is slow by its promises. */
interface Known {
  people: Map<string, Found>
  /** When profiles were first met. */
  since: Map<string, Date>
}

const knownTo = (context: Context) =>
  context.memo('known people', (): Known => ({ people: new Map(), since: new Map() }))

/** The person that a stored profile id now belongs to. All ids of one operation are looked up together. */
export const personOf = async (context: Context, profileId: string): Promise<Person> => foundPerson(context, profileId)

/** Looks up people whom somebody will ask for: then they are known. */
export async function meetPeople(context: Context, profileIds: readonly string[]): Promise<void> {
  await Promise.all(profileIds.map((id) => foundPerson(context, id)))
}

function foundPerson(context: Context, profileId: string): Found | Promise<Found> {
  const known = knownTo(context).people.get(profileId)
  return known ?? context.memo('people', () => peopleLoader(context)).load(profileId)
}

/** What `use` makes of the person: at once where the person is known. */
export function withPerson<T>(context: Context, profileId: string, use: (person: Person) => T | Promise<T>) {
  const found = foundPerson(context, profileId)
  return 'then' in found ? found.then(use) : use(found)
}

/** The same, null for an id that the account does not know. */
export async function storedPersonOf(context: Context, profileId: string): Promise<Person | null> {
  const found = await foundPerson(context, profileId)
  return found.isStored ? found : null
}

/** When a profile was first met; null for nobody's id. */
export function firstEncounterOf(context: Context, profileId: string): Date | null | Promise<Date | null> {
  // Whoever asks about people mostly asks who they are, which tells this too.
  return withPerson<Date | null>(
    context,
    profileId,
    () =>
      knownTo(context).since.get(profileId) ??
      context.memo('first encounters', () => encountersLoader(context)).load(profileId),
  )
}

function encountersLoader({ lookUps, accountId }: Context): DataLoader<string, Date | null> {
  return new DataLoader(async (ids) => {
    const since = new Map((await findSince(lookUps, accountId, ids)).map(({ id, createdAt }) => [id, createdAt]))
    return ids.map((id) => since.get(id) ?? null)
  })
}

/** A reference to the person's own row, as the type Profile takes it. */
export const personRow = (context: Context, profileId: string) =>
  withPerson(context, profileId, ({ rootId }) => whole({ accountId: context.accountId, id: rootId }))

export const membersOf = async (context: Context, profileId: string) => (await personOf(context, profileId)).members

/** Tells the context what was found out elsewhere, so that it is not looked up; what was known of the person before is forgotten. */
export function knowPerson(context: Context, person: Person): void {
  const people = context.memo('people', () => peopleLoader(context))
  const known = { ...person, isStored: true }
  const others = [
    context.memo('identifiers', () => identifiersLoader(context)),
    context.memo('fields', () => fieldsLoader(context)),
  ]
  for (const id of person.members) {
    people.clear(id).prime(id, known)
    knownTo(context).people.set(id, known)
    for (const loader of others) loader.clear(id)
  }
}

function peopleLoader(context: Context): DataLoader<string, Found> {
  const { lookUps, accountId } = context
  return new DataLoader(async (ids) => {
    const rows = await findMembersSince(lookUps, accountId, ids)
    const { people, since } = knownTo(context)
    for (const { profileId, createdAt } of rows) since.set(profileId, createdAt)
    const members = groupBy(rows, ({ rootId }) => rootId)
    const roots = new Map(rows.map(({ profileId, rootId }) => [profileId, rootId]))
    return ids.map((id) => {
      const rootId = roots.get(id)
      const own = rootId === undefined ? undefined : members.get(rootId)?.map(({ profileId }) => profileId)
      const person = { rootId: rootId ?? id, members: own ?? [id], isStored: own !== undefined }
      people.set(id, person)
      return person
    })
  })
}

/** The person's identifiers, oldest first, those of merged profiles included. */
export function identifiersOfPerson(context: Context, profileId: string): Promise<OwnIdentityRow[]> {
  const loader = context.memo('identifiers', () => identifiersLoader(context))
  const found = withPerson(context, profileId, async ({ members }) => {
    const [one = profileId] = members
    // Nothing to put together for most people.
    if (members.length === 1) return loader.load(one)
    return (await Promise.all(members.map((id) => loader.load(id)))).flat()
  })
  return Promise.resolve(found)
}

function identifiersLoader({ lookUps, accountId }: Context) {
  return new DataLoader(async (ids: readonly string[]) => {
    const rows = groupBy(await findIdentifiers(lookUps, accountId, ids), ({ profileId }) => profileId)
    return ids.map((id) => rows.get(id) ?? [])
  })
}

/** The person's own fields as of now: of each the value stated last in any profile that is the person. */
export async function fieldsOfPerson(context: Context, profileId: string): Promise<Record<string, unknown>> {
  return inForce(await stampedFieldsOf(context, profileId), context.now.getTime())
}

/** The same with their times, those that ended included. */
export async function stampedFieldsOf(context: Context, profileId: string): Promise<StampedFields> {
  const { rootId, members } = await personOf(context, profileId)
  const rows = await Promise.all(members.map((id) => rowOfProfile(context, id)))
  return foldPerson(
    rows.flatMap((row) => row ?? []),
    rootId,
  )
}

/** One profile, whoever it was merged into; null for nobody's id. */
export const rowOfProfile = (context: Context, profileId: string): Promise<PersonRow | null> =>
  context.memo('fields', () => fieldsLoader(context)).load(profileId)

function fieldsLoader({ lookUps, accountId }: Context) {
  return new DataLoader(async (ids: readonly string[]) => {
    const rows = new Map((await findProfiles(lookUps, accountId, ids)).map((row) => [row.id, row]))
    return ids.map((id) => rows.get(id) ?? null)
  })
}
