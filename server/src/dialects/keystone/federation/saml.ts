/**
 * SAML 2.0 as a service provider. Keystone leaves that to an Apache module; paths and names here are Huawei Cloud's: our
 * metadata, import of a provider's, and where answers are brought.
 */
import { Type } from 'typebox'
import { found, refuse } from '../../../core/refusal.ts'
import { serviceMetadata } from '../../../flows/saml-keys.ts'
import { finishEcp, importMetadata, unsolicitedLogin } from '../../../flows/saml-login.ts'
import { findSamlMetadata } from '../../../store/federation-config.ts'
import { findProtocol } from '../../../store/identity-providers.ts'
import { operation, publicOperation } from '../operation.ts'
import { microTime } from '../time.ts'
import { adfsOperation } from './adfs.ts'
import { doorIdsOf } from './federation-ids.ts'
import { ofProvider } from './provider-target.ts'
import { samlConsumer, samlResponseOf } from './saml-consumer.ts'
import { ownEntity, REFUSALS, SSO, tokenReply } from './saml-entity.ts'
import { requestOf, type SignInOptions } from './sign-in.ts'

const showOwn = publicOperation({
  id: 'get_sp_metadata',
  method: 'GET',
  path: `${SSO}/metadata`,
  policy: 'public',
  success: 200,
  refusals: ['bad_request'],
  handle: async (call) => ({
    headers: { 'content-type': 'text/xml' },
    body: await serviceMetadata(call.ctx, ownEntity(call)),
  }),
})

const METADATA = '/v3-ext/OS-FEDERATION/identity_providers/:idp_id/protocols/:protocol_id/metadata'
const ImportBody = Type.Object({
  xaccount_type: Type.Optional(Type.String({ maxLength: 64 })),
  domain_id: Type.Optional(Type.String({ maxLength: 64 })),
  metadata: Type.String({ minLength: 1, maxLength: 100_000 }),
})

const importOne = operation({
  id: 'create_metadata',
  method: 'POST',
  path: METADATA,
  policy: 'identity:update_identity_provider',
  body: ImportBody,
  bodyFaults: 'after-policy',
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  ...ofProvider,
  handle: async (call) => {
    const { idpId, protocolId } = doorIdsOf(call)
    const { metadata, domain_id, xaccount_type } = call.body
    found(await findProtocol(call.ctx.store.db, idpId, protocolId), 'federated protocol', protocolId)
    const by = { session: call.caller, action: call.operationId, requestId: call.requestId }
    const sent = { idpId, protocolId, metadata, domainId: domain_id ?? '', accountType: xaccount_type ?? '' }
    await importMetadata(call.ctx, by, sent)
    return { body: { message: 'Import metadata successful' } }
  },
})

const showOne = operation({
  id: 'get_metadata',
  method: 'GET',
  path: METADATA,
  policy: 'identity:get_identity_provider',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  ...ofProvider,
  handle: async (call) => {
    const { idpId, protocolId } = doorIdsOf(call)
    const stored = found(await findSamlMetadata(call.ctx.store.db, idpId, protocolId), 'metadata of', idpId)
    return {
      body: {
        id: `${idpId}/${protocolId}`,
        idp_id: idpId,
        entity_id: stored.entityId,
        protocol_id: protocolId,
        domain_id: stored.domainId,
        xaccount_type: stored.accountType,
        update_time: microTime(stored.updatedAt),
        data: stored.metadata,
      },
    }
  },
})

/** Huawei Cloud IAM, "Obtaining an Unscoped Token (IdP Initiated)". */
const byIdp = (options: SignInOptions) =>
  publicOperation({
    id: 'create_unscoped_token_idp_initiated',
    method: 'POST',
    path: '/v3.0/OS-FEDERATION/tokens',
    policy: 'public',
    success: 201,
    refusals: [...REFUSALS],
    handle: async (call) => {
      const idpId = call.headers['x-idp-id']?.toString()
      if (!idpId) return refuse('bad_request', 'no X-Idp-Id', { message: 'The header X-Idp-Id is missing.' })
      const brought = { xml: samlResponseOf(call), own: ownEntity(call), idpId }
      const issued = await unsolicitedLogin(call.ctx, brought, requestOf(call, options.ttl, 'program'))
      return tokenReply(issued, options)
    },
  })

/** The assertion consumer service for programs, which bring the answer in an envelope. */
const ecpConsumer = (options: SignInOptions) =>
  publicOperation({
    id: 'saml_ecp',
    method: 'POST',
    path: `${SSO}/SAML2/ECP`,
    policy: 'public',
    success: 201,
    refusals: [...REFUSALS],
    handle: async (call) => {
      const brought = { envelope: call.rawBody.toString('utf8'), own: ownEntity(call) }
      return tokenReply(await finishEcp(call.ctx, brought, requestOf(call, options.ttl, 'program')), options)
    },
  })

export const samlOperations = (options: SignInOptions) => [
  showOwn,
  importOne,
  showOne,
  adfsOperation,
  byIdp(options),
  samlConsumer(options),
  ecpConsumer(options),
]
