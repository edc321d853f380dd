// The one file that opens connections, in order, and closes them in reverse. `main.ts` and the tests call it.

import { rightsOf } from './access.ts'
import type { Config } from './config.ts'
import { Context, type Services } from './context.ts'
import { KeyRing } from './modules/accounts/key-ring.ts'
import { ensureFirstAccount } from './modules/accounts/keys.ts'
import { AudienceEvents } from './modules/audience-events/teller.ts'
import { AudienceClock } from './modules/audiences/clock.ts'
import { CartClock } from './modules/carts/clock.ts'
import { acceptEvent } from './modules/events/check.ts'
import { openHouse } from './modules/events/house-keeping.ts'
import { openIntake } from './modules/events/intake.ts'
import { exportFiles } from './modules/exports/routes.ts'
import { FieldFilling } from './modules/field-values/filling.ts'
import { TypeChanges } from './modules/fields/type-changes.ts'
import { Imports } from './modules/imports/imports.ts'
import { importFiles } from './modules/imports/routes.ts'
import { intakePosts } from './modules/intake/posts.ts'
import { currentEpoch } from './modules/live/epoch.ts'
import { Live } from './modules/live/live.ts'
import { attributionSource } from './modules/live/sql.ts'
import { membershipSource } from './modules/memberships/feed-sql.ts'
import { RuleSets } from './modules/programs/rule-sets.ts'
import { type Database, type DatabasePlace, openDatabase } from './platform/database.ts'
import { openHttp } from './platform/http.ts'
import type { Log } from './platform/log.ts'
import { openWakeBus } from './platform/wake.ts'
import { buildSchema } from './schema.ts'

export interface AppOptions {
  config: Pick<Config, 'port' | 'host' | 'redisUrl' | 'adminKey' | 'corsOrigins'> &
    Partial<Pick<Config, 'persistedOperations' | 'persistedOnly' | 'retentionMonths' | 'importMaxBytes'>>
  database: DatabasePlace
  log: Log
}

export interface App {
  readonly url: string
  readonly services: Services
  /** The first account's key, where this start made it. */
  readonly firstKey: string | undefined
  /** Finishes what was accepted, closes sockets with a going-away code, then the connections. */
  close(): Promise<void>
}

type Closer = () => Promise<void> | void

/** In reverse order of opening; each is tried, whatever became of the others. Safe to call twice. */
async function closeAll(closers: Closer[], log: Log): Promise<void> {
  for (let close = closers.pop(); close; close = closers.pop()) {
    try {
      await close()
    } catch (error) {
      log.error({ err: error }, 'closing failed')
    }
  }
}

/** Opens everything; when this resolves the API answers. What was opened is closed again where a later step fails. */
export async function openApp({ config, database: place, log }: AppOptions): Promise<App> {
  const closers: Closer[] = []
  const closing = (close: Closer) => closers.push(close)
  const close = () => closeAll(closers, log)
  try {
    const database = await openDatabase(place, log)
    closing(() => database.close())
    closing(await openHouse({ system: database.system, log, retentionMonths: config.retentionMonths }))
    const bus = openWakeBus(config.redisUrl, log)
    closing(() => bus.close())
    const feeds = { database, bus, log, epoch: await currentEpoch(database.system) }
    const live = new Live({ ...feeds, source: attributionSource })
    closing(() => live.close())
    const memberships = new Live({ ...feeds, source: membershipSource })
    closing(() => memberships.close())
    const now = () => new Date()
    const ground = { database, live, memberships, ruleSets: new RuleSets(), now }
    const clock = new AudienceClock(ground, log)
    closing(() => clock.close())
    const carts: CartClock = new CartClock({
      ...{ database, now, log },
      emit: (accountId, events) =>
        intake.submit(
          accountId,
          events.map((event) => acceptEvent(event, { path: 'cart', now: now() })),
        ),
    })
    closing(() => carts.close())
    const parts = { ...ground, clock, carts }
    const intake = openIntake(parts)
    const audienceEvents = new AudienceEvents({ ...parts, bus, log })
    closing(() => audienceEvents.close())
    const keyRing = new KeyRing(database, now)
    const typeChanges = new TypeChanges({ ...parts, log })
    closing(() => typeChanges.close())
    const fieldFilling = new FieldFilling({ database, log })
    closing(() => fieldFilling.close())
    const most = { ...parts, intake, keyRing, typeChanges, fieldFilling, log }
    const imports = new Imports(most, { bytes: config.importMaxBytes })
    closing(() => imports.close())
    const services: Services = { ...most, imports }
    const http = await openHttp({
      schema: buildSchema(),
      log,
      port: config.port,
      host: config.host,
      corsOrigins: config.corsOrigins,
      persisted: { trusted: config.persistedOperations, trustedOnly: config.persistedOnly },
      authenticate: (key) => keyRing.find(key),
      contextFor: (principal, asked) => new Context(services, principal, asked),
      rightsOf,
      ready: () => problems(database),
      posts: intakePosts,
      files: [...importFiles, ...exportFiles],
    })
    closing(() => http.close())
    // Last: a key that is shown once must not be made by a start that then fails, for want of a port perhaps.
    const firstKey = await ensureFirstAccount(database, config.adminKey)
    keyRing.forget()
    return { url: http.url, services, firstKey, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function problems(database: Database): Promise<string[]> {
  try {
    await database.system.$queryRaw`SELECT 1`
    return []
  } catch {
    return ['the database does not answer']
  }
}
