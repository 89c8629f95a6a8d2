/** An identity provider of OpenID Connect that is trusted by its key alone: nothing is fetched to believe its tokens. */
import { generateKeyPairSync, sign as signBytes } from 'node:crypto'
import type { Context } from '../context.ts'
import { oidcConfigOf, saveOidcConfig } from '../flows/oidc-login.ts'
import { insertIdentityProvider, insertProtocol } from '../store/identity-providers.ts'
import { insertMapping } from '../store/mappings.ts'

export const OIDC_ISSUER = 'https://ci.example'
export const OIDC_AUDIENCE = 'tokenhouse'

/** Signs ID tokens of this provider; `claims` go over the honest ones, `header` over the honest header. */
export type SignIdToken = (claims?: object, header?: object) => string

export interface IdTokens {
  readonly sign: SignIdToken
  /** The JWK set that the tokens verify under. */
  readonly signingKey: string
}

const BY = { session: null, action: 'test', requestId: '' }

/** Has a provider believed by a key alone, and by no address. */
export async function pinSigningKey(ctx: Context, id: string, { signingKey }: IdTokens): Promise<void> {
  const config = (await oidcConfigOf(ctx, id))!
  await saveOidcConfig(ctx, BY, id, { ...config, signingKey, algorithms: ['ES256'] })
}

/** Makes an identity provider of a domain with a protocol `oidc`, whose users are called as the subject is. */
export async function makeOidcProvider(
  ctx: Context,
  { id, domainId }: { readonly id: string; readonly domainId: string },
): Promise<SignIdToken> {
  const { sign, signingKey } = idTokens(ctx)
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
    await insertProtocol(tx, { id: 'oidc', idpId: id, mappingId: `map-${id}`, remoteIdAttribute: null }, 0)
  })
  await saveOidcConfig(ctx, BY, id, {
    accessMode: 'program',
    issuer: OIDC_ISSUER,
    clientId: OIDC_AUDIENCE,
    authorizationEndpoint: null,
    scope: 'openid',
    responseType: 'id_token',
    responseMode: 'form_post',
    signingKey,
    algorithms: ['ES256'],
    audiences: ['others'],
    introspection: false,
    allowPrivateAddresses: false,
    clientSecret: null,
  })
  return sign
}

/** Tokens of a provider that has a key of its own. */
export function idTokens(ctx: Context): IdTokens {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const sign: SignIdToken = (claims = {}, header = {}) => {
    const now = Math.floor(ctx.now() / 1e6)
    const honest = { iss: OIDC_ISSUER, aud: OIDC_AUDIENCE, sub: 'repo:acme/web', iat: now, exp: now + 300 }
    const text = `${part({ alg: 'ES256', kid: 'k', ...header })}.${part({ ...honest, ...claims })}`
    const signature = signBytes('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' })
    return `${text}.${signature.toString('base64url')}`
  }
  return {
    sign,
    signingKey: JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k' }] }),
  }
}
