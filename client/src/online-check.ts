/**
 * Asks the token service about a token: `GET /v3/auth/tokens` with the service's own token in X-Auth-Token and the
 * caller's in X-Subject-Token. Says valid only on a 200 whose body it can read in full; refused only when the service
 * said so; everything else is the service's or our own trouble, and is told as such.
 */
import { type CheckedToken, readTokenBody } from './identity.ts'
import type { Clock, Problem } from './options.ts'
import { NoOwnToken, type OwnToken } from './own-token.ts'
import { type Reply, retryAfterIn, type Transport, Unreachable } from './transport.ts'

export type Verdict =
  | { readonly kind: 'valid'; readonly token: CheckedToken }
  | { readonly kind: 'invalid' }
  /** Milliseconds since the epoch. */
  | { readonly kind: 'expired'; readonly expiresAt: number }
  | { readonly kind: 'unavailable'; readonly retryAfterSeconds: number; readonly problem: Problem }

export interface OnlineCheckParts {
  readonly transport: Transport
  readonly ownToken: OwnToken
  readonly clock: Clock
  /** Ask again with `allow_expired` about a token that was refused. */
  readonly reportExpired: boolean
}

export type OnlineCheck = (token: string, allowExpired: boolean) => Promise<Verdict>

export const RETRY_AFTER_SECONDS = 5

export function createOnlineCheck({
  transport,
  ownToken,
  clock,
  reportExpired,
}: OnlineCheckParts): OnlineCheck {
  async function send(token: string, allowExpired: boolean): Promise<Reply> {
    const ask = (own: string): Promise<Reply> =>
      transport.send({
        method: 'GET',
        path: allowExpired ? '/auth/tokens?nocatalog&allow_expired=1' : '/auth/tokens?nocatalog',
        headers: {
          'X-Auth-Token': own,
          'X-Subject-Token': token,
          'OpenStack-Identity-Access-Rules': '1',
          Accept: 'application/json',
        },
      })
    const own = await ownToken.get()
    const reply = await ask(own)
    if (reply.status !== 401) return reply
    ownToken.drop(own)
    const fresh = await ownToken.get()
    const second = await ask(fresh)
    if (second.status === 401) ownToken.backOff(fresh)
    return second
  }

  async function ask(token: string, allowExpired: boolean): Promise<Verdict> {
    const verdict = readReply(await send(token, allowExpired))
    if (verdict.kind === 'valid' && !allowExpired) {
      const { expiresAt } = verdict.token.identity
      if (expiresAt <= clock.wallMs()) return { kind: 'expired', expiresAt }
    }
    return verdict
  }

  /** A refused token that is valid but for its time; undefined when it is not, or that cannot be found out. */
  async function expiry(token: string): Promise<Verdict | undefined> {
    const verdict = await ask(token, true)
    if (verdict.kind !== 'valid') return undefined
    const { expiresAt } = verdict.token.identity
    return expiresAt <= clock.wallMs() ? { kind: 'expired', expiresAt } : undefined
  }

  return async (token, allowExpired) => {
    try {
      const verdict = await ask(token, allowExpired)
      if (verdict.kind !== 'invalid' || allowExpired || !reportExpired) return verdict
      return (await expiry(token)) ?? verdict
    } catch (error) {
      return troubleOf(error)
    }
  }
}

/** Statuses of a token that is not one: unknown, and (too long, unreadable) not even looked up. */
const REFUSED = new Set([400, 404, 414, 431])

function readReply(reply: Reply): Verdict {
  if (REFUSED.has(reply.status)) return { kind: 'invalid' }
  if (reply.status === 200) {
    const token = readBody(reply.body)
    return token === undefined ? trouble('bad_answer', 'the body is not a token') : { kind: 'valid', token }
  }
  if (reply.status === 401) return trouble('credentials_refused', 'a fresh token of this service was refused')
  if (reply.status === 403) return trouble('credentials_refused', 'this service may not validate tokens')
  return trouble('bad_answer', `answered ${reply.status}`, retryAfterIn(reply))
}

function readBody(body: string): CheckedToken | undefined {
  try {
    return readTokenBody(JSON.parse(body))
  } catch {
    return undefined
  }
}

function troubleOf(error: unknown): Verdict {
  if (error instanceof NoOwnToken)
    return trouble('credentials_refused', error.message, error.retryAfterSeconds)
  if (error instanceof Unreachable) return trouble('unreachable', error.message, error.retryAfterSeconds)
  return trouble('bad_answer', error instanceof Error ? error.message : 'unknown')
}

export function trouble(
  code: Problem['code'],
  detail: string,
  retryAfterSeconds = RETRY_AFTER_SECONDS,
): Verdict {
  return { kind: 'unavailable', retryAfterSeconds, problem: { code, detail } }
}
