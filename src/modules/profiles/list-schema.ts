// The list of all people, filtered by a rule and searched by identifier.

import { builder } from '../../builder.ts'
import { rootConnection } from '../../connections.ts'
import type { Context } from '../../context.ts'
import { decodeId } from '../../core/ids.ts'
import type { Rule } from '../../core/rules/rule.ts'
import { badInput, notFound } from '../../errors.ts'
import { byId, type PageQuery } from '../../keyset.ts'
import { whole } from '../../whole.ts'
import { assertMayAsk, mayNotAsk } from '../programs/asking.ts'
import { assertFieldNames } from '../programs/field-definitions.ts'
import { RuleInput } from '../programs/rule-input.ts'
import {
  audiencePlaces,
  fieldPlaces,
  programPlaces,
  type RulePlace,
  type RuleShape,
  ruleOf,
} from '../programs/rule-reading.ts'
import { countConditions } from './filter-sql.ts'
import { seesPersonal } from './hidden.ts'
import { countPeople, findPage, type Search } from './list-sql.ts'
import { ProfileType } from './schema.ts'

const maxConditions = 200
const maxSearch = 256

builder.queryField('profiles', (t) =>
  t.connection(
    {
      type: ProfileType,
      nullable: true,
      authScopes: { can: 'PROFILES_READ' },
      description:
        'People in the order of their first encounter. A person merged into another is listed, filtered and found as that one.',
      args: {
        filter: t.arg({
          type: RuleInput,
          description: `Only people of whom it is true; at most ${maxConditions} conditions. Days count back from now, and there is no event whose data could be asked for. FORBIDDEN without PII_READ for a condition on a value that tells who somebody is, but whether there is one.`,
        }),
        search: t.arg.string({
          description:
            'Only people with an identifier that begins with this, whatever its case, or the person whose id this is; blank: everybody. Without PII_READ an id alone: anything else is FORBIDDEN.',
        }),
      },
      resolve: async (_root, { filter, search, ...args }, context, info) => {
        const asked = {
          accountId: context.accountId,
          now: context.now,
          filter: filter ? await checkedFilter(context, filter) : null,
          search: checkedSearch(context, search),
        }
        const page = await rootConnection(
          byId('profiles', context.accountId),
          { args, context, info },
          async (query) => {
            const ids = await findPage(context, { ...asked, ...boundsOf(query) })
            // All that is told of a person is looked up by the id.
            return ids.map((id) => whole({ accountId: context.accountId, id }))
          },
        )
        return { ...page, count: () => countPeople(context, asked) }
      },
    },
    {
      name: 'ProfileConnection',
      fields: (t) => ({
        totalCount: t.int({
          description: 'How many people there are on all pages together; counted only where it is asked for.',
          resolve: ({ count }) => count(),
        }),
      }),
    },
    { name: 'ProfileEdge' },
  ),
)

/** The rule that a filter says. BAD_INPUT and NOT_FOUND, naming the place in `filter`. */
export async function checkedFilter(context: Context, input: RuleShape): Promise<Rule> {
  const { db, sql, accountId, services } = context
  const rule = ruleOf(input, 'filter')
  if (countConditions(rule) > maxConditions) throw badInput(`over ${maxConditions} conditions`, 'filter')
  const places = fieldPlaces(rule, 'filter')
  // Of an account without definitions nothing is asked.
  if (services.ruleSets.lastKnown(accountId)?.fields !== null)
    await assertFieldNames(sql, accountId, { places, events: [] })
  await assertMayAsk(sql, context, places)
  const named = { audience: audiencePlaces(rule, 'filter'), program: programPlaces(rule, 'filter') }
  const asked = (places: readonly RulePlace[]) => ({
    where: { accountId, id: { in: places.map(({ id }) => id) } },
    select: { id: true },
  })
  if (named.audience.length > 0)
    assertKnown('audience', named.audience, await db.audience.findMany(asked(named.audience)))
  if (named.program.length > 0) assertKnown('program', named.program, await db.program.findMany(asked(named.program)))
  return rule
}

function assertKnown(noun: string, places: readonly RulePlace[], rows: readonly { id: string }[]): void {
  const known = new Set(rows.map(({ id }) => id))
  const stray = places.find(({ id }) => !known.has(id))
  if (stray) throw notFound(`no ${noun} ${stray.id}`, stray.path)
}

function checkedSearch(context: Context, search: string | null | undefined): Search | null {
  const prefix = search?.trim()
  if (!prefix) return null
  if (prefix.length > maxSearch) throw badInput(`over ${maxSearch} characters`, 'search')
  const profileId = decodeId('Profile', prefix)
  if (profileId === null && !seesPersonal(context)) throw mayNotAsk('identifiers', 'search')
  return { prefix, profileId }
}

function boundsOf({ where, orderBy, take }: PageQuery) {
  // A keyset by id compares ids.
  const { gt, lt } = (where.id ?? {}) as { gt?: string; lt?: string }
  return {
    ...(gt === undefined ? {} : { after: gt }),
    ...(lt === undefined ? {} : { before: lt }),
    order: orderBy.id ?? ('asc' as const),
    limit: take,
  }
}
