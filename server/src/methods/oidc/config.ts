/** How a provider's tokens are believed (OpenID Connect). Everything a token could choose for itself is fixed here. */

/** Signature algorithms that can be configured. None with a shared secret: who verifies could sign. */
export const SIGNING_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const

export interface OidcConfig {
  /** `program`: tokens are presented; `program_console`: browsers sign in too. */
  readonly accessMode: 'program' | 'program_console'
  readonly issuer: string
  readonly clientId: string
  readonly authorizationEndpoint: string | null
  readonly scope: string
  readonly responseType: string
  readonly responseMode: string
  /** A JWKS as text; with it nothing is fetched to verify a signature. */
  readonly signingKey: string | null
  readonly algorithms: readonly string[]
  /** Audiences accepted beside `clientId`: workloads ask tokens for a name of their own. */
  readonly audiences: readonly string[]
  /** Ask the provider about access tokens that say nothing themselves. */
  readonly introspection: boolean
  /** SHA-1 of certificates, in lower-case hex: every TLS chain of the provider has to hold one of them. None: any chain. */
  readonly fingerprints?: readonly string[]
  /** Hours after its issue for which a token is taken, however long it says that it lasts. */
  readonly issuanceLimitHours?: number
  readonly allowPrivateAddresses: boolean
}

export interface OpenedOidcConfig extends OidcConfig {
  readonly clientSecret: string | null
}

/** Whom tokens may be for. An empty client id is none. */
export const audiencesOf = ({ clientId, audiences }: OidcConfig): readonly string[] =>
  [clientId, ...audiences].filter((name) => name !== '')

/** What is wrong with a configuration, in words; undefined when nothing is. */
export function oidcConfigFault(config: OidcConfig): string | undefined {
  const { issuer, algorithms, signingKey, authorizationEndpoint, allowPrivateAddresses } = config
  for (const url of [issuer, authorizationEndpoint]) {
    if (url === null) continue
    const parsed = URL.parse(url)
    if (!parsed || parsed.username || parsed.password || parsed.hash) return `${url} is not an address`
    if (parsed.protocol !== 'https:' && !(allowPrivateAddresses && parsed.protocol === 'http:')) {
      return `${url} is not an https address`
    }
  }
  const unknown = algorithms.find((name) => !(SIGNING_ALGORITHMS as readonly string[]).includes(name))
  if (algorithms.length === 0 || unknown !== undefined)
    return `algorithm ${unknown ?? 'none'} is not accepted`
  return signingKey === null ? undefined : jwksFault(signingKey)
}

function jwksFault(text: string): string | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return 'signing_key is not JSON'
  }
  const { keys } = (parsed ?? {}) as { keys?: unknown }
  if (!Array.isArray(keys) || keys.length === 0) return 'signing_key is not a JWK set'
  const isPublic = (key: unknown): boolean =>
    typeof key === 'object' &&
    key !== null &&
    ['RSA', 'EC', 'OKP'].includes((key as { kty?: string }).kty ?? '') &&
    !('d' in key) &&
    !('k' in key) &&
    !isWeak(key)
  return keys.every(isPublic)
    ? undefined
    : 'signing_key holds something that is not a public key, or one that is too short'
}

/** Of RSA the length of the modulus counts: below 2048 bits it verifies nothing (RFC 7518, 3.3). */
function isWeak({ kty, n }: { readonly kty?: unknown; readonly n?: unknown }): boolean {
  return kty === 'RSA' && !(typeof n === 'string' && Buffer.from(n, 'base64url').length >= 256)
}
