/**
 * Signed tokens (JWS, ES256) checked with the token service's public keys alone. Only what somebody chose who can live
 * with it: a revoked token, a disabled user, a removed grant are not seen until the token's own end, and the claims
 * hold no roles and no names. Whatever a signature alone cannot settle goes the usual way, online: Fernet tokens, unknown
 * keys, and every delegated session, since its trust, credential or agency may be gone.
 */
import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { type Claims, decodeJws, type JwsKey, jwsKey } from '@tokenhouse/tokens'
import { type CallerIdentity, deepFreeze } from './identity.ts'
import type { Verdict } from './online-check.ts'
import type { Clock } from './options.ts'
import type { Transport } from './transport.ts'

/** Keys are fetched again after this time; when that fails, the ones at hand go on until the second. */
const FRESH_MS = 300_000
const USABLE_MS = 3_600_000
/** A key that is not in the set may be minutes old: look, but not for every made-up token. */
const LOOK_AGAIN_MS = 10_000
/** How far the clock that wrote `iat` may be ahead of this one. */
const SKEW_SECONDS = 60

export interface OfflineCheck {
  /** Undefined: ask online. */
  readonly check: (token: string) => Promise<Verdict | undefined>
  readonly close: () => void
}

/** @param keys a transport whose base URL is the key set's (RFC 7517). */
export function createOfflineCheck(keys: Transport, clock: Clock): OfflineCheck {
  let held: readonly JwsKey[] = []
  let heldAtMs = Number.NEGATIVE_INFINITY
  let lookedAtMs = Number.NEGATIVE_INFINITY
  let pending: Promise<void> | undefined

  async function fetchKeys(): Promise<void> {
    const askedAtMs = clock.monotonicMs()
    lookedAtMs = askedAtMs
    try {
      const reply = await keys.send({ method: 'GET', path: '', headers: { Accept: 'application/json' } })
      if (reply.status !== 200) return
      held = readKeySet(JSON.parse(reply.body))
      heldAtMs = askedAtMs
    } catch {
      // The keys at hand serve on while they may; without any, tokens are checked online.
    } finally {
      pending = undefined
    }
  }

  async function keysNotOlderThan(ms: number): Promise<readonly JwsKey[]> {
    const nowMs = clock.monotonicMs()
    if (nowMs - heldAtMs >= ms) {
      if (nowMs - lookedAtMs >= LOOK_AGAIN_MS) pending ??= fetchKeys()
      await pending
    }
    return clock.monotonicMs() - heldAtMs < USABLE_MS ? held : []
  }

  return {
    async check(token) {
      if (token.split('.', 4).length !== 3) return undefined
      let claims = decodeJws(token, { all: await keysNotOlderThan(FRESH_MS) })
      if ('refused' in claims && claims.refused === 'not_authentic') {
        claims = decodeJws(token, { all: await keysNotOlderThan(0) })
      }
      return 'refused' in claims ? undefined : judge(claims, clock.wallMs())
    },
    close: keys.close,
  }
}

function judge(claims: Claims, nowMs: number): Verdict | undefined {
  const expiresAt = claims.expiresAt * 1000
  if (expiresAt <= nowMs) return { kind: 'expired', expiresAt }
  if (claims.via.length > 0 || claims.issuedAt > nowMs / 1000 + SKEW_SECONDS) return undefined
  return { kind: 'valid', token: deepFreeze({ identity: identityIn(claims), accessRules: undefined }) }
}

function identityIn({ userId, scope, methods, auditIds, expiresAt }: Claims): CallerIdentity {
  return {
    userId,
    userName: undefined,
    userDomainId: undefined,
    userDomainName: undefined,
    projectId: scope.kind === 'project' ? scope.id : undefined,
    projectName: undefined,
    projectDomainId: undefined,
    projectDomainName: undefined,
    domainId: scope.kind === 'domain' ? scope.id : undefined,
    domainName: undefined,
    system: scope.kind === 'system',
    roles: [],
    methods: [...methods],
    auditIds: [...auditIds],
    expiresAt: expiresAt * 1000,
    delegated: undefined,
    checked: 'offline',
  }
}

/** The ES256 keys of a key set; others are somebody else's business. Throws when it is no key set. */
function readKeySet(body: unknown): readonly JwsKey[] {
  const { keys } = body as { keys: readonly JsonWebKey[] }
  return keys.flatMap((jwk) => {
    if (jwk['kty'] !== 'EC' || jwk['crv'] !== 'P-256' || (jwk['use'] ?? 'sig') !== 'sig') return []
    const kid = jwk['kid']
    const publicPart = { kty: jwk['kty'], crv: jwk['crv'], x: jwk['x'], y: jwk['y'] } as JsonWebKey
    const key = createPublicKey({ key: publicPart, format: 'jwk' })
    return [jwsKey('ES256', key, typeof kid === 'string' ? kid : undefined)]
  })
}
