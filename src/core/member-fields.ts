// The fields of a person who is several profiles: those of a survivor cover those of the profiles merged into it, but for the names
// that a merge picks; of profiles merged into the same one the later covers the earlier.

export interface MemberFields {
  readonly id: string
  /** What it was merged into, if anything. */
  readonly survivorId: string | null
  /** Names of fields that read as this one's, in spite of the survivor's. */
  readonly picks: readonly string[]
  readonly fields: Readonly<Record<string, unknown>>
}

/** What the members read as together; they are in any order. */
export function fieldsOfMembers(members: readonly MemberFields[]): Record<string, unknown> {
  const [only] = members
  if (only && members.length === 1) return { ...only.fields }
  const ids = new Set(members.map(({ id }) => id))
  const roots = members.filter(({ survivorId }) => survivorId === null || !ids.has(survivorId))
  return Object.assign({}, ...roots.map((root) => fold(root, members)))
}

function fold(member: MemberFields, members: readonly MemberFields[]): Record<string, unknown> {
  const merged = members
    .filter(({ survivorId }) => survivorId === member.id)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map((loser) => ({ picks: loser.picks, fields: fold(loser, members) }))
  const fields = Object.assign({}, ...merged.map((loser) => loser.fields), member.fields)
  for (const loser of merged) {
    for (const name of loser.picks) if (Object.hasOwn(loser.fields, name)) fields[name] = loser.fields[name]
  }
  return fields
}
