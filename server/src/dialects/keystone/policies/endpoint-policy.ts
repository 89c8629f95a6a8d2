/** OS-ENDPOINT-POLICY: which policy an endpoint goes by: its own, its service's in its region or above, its service's. */
import { found, refuse } from '../../../core/refusal.ts'
import {
  clearPolicyAt,
  findPolicy,
  type PolicyPlace,
  placesOfPolicy,
  policyAt,
  setPolicyAt,
} from '../../../store/policies.ts'
import { findRegion, regionSubtree } from '../../../store/regions.ts'
import { type Endpoint, findEndpoint, findService, listEndpoints } from '../../../store/services.ts'
import type { Db } from '../../../store/store.ts'
import { collection } from '../collection.ts'
import { endpointBody } from '../endpoints/endpoint-body.ts'
import { type Call, change, operation } from '../operation.ts'
import { policyBody } from './policies.ts'

interface Kind {
  /** End of the rules' names. */
  readonly rule: string
  readonly path: string
}

const BASE = '/v3/policies/:policy_id/OS-ENDPOINT-POLICY'
const KINDS: readonly Kind[] = [
  { rule: 'endpoint', path: `${BASE}/endpoints/:endpoint_id` },
  { rule: 'service', path: `${BASE}/services/:service_id` },
  { rule: 'region_and_service', path: `${BASE}/services/:service_id/regions/:region_id` },
]

/** The policy and the place that a path names, all of which must exist. */
async function placeOf(db: Db, params: Call['params']): Promise<{ policyId: string; place: PolicyPlace }> {
  const { policy_id = '', endpoint_id, service_id, region_id } = params
  found(await findPolicy(db, policy_id), 'policy', policy_id)
  if (endpoint_id !== undefined) found(await findEndpoint(db, endpoint_id), 'endpoint', endpoint_id)
  if (service_id !== undefined) found(await findService(db, service_id), 'service', service_id)
  if (region_id !== undefined) found(await findRegion(db, region_id), 'region', region_id)
  const place = {
    endpointId: endpoint_id ?? null,
    serviceId: service_id ?? null,
    regionId: region_id ?? null,
  }
  return { policyId: policy_id, place }
}

function associationOperations({ rule, path }: Kind) {
  const shared = { path, success: 204, refusals: ['unauthenticated', 'forbidden', 'not_found'] } as const
  const named = (verb: string) => {
    const id = `${verb}_policy_association_for_${rule}`
    return { id, policy: `identity:${id}` }
  }
  return [
    operation({
      ...shared,
      ...named('create'),
      method: 'PUT',
      handle: async (call) => {
        await change(call, `policy:${call.params['policy_id']}`, async (tx) => {
          const { policyId, place } = await placeOf(tx, call.params)
          await setPolicyAt(tx, policyId, place)
        })
        return {}
      },
    }),
    operation({
      ...shared,
      ...named('check'),
      method: 'GET',
      handle: async (call) => {
        const { policyId, place } = await placeOf(call.ctx.store.db, call.params)
        if ((await policyAt(call.ctx.store.db, place)) === policyId) return {}
        return refuse('not_found', 'no association', { message: 'Could not find policy association.' })
      },
    }),
    operation({
      ...shared,
      ...named('delete'),
      method: 'DELETE',
      handle: async (call) => {
        await change(call, `policy:${call.params['policy_id']}`, async (tx) => {
          const { policyId, place } = await placeOf(tx, call.params)
          await clearPolicyAt(tx, policyId, place)
        })
        return {}
      },
    }),
  ]
}

/** The policy an endpoint goes by: the nearest place wins, regions from its own upwards. */
async function policyFor(db: Db, endpoint: Endpoint): Promise<string | undefined> {
  const own = await policyAt(db, { endpointId: endpoint.id, serviceId: null, regionId: null })
  if (own !== undefined) return own
  const seen = new Set<string>()
  for (let id = endpoint.regionId; id !== null && !seen.has(id); ) {
    seen.add(id)
    const there = await policyAt(db, { endpointId: null, serviceId: endpoint.serviceId, regionId: id })
    if (there !== undefined) return there
    id = (await findRegion(db, id))?.parentRegionId ?? null
  }
  return policyAt(db, { endpointId: null, serviceId: endpoint.serviceId, regionId: null })
}

const policyOfEndpoint = operation({
  id: 'get_policy_for_endpoint',
  method: 'GET',
  path: '/v3/endpoints/:endpoint_id/OS-ENDPOINT-POLICY/policy',
  policy: 'identity:get_policy_for_endpoint',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const { db } = call.ctx.store
    const id = call.params['endpoint_id'] ?? ''
    const policyId = await policyFor(db, found(await findEndpoint(db, id), 'endpoint', id))
    const policy = policyId === undefined ? undefined : await findPolicy(db, policyId)
    if (!policy) {
      return refuse('not_found', 'no policy', { message: `No policy is associated with endpoint ${id}.` })
    }
    return { body: { policy: policyBody(call, policy, 'endpoints') } }
  },
})

const endpointsOfPolicy = operation({
  id: 'list_endpoints_for_policy',
  method: 'GET',
  path: `${BASE}/endpoints`,
  policy: 'identity:list_endpoints_for_policy',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const { db } = call.ctx.store
    const id = call.params['policy_id'] ?? ''
    found(await findPolicy(db, id), 'policy', id)
    const { items } = await listEndpoints(db, [], {})
    const shown = new Set<Endpoint>()
    for (const place of await placesOfPolicy(db, id)) {
      const regions = place.regionId === null ? undefined : await regionSubtree(db, place.regionId)
      for (const endpoint of items) if (isAt(endpoint, place, regions)) shown.add(endpoint)
    }
    const members = [...shown].map((endpoint) => {
      const { region: _region, ...rest } = endpointBody(call, endpoint)
      return rest
    })
    return { body: collection(call, 'endpoints', members) }
  },
})

function isAt(endpoint: Endpoint, place: PolicyPlace, regions: readonly string[] | undefined): boolean {
  if (place.endpointId !== null) return endpoint.id === place.endpointId
  if (endpoint.serviceId !== place.serviceId) return false
  return regions === undefined || (endpoint.regionId !== null && regions.includes(endpoint.regionId))
}

export const endpointPolicyOperations = [
  ...KINDS.flatMap(associationOperations),
  policyOfEndpoint,
  endpointsOfPolicy,
]
