/** OS-EP-FILTER endpoint groups: endpoints by service, region and interface. */
import { Type } from 'typebox'
import { found, missing, refuse } from '../../../core/refusal.ts'
import type { Incoming } from '../../../http/operation.ts'
import {
  deleteEndpointGroup,
  type EndpointGroup,
  endpointsOfGroup,
  findEndpointGroup,
  listEndpointGroups,
  putEndpointGroup,
} from '../../../store/endpoint-filter.ts'
import { newId } from '../../../store/ids.ts'
import type { Db } from '../../../store/store.ts'
import { demandSameId, expecting, Name, NullableText } from '../attributes.ts'
import { collection, filtersFrom, pageFrom, selfLink } from '../collection.ts'
import { endpointBody } from '../endpoints/endpoint-body.ts'
import { change, operation } from '../operation.ts'

const Filters = Type.Record(Type.String(), Type.Unknown())
const CreateBody = Type.Object({
  endpoint_group: Type.Object(
    { name: Name, filters: Filters, description: Type.Optional(NullableText) },
    { additionalProperties: false },
  ),
})
const UpdateBody = Type.Object({
  endpoint_group: Type.Object(
    {
      id: Type.Optional(Type.String()),
      name: Type.Optional(Name),
      filters: Type.Optional(Filters),
      description: Type.Optional(NullableText),
    },
    { minProperties: 1, additionalProperties: false },
  ),
})

const KIND = 'Endpoint Group'
const ONE = '/v3/OS-EP-FILTER/endpoint_groups/:endpoint_group_id'

export function endpointGroupBody(incoming: Incoming, group: EndpointGroup) {
  const { id, name, description, filters } = group
  return { id, name, description, filters, links: selfLink(incoming, `OS-EP-FILTER/endpoint_groups/${id}`) }
}

export async function groupOf(db: Db, id: string): Promise<EndpointGroup> {
  return found(await findEndpointGroup(db, id), KIND, id)
}

const FILTERS = ['service_id', 'region_id', 'interface']

function demandFilters(filters: Readonly<Record<string, unknown>>): void {
  if (Object.keys(filters).every((key) => FILTERS.includes(key))) return
  expecting(FILTERS.join(' or '), 'endpoint_group')
}

const create = operation({
  id: 'create_endpoint_group',
  method: 'POST',
  path: '/v3/OS-EP-FILTER/endpoint_groups',
  policy: 'identity:create_endpoint_group',
  body: CreateBody,
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden'],
  handle: async (call) => {
    const { name, filters, description } = call.body.endpoint_group
    if (Object.keys(filters).length === 0) {
      refuse('bad_request', 'no filter', { message: 'filters field is required and cannot be empty' })
    }
    demandFilters(filters)
    const group: EndpointGroup = { id: newId(), name, description: description ?? null, filters }
    await change(call, `endpoint_group:${group.id}`, (tx) => putEndpointGroup(tx, group))
    return { body: { endpoint_group: endpointGroupBody(call, group) } }
  },
})

const list = operation({
  id: 'list_endpoint_groups',
  method: 'GET',
  path: '/v3/OS-EP-FILTER/endpoint_groups',
  policy: 'identity:list_endpoint_groups',
  success: 200,
  refusals: ['unauthenticated', 'forbidden'],
  handle: async (call) => {
    const filters = filtersFrom(call.query, { name: { column: 'name' } })
    const { items, next } = await listEndpointGroups(call.ctx.store.db, filters, pageFrom(call.query))
    const members = items.map((group) => endpointGroupBody(call, group))
    return { body: collection(call, 'endpoint_groups', members, next) }
  },
})

const show = operation({
  id: 'get_endpoint_group',
  method: 'GET',
  path: ONE,
  policy: 'identity:get_endpoint_group',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const group = await groupOf(call.ctx.store.db, call.params['endpoint_group_id'] ?? '')
    return { body: { endpoint_group: endpointGroupBody(call, group) } }
  },
})

const update = operation({
  id: 'update_endpoint_group',
  method: 'PATCH',
  path: ONE,
  policy: 'identity:update_endpoint_group',
  body: UpdateBody,
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const id = call.params['endpoint_group_id'] ?? ''
    const { name, filters, description, ...rest } = call.body.endpoint_group
    if (filters) demandFilters(filters)
    demandSameId(rest, id)
    const group = await change(call, `endpoint_group:${id}`, async (tx) => {
      const before = await groupOf(tx, id)
      const after: EndpointGroup = {
        id,
        name: name ?? before.name,
        filters: filters ?? before.filters,
        description: description === undefined ? before.description : description,
      }
      await putEndpointGroup(tx, after)
      return after
    })
    return { body: { endpoint_group: endpointGroupBody(call, group) } }
  },
})

const remove = operation({
  id: 'delete_endpoint_group',
  method: 'DELETE',
  path: ONE,
  policy: 'identity:delete_endpoint_group',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const id = call.params['endpoint_group_id'] ?? ''
    await change(call, `endpoint_group:${id}`, async (tx) => {
      if (!(await deleteEndpointGroup(tx, id))) missing(KIND, id)
    })
    return {}
  },
})

const endpoints = operation({
  id: 'list_endpoints_associated_with_endpoint_group',
  method: 'GET',
  path: `${ONE}/endpoints`,
  policy: 'identity:list_endpoints_associated_with_endpoint_group',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const { db } = call.ctx.store
    const group = await groupOf(db, call.params['endpoint_group_id'] ?? '')
    const members = (await endpointsOfGroup(db, group)).map((endpoint) => endpointBody(call, endpoint))
    return { body: collection(call, 'endpoints', members) }
  },
})

export const endpointGroupOperations = [create, list, show, update, remove, endpoints]
