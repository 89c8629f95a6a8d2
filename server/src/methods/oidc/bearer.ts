import type { OpenedOidcConfig } from './config.ts'
import { discovered, openidClient } from './provider.ts'
import { type Verdict, verifyToken } from './verify.ts'

/**
 * What a bearer token presented to us proves: an ID token by its signature, an access token by its own (RFC 9068) or, where
 * the configuration says so, by the provider's word (RFC 7662) and its userinfo. An access token counts only when it was
 * made for us: one that another application was given is nobody's here.
 */
export async function verifyBearer(text: string, config: OpenedOidcConfig, now: number): Promise<Verdict> {
  if (/^[\w-]+\.[\w-]+\.[\w-]*$/.test(text)) {
    const id = await verifyToken(text, config, { now, nonce: null, kind: 'id' })
    if ('claims' in id) return id
    const access = await verifyToken(text, config, { now, nonce: null, kind: 'access' })
    if ('claims' in access) return access
    if (!config.introspection) return id
  }
  return config.introspection ? introspect(text, config, now) : { refused: 'not a JWT' }
}

async function introspect(text: string, config: OpenedOidcConfig, now: number): Promise<Verdict> {
  const client = await openidClient()
  const provider = await discovered(config)
  const said = await client.tokenIntrospection(provider, text)
  if (said.active !== true) return { refused: 'the provider says: not active' }
  if (said.iss !== undefined && said.iss !== config.issuer) return { refused: `of issuer ${said.iss}` }
  if (said.exp !== undefined && said.exp <= now / 1e6) return { refused: 'expired' }
  const own = [config.clientId, ...config.audiences]
  const forUs = [said.client_id, ...[said.aud ?? []].flat()].some(
    (name) => name !== undefined && own.includes(name),
  )
  if (!forUs) return { refused: `made for ${said.client_id ?? 'somebody else'}` }
  const { sub } = said
  const scopes = typeof said.scope === 'string' ? said.scope.split(' ') : []
  if (sub === undefined || !scopes.includes('openid')) return { claims: said as never }
  if (provider.serverMetadata().userinfo_endpoint === undefined) return { claims: said as never }
  const about = await client.fetchUserInfo(provider, text, sub)
  return { claims: { ...about, ...said } as never }
}
