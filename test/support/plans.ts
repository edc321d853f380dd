// How a database goes about the statements that a server sends.

import pg from 'pg'
import type { Statement } from './statements.ts'

export interface Plan {
  'Node Type': string
  'Relation Name'?: string
  'Index Cond'?: string
  Plans?: Plan[]
}

const nodesOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)]

const literal = (value: unknown): string => {
  if (value === null || value === undefined) return 'NULL'
  if (value instanceof Date) return pg.escapeLiteral(value.toISOString())
  if (Array.isArray(value)) return pg.escapeLiteral(`{${value.map(element).join(',')}}`)
  return pg.escapeLiteral(typeof value === 'object' ? JSON.stringify(value) : String(value))
}

const element = (value: unknown): string => {
  if (value === null || value === undefined) return 'NULL'
  const text =
    value instanceof Date ? value.toISOString() : typeof value === 'object' ? JSON.stringify(value) : String(value)
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

/** How statements begin that have a plan. */
export const planned = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'WITH']

/** How the database goes about a statement: with its values, and for any where it is sent as a prepared one. */
export async function plansOf(
  client: pg.Client,
  { text, values, prepared }: Statement,
): Promise<{ nodes: Plan[]; text: string }[]> {
  if (!planned.some((word) => text.trim().toUpperCase().startsWith(word))) return []
  const plans = []
  for (const mode of prepared ? ['force_custom_plan', 'force_generic_plan'] : ['force_custom_plan']) {
    await client.query(`SET plan_cache_mode = ${mode}`)
    await client.query(`PREPARE one AS ${text}`)
    const call = values.length ? `one(${values.map(literal).join(', ')})` : 'one'
    const { rows } = await client.query(`EXPLAIN (FORMAT JSON) EXECUTE ${call}`)
    await client.query('DEALLOCATE one')
    plans.push({ nodes: nodesOf(rows[0]['QUERY PLAN'][0].Plan), text: `${mode}: ${text.trim().replace(/\s+/g, ' ')}` })
  }
  return plans
}
