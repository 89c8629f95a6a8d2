/**
 * The guarded service's own token: fetched when first needed, renewed in the background before it expires and at once
 * when it is refused. However many requests wait, one login is under way; after refused credentials the next
 * login waits, twice as long each time, so that a wrong password neither floods the token service nor locks the account.
 */
import { instant } from './identity.ts'
import type { Clock, PasswordCredentials, ServiceCredentials } from './options.ts'
import { type Reply, retryAfterIn, type Transport, Unreachable } from './transport.ts'

const FIRST_WAIT_MS = 5_000
const LONGEST_WAIT_MS = 60_000
const MOST_EARLY_MS = 300_000

export interface OwnToken {
  /** Rejects with {@link NoOwnToken} or Unreachable. */
  readonly get: () => Promise<string>
  /** The token service answered 401 to this token: the next `get` brings another. */
  readonly drop: (token: string) => void
  /** This token, fresh from a login, was refused too: wait before the next login, however many callers say so. */
  readonly backOff: (token: string) => void
}

/** The service's own credentials do not bring a token now. */
export class NoOwnToken extends Error {
  override readonly name = 'NoOwnToken'
  readonly retryAfterSeconds: number
  constructor(message: string, retryAfterSeconds: number) {
    super(message)
    this.retryAfterSeconds = retryAfterSeconds
  }
}

interface Held {
  readonly token: string
  readonly renewAtMs: number
  readonly expiresAtMs: number
}

export function createOwnToken(
  credentials: ServiceCredentials,
  transport: Transport,
  clock: Clock,
): OwnToken {
  let held: Held | undefined
  let pending: Promise<Held> | undefined
  let waitUntilMs = Number.NEGATIVE_INFINITY
  let nextWaitMs = FIRST_WAIT_MS

  function backOff(): void {
    waitUntilMs = clock.monotonicMs() + nextWaitMs
    nextWaitMs = Math.min(nextWaitMs * 2, LONGEST_WAIT_MS)
  }

  async function login(): Promise<Held> {
    const waitMs = waitUntilMs - clock.monotonicMs()
    if (waitMs > 0) throw new NoOwnToken('credentials were refused; waiting', Math.ceil(waitMs / 1000))
    if ('token' in credentials) return { ...NEVER_EXPIRES, token: await givenToken(credentials.token) }
    const sentAtMs = clock.wallMs()
    const reply = await transport.send({
      method: 'POST',
      path: '/auth/tokens?nocatalog',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
      body: JSON.stringify(loginBody(credentials)),
    })
    if (reply.status === 429 || reply.status >= 500)
      throw new Unreachable(`login was answered ${reply.status}`, retryAfterIn(reply))
    if (reply.status !== 201) {
      backOff()
      throw new NoOwnToken(
        `login was answered ${reply.status}`,
        Math.ceil((waitUntilMs - clock.monotonicMs()) / 1000),
      )
    }
    nextWaitMs = FIRST_WAIT_MS
    return readLogin(reply, sentAtMs)
  }

  function renew(): Promise<Held> {
    pending ??= login()
      .then((fresh) => {
        held = fresh
        return fresh
      })
      .finally(() => {
        pending = undefined
      })
    return pending
  }

  return {
    async get() {
      const nowMs = clock.wallMs()
      if (held !== undefined && nowMs < held.expiresAtMs) {
        // The token at hand still works: a renewal that fails is tried again by the next caller.
        if (nowMs >= held.renewAtMs) renew().catch(() => undefined)
        return held.token
      }
      return (await renew()).token
    },
    drop(token) {
      if (held?.token === token) held = undefined
    },
    backOff(token) {
      if (held?.token !== token) return
      held = undefined
      backOff()
    },
  }
}

const NEVER_EXPIRES = { renewAtMs: Number.POSITIVE_INFINITY, expiresAtMs: Number.POSITIVE_INFINITY }

async function givenToken(token: string | (() => string | Promise<string>)): Promise<string> {
  try {
    const given: unknown = typeof token === 'string' ? token : await token()
    // What no header can carry would be held for ever: it is never sent, so nobody refuses it.
    if (typeof given === 'string' && /^[\x21-\x7e]+$/.test(given)) return given
  } catch {
    // As below: what it threw may hold a secret.
  }
  throw new NoOwnToken('no token was given that can be sent', 1)
}

/** Renewal is due when a fifth of the lifetime is left, at most five minutes before its end. */
function readLogin(reply: Reply, sentAtMs: number): Held {
  const token = reply.headers['x-subject-token']
  const expiresAtMs = instant(expiryIn(reply.body))
  if (typeof token !== 'string' || token === '' || expiresAtMs === undefined || expiresAtMs <= sentAtMs) {
    throw new Unreachable('login was answered without a usable token')
  }
  return {
    token,
    expiresAtMs,
    renewAtMs: expiresAtMs - Math.min((expiresAtMs - sentAtMs) / 5, MOST_EARLY_MS),
  }
}

function expiryIn(body: string): unknown {
  try {
    return (JSON.parse(body) as { token?: { expires_at?: unknown } } | null)?.token?.expires_at
  } catch {
    return undefined
  }
}

function loginBody(credentials: Exclude<ServiceCredentials, { token: unknown }>): unknown {
  if ('applicationCredentialId' in credentials) {
    const { applicationCredentialId: id, applicationCredentialSecret: secret } = credentials
    return {
      auth: { identity: { methods: ['application_credential'], application_credential: { id, secret } } },
    }
  }
  const user = {
    ...reference(credentials.userId, credentials.username, domainOf(credentials, 'user')),
    password: credentials.password,
  }
  const scope = scopeOf(credentials)
  return { auth: { identity: { methods: ['password'], password: { user } }, scope } }
}

function scopeOf(credentials: PasswordCredentials): unknown {
  if (credentials.systemScope !== undefined) return { system: { all: true } }
  const { projectId, projectName } = credentials
  if (projectId === undefined && projectName === undefined) return undefined
  return { project: reference(projectId, projectName, domainOf(credentials, 'project')) }
}

function domainOf(credentials: PasswordCredentials, whose: 'user' | 'project') {
  const id = credentials[`${whose}DomainId`]
  const name = credentials[`${whose}DomainName`]
  return id !== undefined ? { id } : name !== undefined ? { name } : undefined
}

function reference(id: string | undefined, name: string | undefined, domain: object | undefined) {
  return id !== undefined ? { id } : { name, ...(domain && { domain }) }
}
