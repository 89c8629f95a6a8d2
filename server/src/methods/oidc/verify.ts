/**
 * Verifies what a provider signed: ID tokens (OpenID Connect Core 3.1.3.7) and access tokens that are JWTs (RFC 9068).
 * The algorithms, the keys, the issuer and the audience come from the configuration, never from the token: `jwk`, `jku`
 * and `x5u` in a header are not looked at, `alg` only has to be one of the configured ones.
 */
import type { JWTPayload, JWTVerifyGetKey } from 'jose'
import { audiencesOf, type OpenedOidcConfig } from './config.ts'
import { guardedFetch } from './egress.ts'
import { boundsOf, discovered, joseLibrary } from './provider.ts'

export type Verdict =
  | { readonly claims: Readonly<JWTPayload> }
  | { readonly refused: string; readonly expired?: boolean }

/** Longer ones are no honest tokens. */
const MOST_CHARACTERS = 16_384
const SKEW_SECONDS = 30
/** A key the set does not have is asked for again, but not more often. */
const COOLDOWN_MS = 30_000
const KEPT_MS = 10 * 60_000

export interface Expected {
  /** Microseconds. */
  readonly now: number
  /** Of the sign-in this token answers; null when it was presented by itself. */
  readonly nonce: string | null
  /** `id`: an ID token. `access`: a JWT access token. */
  readonly kind: 'id' | 'access'
}

/**
 * The claims of a compact JWS, or why they are not believed. Throws when keys have to be fetched and the provider cannot
 * be reached.
 */
export async function verifyToken(
  text: string,
  config: OpenedOidcConfig,
  expected: Expected,
): Promise<Verdict> {
  if (text.length > MOST_CHARACTERS) return { refused: 'too long' }
  const jose = await joseLibrary()
  const { issuer, algorithms } = config
  const audience = [...audiencesOf(config)]
  if (audience.length === 0) return { refused: 'for nobody: the provider has no client id' }
  try {
    const { payload, protectedHeader } = await jose.jwtVerify(text, await keysOf(config), {
      algorithms: [...algorithms],
      issuer,
      audience,
      requiredClaims: ['exp', 'iss', 'aud', 'iat', ...(expected.kind === 'id' ? ['sub'] : [])],
      clockTolerance: SKEW_SECONDS,
      currentDate: new Date(expected.now / 1000),
    })
    const fault = headerFault(protectedHeader.typ, expected.kind) ?? claimsFault(payload, config, expected)
    return fault === undefined ? { claims: payload } : { refused: fault }
  } catch (error) {
    const isAboutToken = error instanceof jose.errors.JOSEError && !UNREACHABLE.includes(error.code)
    if (!isAboutToken) throw error
    return { refused: `${error.code}: ${error.message}`, expired: error.code === 'ERR_JWT_EXPIRED' }
  }
}

/** The library's codes for keys it could not fetch, or that are none. */
const UNREACHABLE = ['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC']

/** Tokens of other kinds (logout, access) carry claims of the same names: the type tells them apart. */
function headerFault(typ: unknown, kind: Expected['kind']): string | undefined {
  if (typ !== undefined && typeof typ !== 'string') return 'a type that is no text'
  const type = typ?.toLowerCase().replace(/^application\//, '')
  const allowed = kind === 'id' ? [undefined, 'jwt'] : ['at+jwt']
  return allowed.includes(type) ? undefined : 'another type of token'
}

function claimsFault(claims: JWTPayload, config: OpenedOidcConfig, expected: Expected): string | undefined {
  const { iat = 0, exp = 0, azp, aud, nonce } = claims
  if ([iat, exp].some((seconds) => Number.isNaN(new Date(seconds * 1000).getTime())))
    return 'a time that no calendar has'
  if (iat > expected.now / 1e6 + SKEW_SECONDS) return 'issued in the future'
  const { issuanceLimitHours: hours } = config
  if (hours !== undefined && iat < expected.now / 1e6 - hours * 3600 - SKEW_SECONDS)
    return 'issued too long ago'
  const own = audiencesOf(config)
  if (azp !== undefined && !own.includes(String(azp))) return 'for another party (azp)'
  if (Array.isArray(aud) && aud.length > 1 && azp === undefined) return 'several audiences and no azp'
  if (expected.nonce !== null && nonce !== expected.nonce) return 'nonce of another sign-in'
  return undefined
}

const sets = new Map<string, JWTVerifyGetKey>()

/** Of a fixed set, or of the address the provider names, fetched when needed and again when a key is not in it. */
async function keysOf(config: OpenedOidcConfig): Promise<JWTVerifyGetKey> {
  const jose = await joseLibrary()
  if (config.signingKey !== null) return jose.createLocalJWKSet(JSON.parse(config.signingKey))
  const { jwks_uri } = (await discovered(config)).serverMetadata()
  if (jwks_uri === undefined) throw new Error(`${config.issuer} names no keys`)
  const bounds = boundsOf(config)
  const key = JSON.stringify([jwks_uri, bounds])
  const known = sets.get(key)
  if (known) return known
  const made = jose.createRemoteJWKSet(new URL(jwks_uri), {
    cooldownDuration: COOLDOWN_MS,
    cacheMaxAge: KEPT_MS,
    [jose.customFetch]: guardedFetch(bounds) as never,
  })
  if (sets.size >= 256) sets.clear()
  sets.set(key, made)
  return made
}
