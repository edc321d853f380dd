// The SQL statements that a server in this process sends, seen where they leave it: at the driver.

import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import { vi } from 'vitest'
import { backend } from './backend.ts'

export interface Statement {
  text: string
  values: readonly unknown[]
  /** By a name, so that its plan may be one for any values. */
  prepared?: boolean
}

/** Runs the work and tells every statement that was sent meanwhile, by whomever. */
export async function statementsOf(work: () => Promise<unknown>): Promise<Statement[]> {
  const sent: Statement[] = []
  const driver = backend() === 'embedded' ? PGlite.prototype : pg.Client.prototype
  // The drivers overload `query`; what is read of a call here is the same in all of its forms.
  const target = driver as { query(...call: unknown[]): unknown }
  const query = target.query
  const spy = vi.spyOn(target, 'query').mockImplementation(function (this: unknown, ...call) {
    sent.push(statementIn(call))
    return query.apply(this, call)
  })
  try {
    await work()
  } finally {
    spy.mockRestore()
  }
  return sent
}

function statementIn([first, second]: unknown[]): Statement {
  const values = (given: unknown) => (Array.isArray(given) ? given : [])
  if (typeof first === 'string') return { text: first, values: values(second) }
  // The other form: one object with the text and its values.
  const { text, name, values: own } = first as { text: string; name?: string; values?: unknown[] }
  return { text, values: values(own ?? second), prepared: name !== undefined }
}
