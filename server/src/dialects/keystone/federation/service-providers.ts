/** Other clouds that this one's users may go to: kept, and shown in tokens. */
import { Type } from 'typebox'
import { found, missing, refuse } from '../../../core/refusal.ts'
import type { Incoming } from '../../../http/operation.ts'
import {
  deleteServiceProvider,
  findServiceProvider,
  insertServiceProvider,
  listServiceProviders,
  type ServiceProvider,
  updateServiceProvider,
} from '../../../store/service-providers.ts'
import { isUniqueViolation } from '../../../store/unique.ts'
import { NullableText } from '../attributes.ts'
import { collection, filtersFrom, pageFrom, selfLink } from '../collection.ts'
import { type Call, change, operation } from '../operation.ts'
import { demandShortId } from './federation-ids.ts'

const Url = Type.String({ maxLength: 225, pattern: '^[a-zA-Z0-9+.-]+:.+' })
const fields = {
  description: Type.Optional(NullableText),
  enabled: Type.Optional(Type.Boolean()),
  relay_state_prefix: Type.Optional(Type.String({ maxLength: 256 })),
}
const CreateBody = Type.Object({
  service_provider: Type.Object({ ...fields, auth_url: Url, sp_url: Url }, { additionalProperties: false }),
})
const UpdateBody = Type.Object({
  service_provider: Type.Object(
    { ...fields, auth_url: Type.Optional(Url), sp_url: Type.Optional(Url) },
    { additionalProperties: false, minProperties: 1 },
  ),
})

const PATH = '/v3/OS-FEDERATION/service_providers'
const idOf = (call: Pick<Call, 'params'>): string => call.params['service_provider_id'] ?? ''

const serviceProviderFields = (incoming: Incoming, provider: ServiceProvider) => ({
  auth_url: provider.authUrl,
  id: provider.id,
  enabled: provider.enabled,
  description: provider.description,
  relay_state_prefix: provider.relayStatePrefix,
  sp_url: provider.spUrl,
  links: selfLink(incoming, `OS-FEDERATION/service_providers/${provider.id}`),
})

const create = operation({
  id: 'create_service_provider',
  method: 'PUT',
  path: `${PATH}/:service_provider_id`,
  policy: 'identity:create_service_provider',
  body: CreateBody,
  bodyFaults: 'after-policy',
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'conflict'],
  handle: async (call) => {
    const sent = call.body.service_provider
    const provider: ServiceProvider = {
      id: demandShortId(idOf(call)),
      authUrl: sent.auth_url,
      spUrl: sent.sp_url,
      description: sent.description ?? null,
      enabled: sent.enabled ?? false,
      relayStatePrefix: sent.relay_state_prefix ?? 'ss:mem:',
    }
    await change(call, `service_provider:${provider.id}`, (tx) =>
      insertServiceProvider(tx, provider).catch((error) => {
        if (!isUniqueViolation(error)) throw error
        refuse('conflict', `service provider ${provider.id} exists`, {
          message: `Conflict occurred attempting to store service_provider - Duplicate entry found with ID ${provider.id}.`,
        })
      }),
    )
    return { body: { service_provider: serviceProviderFields(call, provider) } }
  },
})

const list = operation({
  id: 'list_service_providers',
  method: 'GET',
  path: PATH,
  policy: 'identity:list_service_providers',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden'],
  handle: async (call) => {
    const filters = filtersFrom(call.query, {
      id: { column: 'service_provider.id' },
      enabled: { column: 'service_provider.enabled', boolean: true },
    })
    const { items, next } = await listServiceProviders(call.ctx.store.db, filters, pageFrom(call.query))
    const members = items.map((provider) => serviceProviderFields(call, provider))
    return { body: collection(call, 'service_providers', members, next) }
  },
})

const show = operation({
  id: 'get_service_provider',
  method: 'GET',
  path: `${PATH}/:service_provider_id`,
  policy: 'identity:get_service_provider',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const stored = await findServiceProvider(call.ctx.store.db, idOf(call))
    const provider = found(stored, 'Service Provider', idOf(call))
    return { body: { service_provider: serviceProviderFields(call, provider) } }
  },
})

const update = operation({
  id: 'update_service_provider',
  method: 'PATCH',
  path: `${PATH}/:service_provider_id`,
  policy: 'identity:update_service_provider',
  body: UpdateBody,
  bodyFaults: 'after-policy',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const id = idOf(call)
    const sent = call.body.service_provider
    const provider = await change(call, `service_provider:${id}`, async (tx) => {
      const before = found(await findServiceProvider(tx, id), 'Service Provider', id)
      const after: ServiceProvider = {
        id,
        authUrl: sent.auth_url ?? before.authUrl,
        spUrl: sent.sp_url ?? before.spUrl,
        description: sent.description === undefined ? before.description : sent.description,
        enabled: sent.enabled ?? before.enabled,
        relayStatePrefix: sent.relay_state_prefix ?? before.relayStatePrefix,
      }
      await updateServiceProvider(tx, after)
      return after
    })
    return { body: { service_provider: serviceProviderFields(call, provider) } }
  },
})

const remove = operation({
  id: 'delete_service_provider',
  method: 'DELETE',
  path: `${PATH}/:service_provider_id`,
  policy: 'identity:delete_service_provider',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const id = idOf(call)
    await change(call, `service_provider:${id}`, async (tx) => {
      if (!(await deleteServiceProvider(tx, id))) missing('Service Provider', id)
    })
    return {}
  },
})

export const serviceProviderOperations = [create, list, show, update, remove]
