// The same reads by hand: Fastify and Mercurius with graphql-jit, loaders over pg, one prepared statement a list, on the tables
// of the server that is measured. It reads what is there as it is there: no keys, no scopes, no merged people.

import Fastify from 'fastify'
import { GraphQLScalarType } from 'graphql'
import mercurius from 'mercurius'
import pg from 'pg'

const account = process.env.ACCOUNT_ID
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 })

/** Rows of a statement that is prepared once a connection; its first parameter is the account. */
async function ask(name, text, ...values) {
  return (await pool.query({ name, text, values: [account, ...values] })).rows
}

const schema = `
  scalar DateTime
  scalar JSON
  type Identity { kind: String! value: String! }
  type Campaign { id: ID! name: String! state: String! }
  type Journey { id: ID! name: String! role: String! state: String! startedAt: DateTime! campaign: Campaign! }
  type Event { id: ID! name: String! data: JSON! occurredAt: DateTime! }
  type Relationship { id: ID! createdAt: DateTime! friend: Profile! }
  type Profile {
    id: ID! createdAt: DateTime fields: JSON identities: [Identity!]!
    journeys(first: Int!): [Journey!]! events(last: Int!): [Event!]! friends(first: Int!): [Relationship!]!
  }
  type Query { person(id: ID!): Profile people(first: Int!): [Profile!]! }
`

const profile = 'SELECT id, fields, created_at AS "createdAt" FROM profile WHERE account_id = $1'
const person = (id) => ask('person', `${profile} AND id = $2`, id).then(([row]) => row ?? null)
const people = (first) => ask('people', `${profile} ORDER BY id LIMIT $2`, first)

const identities = (ids) =>
  ask(
    'identities',
    'SELECT profile_id AS owner, kind, value FROM identity WHERE account_id = $1 AND profile_id = ANY ($2::uuid[]) ORDER BY created_at',
    ids,
  )

const perOwner = (columns, table, { key, order }) => `
  SELECT own.* FROM unnest($2::uuid[]) AS owner (id) CROSS JOIN LATERAL (
    SELECT ${key} AS owner, ${columns} FROM ${table} WHERE account_id = $1 AND ${key} = owner.id ORDER BY id ${order} LIMIT $3
  ) AS own ORDER BY own.id`

const journeys = (ids, { first }) =>
  ask(
    'journeys',
    perOwner('id, definition AS name, role, state, started_at AS "startedAt", campaign_id AS "campaignId"', 'journey', {
      key: 'profile_id',
      order: 'ASC',
    }),
    ids,
    first,
  )

const events = (ids, { last }) =>
  ask(
    'events',
    perOwner('id, name, data, occurred_at AS "occurredAt"', 'event', { key: 'profile_id', order: 'DESC' }),
    ids,
    last,
  )

const friends = async (ids, { first }) => {
  const columns = 'id, created_at AS "createdAt", friend_id AS "friendId"'
  const rows = await ask('friends', perOwner(columns, 'relationship', { key: 'advocate_id', order: 'ASC' }), ids, first)
  return rows.map(({ friendId, ...row }) => ({ ...row, friend: { id: friendId } }))
}

/** A loader of lists: Mercurius hands over all calls of a field in a query, which have the same arguments. */
const lists = (find) => ({
  opts: { cache: false },
  async loader(calls) {
    const byOwner = new Map(calls.map(({ obj }) => [obj.id, []]))
    for (const row of await find([...byOwner.keys()], calls[0].params)) byOwner.get(row.owner).push(row)
    return calls.map(({ obj }) => byOwner.get(obj.id))
  },
})

const campaign = {
  opts: { cache: false },
  async loader(calls) {
    const ids = [...new Set(calls.map(({ obj }) => obj.campaignId))]
    const text = 'SELECT id, name, state FROM campaign WHERE account_id = $1 AND id = ANY ($2::uuid[])'
    const byId = new Map((await ask('campaigns', text, ids)).map((row) => [row.id, row]))
    return calls.map(({ obj }) => byId.get(obj.campaignId))
  },
}

const app = Fastify()
app.register(mercurius, {
  schema,
  jit: 1,
  resolvers: {
    DateTime: new GraphQLScalarType({ name: 'DateTime', serialize: (date) => date.toISOString() }),
    Query: { person: (_root, { id }) => person(id), people: (_root, { first }) => people(first) },
  },
  loaders: {
    Profile: {
      identities: lists(identities),
      journeys: lists(journeys),
      events: lists(events),
      friends: lists(friends),
    },
    Journey: { campaign },
  },
})
console.log(await app.listen({ port: 0, host: '127.0.0.1' }))
