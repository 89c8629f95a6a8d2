/** Regions: a tree of places. */
import { type Static, Type } from 'typebox'
import { found, missing, refuse } from '../../../core/refusal.ts'
import type { Incoming } from '../../../http/operation.ts'
import { newId } from '../../../store/ids.ts'
import {
  countEndpointsIn,
  deleteRegions,
  findRegion,
  insertRegion,
  listRegions,
  type Region,
  regionSubtree,
  updateRegion,
} from '../../../store/regions.ts'
import type { Db } from '../../../store/store.ts'
import { isUniqueViolation } from '../../../store/unique.ts'
import { attributesBeyond, demandSameId, NullableText } from '../attributes.ts'
import { collection, filtersFrom, pageFrom, selfLink } from '../collection.ts'
import { type Call, change, operation } from '../operation.ts'

const fields = {
  id: Type.Optional(Type.String({ maxLength: 255 })),
  description: Type.Optional(NullableText),
  parent_region_id: Type.Optional(NullableText),
}
const KNOWN = [...Object.keys(fields), 'links']
const CreateBody = Type.Object({ region: Type.Object(fields) })
const UpdateBody = Type.Object({ region: Type.Object(fields, { minProperties: 1 }) })

function regionBody(incoming: Incoming, region: Region) {
  const { id, description, parentRegionId, extra } = region
  return {
    ...extra,
    id,
    description,
    parent_region_id: parentRegionId,
    links: selfLink(incoming, `regions/${id}`),
  }
}

async function create(call: Call<Static<typeof CreateBody>>, id: string) {
  const sent = call.body.region
  const region = {
    id,
    description: sent.description ?? '',
    parentRegionId: sent.parent_region_id ?? null,
    extra: attributesBeyond(sent, KNOWN),
  }
  await change(call, `region:${id}`, async (tx) => {
    await demandParent(tx, region.parentRegionId)
    await insertRegion(tx, region)
  }).catch((error) => {
    if (!isUniqueViolation(error)) throw error
    refuse('conflict', `region ${id} exists`, {
      message: `Conflict occurred attempting to store region - Duplicate ID, ${id}..`,
    })
  })
  return { body: { region: regionBody(call, region) } }
}

async function demandParent(tx: Db, id: string | null): Promise<void> {
  if (id !== null) found(await findRegion(tx, id), 'region', id)
}

const createOperation = operation({
  id: 'create_region',
  method: 'POST',
  path: '/v3/regions',
  policy: 'identity:create_region',
  body: CreateBody,
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found', 'conflict'],
  handle: (call) => create(call, call.body.region.id || newId()),
})

const createAtOperation = operation({
  id: 'create_region_at',
  method: 'PUT',
  path: '/v3/regions/:region_id',
  policy: 'identity:create_region',
  body: CreateBody,
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found', 'conflict'],
  handle: (call) => {
    const id = call.params['region_id'] ?? ''
    const named = call.body.region.id
    if (named === undefined || named === id) return create(call, id)
    return refuse('bad_request', 'two region ids', {
      message: `Conflicting region IDs specified: "${id}" != "${named}"`,
    })
  },
})

const list = operation({
  id: 'list_regions',
  method: 'GET',
  path: '/v3/regions',
  policy: 'identity:list_regions',
  success: 200,
  refusals: ['unauthenticated', 'forbidden'],
  handle: async (call) => {
    const filters = filtersFrom(call.query, { parent_region_id: { column: 'parent_region_id' } })
    const { items, next } = await listRegions(call.ctx.store.db, filters, pageFrom(call.query))
    const members = items.map((region) => regionBody(call, region))
    return { body: collection(call, 'regions', members, next) }
  },
})

const show = operation({
  id: 'get_region',
  method: 'GET',
  path: '/v3/regions/:region_id',
  policy: 'identity:get_region',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const id = call.params['region_id'] ?? ''
    return {
      body: { region: regionBody(call, found(await findRegion(call.ctx.store.db, id), 'region', id)) },
    }
  },
})

const update = operation({
  id: 'update_region',
  method: 'PATCH',
  path: '/v3/regions/:region_id',
  policy: 'identity:update_region',
  body: UpdateBody,
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const id = call.params['region_id'] ?? ''
    const sent = call.body.region
    demandSameId(sent, id)
    const region = await change(call, `region:${id}`, async (tx) => {
      const before = found(await findRegion(tx, id), 'region', id)
      const after: Region = {
        id,
        description: sent.description === undefined ? before.description : (sent.description ?? ''),
        parentRegionId: sent.parent_region_id === undefined ? before.parentRegionId : sent.parent_region_id,
        extra: { ...before.extra, ...attributesBeyond(sent, KNOWN) },
      }
      await demandParent(tx, after.parentRegionId)
      if (after.parentRegionId !== null && (await regionSubtree(tx, id)).includes(after.parentRegionId)) {
        refuse('bad_request', 'a region below itself', {
          message: `The specified parent region ${id} would create a circular region hierarchy.`,
        })
      }
      await updateRegion(tx, after)
      return after
    })
    return { body: { region: regionBody(call, region) } }
  },
})

/** Deletes the region and all below it; one that still has endpoints is refused. */
const remove = operation({
  id: 'delete_region',
  method: 'DELETE',
  path: '/v3/regions/:region_id',
  policy: 'identity:delete_region',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found', 'conflict'],
  handle: async (call) => {
    const id = call.params['region_id'] ?? ''
    await change(call, `region:${id}`, async (tx) => {
      const ids = await regionSubtree(tx, id)
      if (ids.length === 0) missing('region', id)
      if ((await countEndpointsIn(tx, ids)) > 0) {
        refuse('forbidden', `region ${id} has endpoints`, {
          message: `Unable to delete region ${id} because it or its child regions have associated endpoints.`,
        })
      }
      await deleteRegions(tx, ids)
    })
    return {}
  },
})

export const regionOperations = [createOperation, createAtOperation, list, show, update, remove]
