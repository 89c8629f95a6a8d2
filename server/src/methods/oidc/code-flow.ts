import type { OpenedOidcConfig } from './config.ts'
import { discovered, openidClient } from './provider.ts'
import { type Verdict, verifyToken } from './verify.ts'

/** What has to be known again when the browser comes back; for the browser's own cookie, sealed. */
export interface PendingSignIn {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
}

/**
 * Where to send the browser: an authorization request with state, nonce and PKCE (RFC 7636, S256). `redirectUri` is the
 * provider's own, so that an answer of one provider never reaches another's check (RFC 9207, mix-up).
 */
export async function beginCodeFlow(
  config: OpenedOidcConfig,
  redirectUri: string,
): Promise<{ readonly url: string; readonly pending: PendingSignIn }> {
  const client = await openidClient()
  const provider = await discovered(config)
  const pending = {
    state: client.randomState(),
    nonce: client.randomNonce(),
    verifier: client.randomPKCECodeVerifier(),
  }
  const scopes = new Set(['openid', ...config.scope.split(' ').filter((name) => name !== '')])
  const url = client.buildAuthorizationUrl(provider, {
    redirect_uri: redirectUri,
    scope: [...scopes].join(' '),
    code_challenge: await client.calculatePKCECodeChallenge(pending.verifier),
    code_challenge_method: 'S256',
    state: pending.state,
    nonce: pending.nonce,
  })
  return { url: url.href, pending }
}

/**
 * Exchanges the code in `currentUrl` for an ID token and verifies it; claims of userinfo are added where the provider has
 * it. Throws when the provider cannot be reached, or refuses, or answers another sign-in's state.
 */
export async function finishCodeFlow(
  config: OpenedOidcConfig,
  currentUrl: string,
  pending: PendingSignIn,
  now: number,
): Promise<Verdict> {
  const client = await openidClient()
  const provider = await discovered(config)
  const tokens = await client.authorizationCodeGrant(provider, new URL(currentUrl), {
    pkceCodeVerifier: pending.verifier,
    expectedState: pending.state,
    expectedNonce: pending.nonce,
    idTokenExpected: true,
  })
  const verdict = await verifyToken(tokens.id_token ?? '', config, { now, nonce: pending.nonce, kind: 'id' })
  if ('refused' in verdict || provider.serverMetadata().userinfo_endpoint === undefined) return verdict
  const about = await client.fetchUserInfo(provider, tokens.access_token, verdict.claims.sub ?? '')
  return { claims: { ...about, ...verdict.claims } as never }
}

/** Errors by which a provider says no, as opposed to being out of reach. */
const SAID_NO = [
  'ResponseBodyError',
  'AuthorizationResponseError',
  'WWWAuthenticateChallengeError',
  'OAUTH_INVALID_RESPONSE',
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
  'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
  // An answer of another flow, or one that is encrypted: it does not get better by asking again.
  'OAUTH_UNSUPPORTED_OPERATION',
]

/** Whether the provider answered and what it answered is a no. */
export function saidNo(error: unknown): boolean {
  const { name = '', code = '' } = (error ?? {}) as { name?: string; code?: string }
  return SAID_NO.includes(name) || SAID_NO.includes(code)
}
