/** What a guard is told, and the checks that turn it into settings. A wrong option refuses to start, by name. */
import type { Refused, Unavailable } from './guard.ts'

/** Names of a user, project or domain follow Keystone's: an id alone, or a name with its domain. */
export interface PasswordCredentials {
  readonly userId?: string
  readonly username?: string
  readonly userDomainId?: string
  readonly userDomainName?: string
  readonly password: string
  readonly projectId?: string
  readonly projectName?: string
  readonly projectDomainId?: string
  readonly projectDomainName?: string
  /** `'all'` for a system-scoped token. */
  readonly systemScope?: 'all'
}

export interface ApplicationCredentialCredentials {
  readonly applicationCredentialId: string
  readonly applicationCredentialSecret: string
}

/** A token somebody else keeps alive; a function is asked again when the token is refused. */
export interface TokenCredentials {
  readonly token: string | (() => string | Promise<string>)
}

/** How the guarded service proves itself to the token service. */
export type ServiceCredentials = PasswordCredentials | ApplicationCredentialCredentials | TokenCredentials

export interface GuardOptions {
  /** The token service, `https://…/v3` (the `/v3` may be left out). */
  readonly authUrl: string
  /** Where callers get tokens, told in `WWW-Authenticate`; `authUrl` when left out. */
  readonly publicAuthUrl?: string
  /** The account that may validate tokens (role `service` or `admin`). */
  readonly credentials: ServiceCredentials
  /** How long an answer may be reused, 0 to 10, default 10: how long a revoked token can still be accepted. */
  readonly cacheSeconds?: number
  /** Valid tokens kept, default 10000. */
  readonly cacheSize?: number
  /** Time for one answer of the token service in milliseconds, default 5000. */
  readonly timeoutMs?: number
  /** Connections to the token service, default 32. */
  readonly maxSockets?: number
  /** Checks under way at once for different tokens, default 1000; the next is answered 503. */
  readonly maxPending?: number
  /** This service's type in the catalog, such as `compute`: what access rules of application credentials name. */
  readonly serviceType?: string
  /**
   * Roles of which a token in X-Service-Token must have one. With them, a request that another service sends on for a
   * user is accepted even after the user's token has expired. Left out: X-Service-Token is not looked at.
   */
  readonly serviceRoles?: readonly string[]
  /** Ask the token service once more whether a refused token has merely expired, to say so. Default false. */
  readonly reportExpired?: boolean
  /** Requests that need no token; forged identity headers are removed from them all the same. */
  readonly isPublic?: (request: { readonly method: string; readonly path: string }) => boolean
  /** Your service's own words for a refusal. WWW-Authenticate and Retry-After are added by the guard. */
  readonly renderRefusal?: (refusal: Refused | Unavailable) => RenderedRefusal
  /** Certificate authority (PEM) of the token service. */
  readonly ca?: string | Buffer
  /** Tokens over plain HTTP to another machine can be read on the way; default false refuses it. */
  readonly insecureHttp?: boolean
  /**
   * Check signed tokens (JWS, ES256) offline, with the key set (RFC 7517) at this address. Costs: a revoked token is
   * accepted until it expires; roles and names are unknown. Left out: every token is checked online.
   */
  readonly offlineKeysUrl?: string
  /** Told when the guard cannot do its work, at most every 10 seconds for each kind. Default: a process warning. */
  readonly onProblem?: (problem: Problem) => void
}

export interface RenderedRefusal {
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body: unknown
}

export interface Problem {
  readonly code: 'unreachable' | 'bad_answer' | 'credentials_refused' | 'overloaded'
  readonly detail: string
}

/** Time, as the only thing a test has to set. */
export interface Clock {
  /** Milliseconds since the epoch. */
  readonly wallMs: () => number
  /** Milliseconds of a clock that is never set back. */
  readonly monotonicMs: () => number
}

export interface Settings {
  readonly baseUrl: URL
  readonly publicAuthUrl: string
  readonly cacheMs: number
  readonly cacheSize: number
  readonly timeoutMs: number
  readonly maxSockets: number
  readonly maxPending: number
  readonly keysUrl: URL | undefined
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/

/** Throws a TypeError that names the option. */
export function readOptions(options: GuardOptions): Settings {
  const baseUrl = serviceUrl(readUrl('authUrl', options.authUrl))
  const keysUrl =
    options.offlineKeysUrl === undefined ? undefined : readUrl('offlineKeysUrl', options.offlineKeysUrl)
  if (options.insecureHttp !== true) {
    refusePlainHttp('authUrl', baseUrl)
    if (keysUrl !== undefined) refusePlainHttp('offlineKeysUrl', keysUrl)
  }
  checkCredentials(options.credentials)
  return {
    baseUrl,
    publicAuthUrl:
      options.publicAuthUrl === undefined
        ? baseUrl.href
        : serviceUrl(readUrl('publicAuthUrl', options.publicAuthUrl)).href,
    keysUrl,
    cacheMs: readNumber('cacheSeconds', options.cacheSeconds ?? 10, [0, 10]) * 1000,
    cacheSize: readNumber('cacheSize', options.cacheSize ?? 10_000, [2, 10_000_000]),
    timeoutMs: readNumber('timeoutMs', options.timeoutMs ?? 5000, [1, 600_000]),
    maxSockets: readNumber('maxSockets', options.maxSockets ?? 32, [1, 10_000]),
    maxPending: readNumber('maxPending', options.maxPending ?? 1000, [1, 1_000_000]),
  }
}

function readUrl(name: string, value: string): URL {
  if (!URL.canParse(value)) throw new TypeError(`${name}: not a URL`)
  const url = new URL(value)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new TypeError(`${name}: must be http or https`)
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new TypeError(`${name}: must hold no user, password, query or fragment`)
  }
  return url
}

function serviceUrl(url: URL): URL {
  const path = url.pathname.replace(/\/+$/, '')
  url.pathname = path.endsWith('/v3') ? path : `${path}/v3`
  return url
}

function refusePlainHttp(name: string, url: URL): void {
  if (url.protocol === 'https:' || LOOPBACK.test(url.hostname)) return
  throw new TypeError(
    `${name}: plain HTTP can be read and changed on the way; use https, or set insecureHttp`,
  )
}

function readNumber(name: string, value: number, [low, high]: readonly [number, number]): number {
  if (typeof value !== 'number' || !(value >= low && value <= high)) {
    throw new TypeError(`${name}: must be a number from ${low} to ${high}`)
  }
  return value
}

function checkCredentials(credentials: ServiceCredentials): void {
  const secret =
    'token' in credentials
      ? credentials.token
      : 'applicationCredentialId' in credentials
        ? credentials.applicationCredentialId && credentials.applicationCredentialSecret
        : (credentials.userId ?? credentials.username) && credentials.password
  if (!secret)
    throw new TypeError('credentials: need a password, an application credential or a token, none empty')
}
