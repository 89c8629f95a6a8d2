/** Services: what there is in the catalog. */
import { Type } from 'typebox'
import { found, missing } from '../../../core/refusal.ts'
import type { Incoming } from '../../../http/operation.ts'
import { newId } from '../../../store/ids.ts'
import {
  deleteService,
  findService,
  listServices,
  putService,
  type Service,
} from '../../../store/services.ts'
import { attributesBeyond, demandSameId, Name } from '../attributes.ts'
import { collection, filtersFrom, pageFrom, selfLink } from '../collection.ts'
import { change, operation } from '../operation.ts'

const ServiceType = Type.String({ minLength: 1, maxLength: 255 })
const fields = { name: Type.Optional(Name), enabled: Type.Optional(Type.Boolean()) }
const CreateBody = Type.Object({ service: Type.Object({ ...fields, type: ServiceType }) })
const UpdateBody = Type.Object({
  service: Type.Object({ ...fields, type: Type.Optional(ServiceType) }, { minProperties: 1 }),
})
const KNOWN = ['id', 'type', 'name', 'enabled', 'links']

function serviceBody(incoming: Incoming, service: Service) {
  const { id, type, name, enabled, extra } = service
  return { ...extra, name, id, type, enabled, links: selfLink(incoming, `services/${id}`) }
}

const create = operation({
  id: 'create_service',
  method: 'POST',
  path: '/v3/services',
  policy: 'identity:create_service',
  body: CreateBody,
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden'],
  handle: async (call) => {
    const sent = call.body.service
    const service: Service = {
      id: newId(),
      type: sent.type,
      name: sent.name ?? '',
      enabled: sent.enabled ?? true,
      extra: attributesBeyond(sent, KNOWN),
    }
    await change(call, `service:${service.id}`, (tx) => putService(tx, service))
    return { body: { service: serviceBody(call, service) } }
  },
})

const list = operation({
  id: 'list_services',
  method: 'GET',
  path: '/v3/services',
  policy: 'identity:list_services',
  success: 200,
  refusals: ['unauthenticated', 'forbidden'],
  handle: async (call) => {
    const filters = filtersFrom(call.query, { type: { column: 'type' }, name: { column: 'name' } })
    const { items, next } = await listServices(call.ctx.store.db, filters, pageFrom(call.query))
    const members = items.map((service) => serviceBody(call, service))
    return { body: collection(call, 'services', members, next) }
  },
})

const show = operation({
  id: 'get_service',
  method: 'GET',
  path: '/v3/services/:service_id',
  policy: 'identity:get_service',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const id = call.params['service_id'] ?? ''
    const service = found(await findService(call.ctx.store.db, id), 'service', id)
    return { body: { service: serviceBody(call, service) } }
  },
})

const update = operation({
  id: 'update_service',
  method: 'PATCH',
  path: '/v3/services/:service_id',
  policy: 'identity:update_service',
  body: UpdateBody,
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const id = call.params['service_id'] ?? ''
    const sent = call.body.service
    demandSameId(sent, id)
    const service = await change(call, `service:${id}`, async (tx) => {
      const before = found(await findService(tx, id), 'service', id)
      const after: Service = {
        id,
        type: sent.type ?? before.type,
        name: sent.name ?? before.name,
        enabled: sent.enabled ?? before.enabled,
        extra: { ...before.extra, ...attributesBeyond(sent, KNOWN) },
      }
      await putService(tx, after)
      return after
    })
    return { body: { service: serviceBody(call, service) } }
  },
})

const remove = operation({
  id: 'delete_service',
  method: 'DELETE',
  path: '/v3/services/:service_id',
  policy: 'identity:delete_service',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const id = call.params['service_id'] ?? ''
    await change(call, `service:${id}`, async (tx) => {
      if (!(await deleteService(tx, id))) missing('service', id)
    })
    return {}
  },
})

export const serviceOperations = [create, list, show, update, remove]
