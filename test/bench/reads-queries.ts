// The two reads that are compared, in the words of each server, and the one form that all answers are brought to.

/** One person with journeys, the latest events and friends; and a page of people with the same, each with fewer events. */
export interface Queries {
  readonly person: string
  readonly page: string
}

/** So many of the latest events. */
const latest = { person: 10, page: 5 }
export const pageSize = 20

const ours = (events: number) => `id createdAt fields identities { kind value }
  journeys(first: 10) { edges { node { id name role state startedAt campaign { id name state } } } }
  events(last: ${events}) { edges { node { id name data occurredAt } } }
  friends(first: 5) { edges { node { id createdAt friend { id identities { kind value } } } } }`

export const tributary: Queries = {
  person: `query Person($id: ID!) { person: profile(by: { id: $id }) { ${ours(latest.person)} } }`,
  page: `query Page($first: Int!) { people: profiles(first: $first) { edges { node { ${ours(latest.page)} } } } }`,
}

const byHand = (events: number) => `id createdAt fields identities { kind value }
  journeys(first: 10) { id name role state startedAt campaign { id name state } }
  events(last: ${events}) { id name data occurredAt }
  friends(first: 5) { id createdAt friend { id identities { kind value } } }`

export const mercurius: Queries = {
  person: `query Person($id: ID!) { person(id: $id) { ${byHand(latest.person)} } }`,
  page: `query Page($first: Int!) { people(first: $first) { ${byHand(latest.page)} } }`,
}

const identities = 'identities: identitiesByAccountIdAndProfileId(orderBy: [PRIMARY_KEY_ASC]) { nodes { kind value } }'
const introspected = (events: number) => `id: rowId createdAt fields ${identities}
  journeys: journeysByAccountIdAndProfileId(first: 10, orderBy: [PRIMARY_KEY_ASC]) { nodes {
    id: rowId name: definition role state startedAt campaign: campaignByAccountIdAndCampaignId { id: rowId name state }
  } }
  events: eventsByAccountIdAndProfileId(last: ${events}, orderBy: [PRIMARY_KEY_ASC]) { nodes { id: rowId name data occurredAt } }
  friends: relationshipsByAccountIdAndAdvocateId(first: 5, orderBy: [PRIMARY_KEY_ASC]) { nodes {
    id: rowId createdAt friend: profileByAccountIdAndFriendId { id: rowId ${identities} }
  } }`

/** Both take the account, since the database behind it holds several. */
export const postgraphile: Queries = {
  person: `query Person($account: UUID!, $id: UUID!) { person: profileByAccountIdAndRowId(accountId: $account, rowId: $id) { ${introspected(latest.person)} } }`,
  page: `query Page($account: UUID!, $first: Int!) { people: allProfiles(first: $first, condition: { accountId: $account }, orderBy: [PRIMARY_KEY_ASC]) { nodes { ${introspected(latest.page)} } } }`,
}

/** The data of an answer: lists without their connections, ids as UUIDs, times in one spelling, keys in order. */
export function plain(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((one) => plain(one))
  if (typeof value === 'object' && value !== null) {
    if ('edges' in value) return plain((value.edges as { node: unknown }[]).map(({ node }) => node)) // As all connections.
    if ('nodes' in value) return plain(value.nodes)
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, inner]) => [name, plain(inner, name)]),
    )
  }
  if (typeof value !== 'string') return value
  if (key === 'id') return uuidIn(value)
  return key.endsWith('At') ? new Date(value).toISOString() : value
}

/** Of a global id the UUID at its end. */
const uuidIn = (id: string) => (id.includes('-') ? id : Buffer.from(id, 'base64').toString().split(':').at(-1))
