import type { Configuration } from 'openid-client'
import type { OpenedOidcConfig } from './config.ts'
import { type EgressOptions, guardedFetch } from './egress.ts'

/** The libraries are large and most houses never need them: they are loaded when a provider is first asked. */
export const openidClient = () => import('openid-client')
export const joseLibrary = () => import('jose')

const KEPT_MS = 10 * 60_000
const KEPT = 256
const kept = new Map<string, { readonly until: number; readonly value: Promise<Configuration> }>()

/**
 * What the provider says of itself (discovery, OpenID Connect Discovery 1.0), for ten minutes. Its `issuer` has to be
 * the configured one. Throws when it cannot be reached or says something else.
 */
export async function discovered(config: OpenedOidcConfig): Promise<Configuration> {
  const key = JSON.stringify(config)
  const now = performance.now()
  const known = kept.get(key)
  if (known && known.until > now) return known.value
  const value = discover(config)
  if (kept.size >= KEPT) kept.clear()
  kept.set(key, { until: now + KEPT_MS, value })
  value.catch(() => kept.delete(key))
  return value
}

/** Within which the provider is asked. */
export const boundsOf = ({ allowPrivateAddresses, fingerprints = [] }: OpenedOidcConfig): EgressOptions => ({
  allowPrivate: allowPrivateAddresses,
  fingerprints,
})

async function discover(config: OpenedOidcConfig): Promise<Configuration> {
  const client = await openidClient()
  const { clientId, clientSecret, allowPrivateAddresses } = config
  const auth = clientSecret === null ? client.None() : client.ClientSecretBasic(clientSecret)
  // Its type says one algorithm; a list is held as well, and a browser's ID token may have any that a presented one may have.
  const metadata = { id_token_signed_response_alg: [...config.algorithms] as never }
  return client.discovery(new URL(config.issuer), clientId, metadata, auth, {
    [client.customFetch]: guardedFetch(boundsOf(config)) as never,
    ...(allowPrivateAddresses ? { execute: [client.allowInsecureRequests] } : {}),
  })
}
