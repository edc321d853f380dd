// Tells a database that cannot be reached or has no room right now from a bug: such errors reach callers as UNAVAILABLE and may be sent again.
// Errors are recognised by the codes of Prisma, PostgreSQL and Node, wherever in a chain of causes they stand.

const codes = new Set([
  // Prisma: not reachable, timed out, closed, pool exhausted, no transaction in time, too many connections
  ...['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2037'],
  // PostgreSQL: shut down by an operator, crashed, starting; serialisation failure, deadlock and lock wait after their retries
  ...['57P01', '57P02', '57P03', '40001', '40P01', '55P03'],
  // its time was over: of a statement, or of a transaction in which nothing happened any more
  ...['57014', '25P03'],
  // Prisma's driver adapters, of raw statements
  ...['DatabaseNotReachable', 'ConnectionClosed', 'SocketTimeout', 'TooManyConnections', 'TransactionWriteConflict'],
  // Node
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'],
])

// PostgreSQL's classes 08 (connection) and 53 (insufficient resources: disk, memory, connections)
const codeClasses = /^(08|53)[0-9A-Z]{3}$/

// pg throws these without a code
const messages =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Query read timeout)/

const links = ['originalError', 'cause', 'meta', 'driverAdapterError', 'error'] as const
const codeFields = ['code', 'errorCode', 'originalCode', 'kind'] as const
const maxLinks = 8

/** Whether sending the same request again later may succeed without anybody mending anything. */
export function isUnavailable(error: unknown, linksLeft = maxLinks): boolean {
  if (!(error instanceof Object) || linksLeft === 0) return false
  const own = (name: string): unknown => Reflect.get(error, name)
  if (codeFields.some((name) => isCode(own(name)))) return true
  if (error instanceof Error && messages.test(error.message)) return true
  const inner = error instanceof AggregateError ? error.errors : []
  return [...links.map(own), ...inner].some((next) => isUnavailable(next, linksLeft - 1))
}

function isCode(value: unknown): boolean {
  return typeof value === 'string' && (codes.has(value) || codeClasses.test(value))
}
