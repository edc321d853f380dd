// Which events tell that somebody reads what a brand writes, and looks at its pages.

export const engagementKinds = {
  emailsOpened: ['email_opened', 'email_open'],
  emailsClicked: ['email_clicked', 'email_click', 'email_link_clicked'],
  emailsRead: ['email_read'],
  pagesViewed: ['page_viewed', 'page_view', 'page_browsed'],
} as const

export type EngagementKind = keyof typeof engagementKinds

export type Engagement = Record<EngagementKind, number>

const kindOf = new Map(
  Object.entries(engagementKinds).flatMap(([kind, names]) => names.map((name): [string, string] => [name, kind])),
)

/** Every name of an event that tells of it. */
export const engagementNames: readonly string[] = [...kindOf.keys()]

export const noEngagement: Engagement = { emailsOpened: 0, emailsClicked: 0, emailsRead: 0, pagesViewed: 0 }

/** Counts of events by name, added up by what they tell. Other names are left out. */
export function engagementIn(counts: readonly { name: string; count: number }[]): Engagement {
  const told = { ...noEngagement }
  for (const { name, count } of counts) {
    const kind = kindOf.get(name) as EngagementKind | undefined // The keys of the table above.
    if (kind) told[kind] += count
  }
  return told
}

/** The first instant of the twelfth month before the one of `now`, UTC: a year, and what has gone by of this month. */
export function engagementSince(now: Date): Date {
  return new Date(Date.UTC(now.getUTCFullYear() - 1, now.getUTCMonth(), 1))
}
