// Connecting to Redis by URL: one server, a cluster, or a master that sentinels know. The spellings with several hosts are
// those of other clients: redis+cluster://host:port,host:port and redis+sentinel://host:port,host:port/master; rediss is TLS.

import { Cluster, Redis, type RedisOptions } from 'ioredis'

/** `single` is a URL that ioredis reads itself. */
export type RedisPlace =
  | { kind: 'single'; url: string }
  | { kind: 'cluster'; nodes: readonly Address[]; access: Access }
  | {
      kind: 'sentinel'
      sentinels: readonly Address[]
      /** What the sentinels call the master that they watch. */
      master: string
      access: Access
      /** For the sentinels themselves, where they ask for a password of their own. */
      sentinelAccess: Omit<Access, 'isTls'>
    }

export interface Address {
  host: string
  port: number
}

export interface Access {
  username?: string
  password?: string
  isTls: boolean
}

const redisPort = 6379
const sentinelPort = 26_379
const highestPort = 65_535

const shape =
  /^redis(?<tls>s)?(?:\+(?<kind>cluster|sentinel))?:\/\/(?:(?<userinfo>[^@/?#]*)@)?(?<hosts>[^@/?#]+)(?<path>\/[^?#]*)?(?:\?(?<query>[^#]*))?$/

/** What a URL means; undefined where it is none that can be connected to. */
export function redisPlace(url: string): RedisPlace | undefined {
  const { tls, kind, userinfo, hosts = '', path = '', query = '' } = shape.exec(url)?.groups ?? {}
  if (kind === undefined) return isSingle(url) ? { kind: 'single', url } : undefined
  const addresses = hosts.split(',').map((text) => addressIn(text, kind === 'sentinel' ? sentinelPort : redisPort))
  const known = addresses.filter((address) => address !== undefined)
  const account = accountIn(userinfo)
  if (known.length !== addresses.length || !account) return undefined
  const access = { ...account, isTls: tls !== undefined }
  // A cluster has no numbered databases, and messages belong to none anyway.
  if (kind === 'cluster') return ['', '/'].includes(path) && !query ? { kind, nodes: known, access } : undefined
  const master = decoded(path.slice(1))
  if (!master || master.includes('/')) return undefined
  const sentinelAccess = sentinelAccountIn(new URLSearchParams(query))
  return sentinelAccess && { kind: 'sentinel', sentinels: known, master, access, sentinelAccess }
}

function isSingle(url: string): boolean {
  return URL.canParse(url) && ['redis:', 'rediss:'].includes(new URL(url).protocol) && new URL(url).host !== ''
}

function addressIn(text: string, defaultPort: number): Address | undefined {
  const found = /^(?:\[(?<v6>[\da-fA-F:.]+)\]|(?<name>[\w.-]+))(?::(?<port>\d{1,5}))?$/.exec(text)?.groups
  const host = found?.v6 ?? found?.name
  const port = found?.port === undefined ? defaultPort : Number(found.port)
  return host === undefined || port < 1 || port > highestPort ? undefined : { host, port }
}

/** `user:password`, `:password` or `user`, percent-encoded as in any URL. */
function accountIn(userinfo: string | undefined): Omit<Access, 'isTls'> | undefined {
  const [name = '', ...rest] = (userinfo ?? '').split(':')
  const [username, password] = [decoded(name), decoded(rest.join(':'))]
  if (username === undefined || password === undefined) return undefined
  return account(username, password)
}

function sentinelAccountIn(query: URLSearchParams): Omit<Access, 'isTls'> | undefined {
  const known = ['sentinel_username', 'sentinel_password']
  if ([...query.keys()].some((name) => !known.includes(name))) return undefined
  return account(query.get('sentinel_username') ?? '', query.get('sentinel_password') ?? '')
}

const account = (username: string, password: string) => ({
  ...(username ? { username } : {}),
  ...(password ? { password } : {}),
})

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** How long to wait and how often to try again; the same for each kind of place. */
export type RedisPatience = Pick<
  RedisOptions,
  'commandTimeout' | 'connectTimeout' | 'maxRetriesPerRequest' | 'enableOfflineQueue'
> & { retryStrategy: (attempt: number) => number }

/** A client that connects by itself and again for ever. @throws Error where the URL is none that `redisPlace` knows. */
export function openRedis(url: string, patience: RedisPatience): Redis | Cluster {
  const place = redisPlace(url)
  if (!place) throw new Error('this is no URL of a Redis server, cluster or sentinel')
  if (place.kind === 'single') return new Redis(url, patience)
  return place.kind === 'cluster' ? openCluster(place, patience) : openMaster(place, patience)
}

type PlaceOf<K extends RedisPlace['kind']> = Extract<RedisPlace, { kind: K }>

function openCluster({ nodes, access }: PlaceOf<'cluster'>, patience: RedisPatience): Cluster {
  const { isTls, ...account } = access
  const { retryStrategy, enableOfflineQueue, ...commands } = patience
  return new Cluster([...nodes], {
    clusterRetryStrategy: retryStrategy,
    enableOfflineQueue,
    redisOptions: { ...commands, ...account, ...tlsOf(isTls) },
  })
}

function openMaster(place: PlaceOf<'sentinel'>, patience: RedisPatience): Redis {
  const { isTls, ...account } = place.access
  const { username, password } = place.sentinelAccess
  return new Redis({
    ...patience,
    ...account,
    ...tlsOf(isTls),
    sentinels: [...place.sentinels],
    name: place.master,
    ...(username === undefined ? {} : { sentinelUsername: username }),
    ...(password === undefined ? {} : { sentinelPassword: password }),
    ...(isTls ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {}),
    // A master that was only cut off keeps its connections after another has taken its place.
    failoverDetector: true,
    sentinelRetryStrategy: patience.retryStrategy,
  })
}

const tlsOf = (isTls: boolean) => (isTls ? { tls: {} } : {})
