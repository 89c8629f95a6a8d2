/** An identity provider of OpenID Connect that is trusted by its key alone: nothing is fetched to believe its tokens. */
import { generateKeyPairSync, sign } from 'node:crypto'
import type { Context } from '../context.ts'
import { saveOidcConfig } from '../flows/oidc-login.ts'
import { insertIdentityProvider, insertProtocol } from '../store/identity-providers.ts'
import { insertMapping } from '../store/mappings.ts'

export const OIDC_ISSUER = 'https://ci.example'
export const OIDC_AUDIENCE = 'tokenhouse'

/** Signs ID tokens of this provider; `claims` go over the honest ones, `header` over the honest header. */
export type SignIdToken = (claims?: object, header?: object) => string

/** Makes an identity provider of a domain with a protocol `oidc`, whose users are called as the subject is. */
export async function makeOidcProvider(
  ctx: Context,
  { id, domainId }: { readonly id: string; readonly domainId: string },
): Promise<SignIdToken> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const rules = [{ local: [{ user: { name: '{0}' } }], remote: [{ type: 'OIDC-sub' }] }]
  await ctx.store.write(async (tx) => {
    await insertIdentityProvider(tx, {
      id,
      domainId,
      enabled: true,
      description: null,
      authorizationTtl: null,
      remoteIds: [],
    })
    await insertMapping(tx, { id: `map-${id}`, rules, schemaVersion: '1.0' })
    await insertProtocol(tx, { id: 'oidc', idpId: id, mappingId: `map-${id}`, remoteIdAttribute: null })
  })
  await saveOidcConfig(ctx, { session: null, action: 'test', requestId: '' }, id, {
    accessMode: 'program',
    issuer: OIDC_ISSUER,
    clientId: OIDC_AUDIENCE,
    authorizationEndpoint: null,
    scope: 'openid',
    responseType: 'id_token',
    responseMode: 'form_post',
    signingKey: JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k' }] }),
    algorithms: ['ES256'],
    audiences: ['others'],
    introspection: false,
    allowPrivateAddresses: false,
    clientSecret: null,
  })
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return (claims = {}, header = {}) => {
    const now = Math.floor(ctx.now() / 1e6)
    const honest = { iss: OIDC_ISSUER, aud: OIDC_AUDIENCE, sub: 'repo:acme/web', iat: now, exp: now + 300 }
    const text = `${part({ alg: 'ES256', kid: 'k', ...header })}.${part({ ...honest, ...claims })}`
    const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' })
    return `${text}.${signature.toString('base64url')}`
  }
}
