/** Endpoints: where services answer. */
import { type Static, Type } from 'typebox'
import { found, missing, refuse } from '../../../core/refusal.ts'
import { newId } from '../../../store/ids.ts'
import { findRegion, insertRegion } from '../../../store/regions.ts'
import {
  deleteEndpoints,
  type Endpoint,
  findEndpoint,
  findService,
  listEndpoints,
  putEndpoint,
} from '../../../store/services.ts'
import type { Db } from '../../../store/store.ts'
import { attributesBeyond, demandSameId, expecting } from '../attributes.ts'
import { collection, filtersFrom, pageFrom } from '../collection.ts'
import { type Call, change, operation } from '../operation.ts'
import { endpointBody } from './endpoint-body.ts'

const Interface = Type.Enum(['admin', 'internal', 'public'])
const Url = Type.String({ maxLength: 225, pattern: '^[a-zA-Z0-9+.-]+:.+' })
const optional = {
  enabled: Type.Optional(Type.Boolean()),
  region_id: Type.Optional(Type.String()),
  region: Type.Optional(Type.String()),
}
const CreateBody = Type.Object({
  endpoint: Type.Object({ ...optional, interface: Interface, service_id: Type.String(), url: Url }),
})
const UpdateFields = Type.Object(
  {
    ...optional,
    interface: Type.Optional(Interface),
    service_id: Type.Optional(Type.String()),
    url: Type.Optional(Url),
  },
  { minProperties: 1 },
)
const UpdateBody = Type.Object({ endpoint: UpdateFields })
const KNOWN = [
  'id',
  'service_id',
  'region_id',
  'region',
  'interface',
  'url',
  'enabled',
  'legacy_endpoint_id',
  'links',
]

/** The names a URL may ask to be filled with; `$(admin_token)s` once gave away the configuration (CVE-2014-3621). */
const SUBSTITUTIONS = /[%$]\((project_id|tenant_id|user_id|public_endpoint|admin_endpoint)\)s/g

function demandSafeUrl(url: string | undefined): void {
  if (url === undefined) return
  const rest = url.replace(SUBSTITUTIONS, '')
  if (!/[%$]\(|\$\{/.test(rest)) return
  refuse('bad_request', 'a URL with an unknown substitution', {
    message: `Cannot create an endpoint with an invalid URL: ${url}.`,
  })
}

/** `region` is how old clients name a region, which is made when it is not there. */
async function regionIn(tx: Db, sent: Static<typeof UpdateFields>): Promise<string | null | undefined> {
  if (sent.region_id !== undefined) {
    if (!(await findRegion(tx, sent.region_id))) expecting('endpoint region_id', 'region table')
    return sent.region_id
  }
  if (sent.region === undefined) return undefined
  if (!(await findRegion(tx, sent.region))) {
    await insertRegion(tx, { id: sent.region, description: '', parentRegionId: null, extra: {} })
  }
  return sent.region
}

async function demandService(tx: Db, id: string | undefined): Promise<void> {
  if (id !== undefined && !(await findService(tx, id))) expecting('endpoint service_id', 'service table')
}

const create = operation({
  id: 'create_endpoint',
  method: 'POST',
  path: '/v3/endpoints',
  policy: 'identity:create_endpoint',
  body: CreateBody,
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden'],
  handle: async (call) => {
    const sent = call.body.endpoint
    demandSafeUrl(sent.url)
    const id = newId()
    const endpoint = await change(call, `endpoint:${id}`, async (tx) => {
      const regionId = (await regionIn(tx, sent)) ?? null
      await demandService(tx, sent.service_id)
      const made: Endpoint = {
        id,
        serviceId: sent.service_id,
        regionId,
        interface: sent.interface,
        url: sent.url,
        enabled: sent.enabled ?? true,
        extra: attributesBeyond(sent, KNOWN),
      }
      await putEndpoint(tx, made)
      return made
    })
    return { body: { endpoint: endpointBody(call, endpoint) } }
  },
})

const list = operation({
  id: 'list_endpoints',
  method: 'GET',
  path: '/v3/endpoints',
  policy: 'identity:list_endpoints',
  success: 200,
  refusals: ['unauthenticated', 'forbidden'],
  handle: async (call) => {
    const filters = filtersFrom(call.query, {
      interface: { column: 'interface' },
      service_id: { column: 'service_id' },
      region_id: { column: 'region_id' },
    })
    const { items, next } = await listEndpoints(call.ctx.store.db, filters, pageFrom(call.query))
    const members = items.map((endpoint) => endpointBody(call, endpoint))
    return { body: collection(call, 'endpoints', members, next) }
  },
})

/** An endpoint that is not there is a 404 whoever asks, as in Keystone: catalogs show everybody's endpoints. */
const onOne = {
  path: '/v3/endpoints/:endpoint_id',
  load: async ({ ctx, params }: Pick<Call, 'ctx' | 'params'>): Promise<Endpoint> => {
    const id = params['endpoint_id'] ?? ''
    return found(await findEndpoint(ctx.store.db, id), 'endpoint', id)
  },
}

const show = operation({
  ...onOne,
  id: 'get_endpoint',
  method: 'GET',
  policy: 'identity:get_endpoint',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call, endpoint) => ({ body: { endpoint: endpointBody(call, endpoint) } }),
})

const update = operation({
  ...onOne,
  id: 'update_endpoint',
  method: 'PATCH',
  policy: 'identity:update_endpoint',
  body: UpdateBody,
  bodyFaults: 'after-policy',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call, { id }) => {
    const sent = call.body.endpoint
    demandSameId(sent, id)
    demandSafeUrl(sent.url)
    const endpoint = await change(call, `endpoint:${id}`, async (tx) => {
      const before = found(await findEndpoint(tx, id), 'endpoint', id)
      const regionId = await regionIn(tx, sent)
      await demandService(tx, sent.service_id)
      const after: Endpoint = {
        id,
        serviceId: sent.service_id ?? before.serviceId,
        regionId: regionId === undefined ? before.regionId : regionId,
        interface: sent.interface ?? before.interface,
        url: sent.url ?? before.url,
        enabled: sent.enabled ?? before.enabled,
        extra: { ...before.extra, ...attributesBeyond(sent, KNOWN) },
      }
      await putEndpoint(tx, after)
      return after
    })
    return { body: { endpoint: endpointBody(call, endpoint) } }
  },
})

const remove = operation({
  ...onOne,
  id: 'delete_endpoint',
  method: 'DELETE',
  policy: 'identity:delete_endpoint',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call, { id }) => {
    await change(call, `endpoint:${id}`, async (tx) => {
      if ((await deleteEndpoints(tx, [id])) === 0) missing('endpoint', id)
    })
    return {}
  },
})

export const endpointOperations = [create, list, show, update, remove]
