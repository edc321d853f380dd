// A person's lists of what other modules know of them: rows of all profiles that are the person, as one connection.

import type { GraphQLResolveInfo } from 'graphql'
import { type ListStatement, nestedConnection } from '../../connections.ts'
import type { Context } from '../../context.ts'
import { byId, type PageArgs } from '../../keyset.ts'
import { withPerson } from './members.ts'

type Call = [person: { id: string }, args: PageArgs, context: Context, info: GraphQLResolveInfo]

interface Key {
  accountId: string
  id: string
}

interface PersonList {
  /** Names it in its cursors, where the relation does not. */
  tag?: string
  /** Reads it faster. */
  statement?: ListStatement
}

/** The resolver of a connection over a relation of Profile, in the order of creation. */
export function personList<Row extends Key = Key>(relation: string, { tag = relation, statement }: PersonList = {}) {
  return (...[{ id }, args, context, info]: Call) =>
    withPerson(context, id, ({ members }) =>
      nestedConnection<Row>(
        byId(tag, context.accountId),
        { args, context, info },
        { parent: 'profile', relation, statement, members },
      ),
    )
}
