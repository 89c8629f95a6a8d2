/**
 * How a provider's tokens are believed. Keystone has no such resource (an Apache module is configured by file); path and
 * names are Huawei Cloud's `openid-connect-config`, with what a provider needs beyond it as optional fields.
 */
import { Type } from 'typebox'
import { found, refuse } from '../../../core/refusal.ts'
import { oidcConfigOf, saveOidcConfig } from '../../../flows/oidc-login.ts'
import { type Call, operation } from '../operation.ts'
import { loadProvider, providerTarget } from './provider-target.ts'

const Text = Type.String({ minLength: 1, maxLength: 255 })
const Url = Type.String({ minLength: 10, maxLength: 255 })
const fields = {
  access_mode: Type.Optional(Type.Union([Type.Literal('program'), Type.Literal('program_console')])),
  authorization_endpoint: Type.Optional(Url),
  scope: Type.Optional(Type.String({ maxLength: 1024 })),
  response_type: Type.Optional(Type.String({ maxLength: 64 })),
  response_mode: Type.Optional(
    Type.Union([Type.Literal('fragment'), Type.Literal('form_post'), Type.Literal('query')]),
  ),
  signing_key: Type.Optional(Type.String({ maxLength: 30_000 })),
  client_secret: Type.Optional(Type.String({ maxLength: 1024 })),
  algorithms: Type.Optional(Type.Array(Type.String(), { minItems: 1, maxItems: 16, uniqueItems: true })),
  audiences: Type.Optional(Type.Array(Text, { maxItems: 16 })),
  introspection: Type.Optional(Type.Boolean()),
  allow_private_addresses: Type.Optional(Type.Boolean()),
}
const strict = { additionalProperties: false }
const CreateBody = Type.Object({
  openid_connect_config: Type.Object({ ...fields, idp_url: Url, client_id: Text }, strict),
})
const UpdateBody = Type.Object({
  openid_connect_config: Type.Object(
    { ...fields, idp_url: Type.Optional(Url), client_id: Type.Optional(Text) },
    { ...strict, minProperties: 1 },
  ),
})

const PATH = '/v3.0/OS-FEDERATION/identity-providers/:idp_id/openid-connect-config'
const idOf = (call: Pick<Call, 'params'>): string => call.params['idp_id'] ?? ''

type Opened = NonNullable<Awaited<ReturnType<typeof oidcConfigOf>>>
type Sent = {
  readonly [K in keyof typeof fields | 'idp_url' | 'client_id']?: unknown
}

const FRESH: Opened = {
  accessMode: 'program',
  issuer: '',
  clientId: '',
  authorizationEndpoint: null,
  scope: 'openid',
  responseType: 'id_token',
  responseMode: 'form_post',
  signingKey: null,
  algorithms: ['RS256'],
  audiences: [],
  introspection: false,
  allowPrivateAddresses: false,
  clientSecret: null,
}

/** `before` with what was sent; an empty secret or key takes it away. */
function changed(before: Opened, sent: Sent): Opened {
  const entries: [keyof Opened, unknown][] = [
    ['accessMode', sent.access_mode],
    ['issuer', sent.idp_url],
    ['clientId', sent.client_id],
    ['authorizationEndpoint', sent.authorization_endpoint],
    ['scope', sent.scope],
    ['responseType', sent.response_type],
    ['responseMode', sent.response_mode],
    ['signingKey', sent.signing_key === '' ? null : sent.signing_key],
    ['algorithms', sent.algorithms],
    ['audiences', sent.audiences],
    ['introspection', sent.introspection],
    ['allowPrivateAddresses', sent.allow_private_addresses],
    ['clientSecret', sent.client_secret === '' ? null : sent.client_secret],
  ]
  return { ...before, ...Object.fromEntries(entries.filter(([, value]) => value !== undefined)) }
}

/** The secret is never shown. */
const configFields = (config: Opened) => ({
  access_mode: config.accessMode,
  idp_url: config.issuer,
  client_id: config.clientId,
  authorization_endpoint: config.authorizationEndpoint,
  scope: config.scope,
  response_type: config.responseType,
  response_mode: config.responseMode,
  signing_key: config.signingKey,
  algorithms: config.algorithms,
  audiences: config.audiences,
  introspection: config.introspection,
  allow_private_addresses: config.allowPrivateAddresses,
})

const actor = (call: Call) => ({ session: call.caller, action: call.operationId, requestId: call.requestId })

const load = async (call: Pick<Call, 'ctx' | 'params'>) => {
  const loaded = await loadProvider(call)
  return loaded && { ...loaded, config: await oidcConfigOf(call.ctx, loaded.provider.id) }
}

const create = operation({
  id: 'create_openid_connect_config',
  method: 'POST',
  path: PATH,
  policy: 'identity:update_identity_provider',
  body: CreateBody,
  bodyFaults: 'after-policy',
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found', 'conflict'],
  load,
  target: (loaded) => providerTarget(loaded),
  handle: async (call, loaded) => {
    const { provider, config } = found(loaded, 'Identity Provider', idOf(call))
    if (config)
      refuse('conflict', 'configured already', { message: 'The OpenID Connect configuration exists.' })
    const made = changed(FRESH, call.body.openid_connect_config)
    await saveOidcConfig(call.ctx, actor(call), provider.id, made)
    return { body: { openid_connect_config: configFields(made) } }
  },
})

const show = operation({
  id: 'get_openid_connect_config',
  method: 'GET',
  path: PATH,
  policy: 'identity:get_identity_provider',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  load,
  target: (loaded) => providerTarget(loaded),
  handle: async (call, loaded) => {
    const { config } = found(loaded, 'Identity Provider', idOf(call))
    return {
      body: {
        openid_connect_config: configFields(found(config, 'OpenID Connect configuration', idOf(call))),
      },
    }
  },
})

const update = operation({
  id: 'update_openid_connect_config',
  method: 'PUT',
  path: PATH,
  policy: 'identity:update_identity_provider',
  body: UpdateBody,
  bodyFaults: 'after-policy',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  load,
  target: (loaded) => providerTarget(loaded),
  handle: async (call, loaded) => {
    const { provider, config } = found(loaded, 'Identity Provider', idOf(call))
    const before = found(config, 'OpenID Connect configuration', idOf(call))
    const after = changed(before, call.body.openid_connect_config)
    await saveOidcConfig(call.ctx, actor(call), provider.id, after)
    return { body: { openid_connect_config: configFields(after) } }
  },
})

export const oidcConfigOperations = [create, show, update]
