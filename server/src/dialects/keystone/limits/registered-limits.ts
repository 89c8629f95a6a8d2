/** Registered limits: what a resource of a service is limited to unless a project or domain has its own limit. */
import { type Static, Type } from 'typebox'
import { refuse } from '../../../core/refusal.ts'
import type { Incoming } from '../../../http/operation.ts'
import { newId } from '../../../store/ids.ts'
import {
  deleteRegisteredLimit,
  findRegisteredLimit,
  isLimitInUse,
  listRegisteredLimits,
  putRegisteredLimit,
  type RegisteredLimit,
  registeredLimitOf,
} from '../../../store/limits.ts'
import { findRegion } from '../../../store/regions.ts'
import { findService } from '../../../store/services.ts'
import type { Db } from '../../../store/store.ts'
import { expecting, NullableText } from '../attributes.ts'
import { collection, filtersFrom, pageFrom, selfLink } from '../collection.ts'
import { change, operation } from '../operation.ts'

export const IdText = Type.String({ minLength: 1, maxLength: 64, pattern: '^[a-zA-Z0-9-]+$' })
export const ResourceName = Type.String({ minLength: 1, maxLength: 255 })
/** -1 stands for no limit. */
export const Amount = Type.Integer({ minimum: -1, maximum: 0x7fffffff })

const fields = { region_id: Type.Optional(NullableText), description: Type.Optional(NullableText) }
const Created = Type.Object(
  { ...fields, service_id: IdText, resource_name: ResourceName, default_limit: Amount },
  { additionalProperties: false },
)
const CreateBody = Type.Object({ registered_limits: Type.Array(Created, { minItems: 1 }) })
const Updated = Type.Object(
  {
    ...fields,
    service_id: Type.Optional(IdText),
    resource_name: Type.Optional(ResourceName),
    default_limit: Type.Optional(Amount),
  },
  { additionalProperties: false },
)
/** Keystone reads a missing member as one without fields. */
const UpdateBody = Type.Object({ registered_limit: Type.Optional(Updated) })

function registeredLimitBody(incoming: Incoming, limit: RegisteredLimit) {
  const { id, serviceId, regionId, resourceName, defaultLimit, description } = limit
  return {
    id,
    service_id: serviceId,
    region_id: regionId,
    resource_name: resourceName,
    default_limit: defaultLimit,
    description,
    links: selfLink(incoming, `registered_limits/${id}`),
  }
}

export async function registeredLimit(db: Db, id: string): Promise<RegisteredLimit> {
  const message = `Could not find registered limit for ${id}.`
  return (await findRegisteredLimit(db, id)) ?? refuse('not_found', 'no registered limit', { message })
}

async function demandPlace(db: Db, sent: Static<typeof Updated>): Promise<void> {
  if (sent.service_id !== undefined && !(await findService(db, sent.service_id))) {
    expecting('service_id', 'registered_limit')
  }
  if (typeof sent.region_id === 'string' && !(await findRegion(db, sent.region_id))) {
    expecting('region_id', 'registered_limit')
  }
}

async function demandUnique(db: Db, limit: RegisteredLimit): Promise<void> {
  const there = await registeredLimitOf(db, limit)
  if (!there || there.id === limit.id) return
  refuse('conflict', 'registered already', {
    message: 'Conflict occurred attempting to store registered_limit - Duplicate entry.',
  })
}

async function demandUnused(db: Db, id: string): Promise<void> {
  if (!(await isLimitInUse(db, id))) return
  refuse('forbidden', 'has limits', {
    message: `Unable to update or delete registered limit ${id} because there are project limits associated with it.`,
  })
}

const create = operation({
  id: 'create_registered_limits',
  method: 'POST',
  path: '/v3/registered_limits',
  policy: 'identity:create_registered_limits',
  body: CreateBody,
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'conflict'],
  handle: async (call) => {
    const made = await change(call, 'registered_limits', async (tx) => {
      const limits: RegisteredLimit[] = []
      for (const sent of call.body.registered_limits) {
        await demandPlace(tx, sent)
        const limit: RegisteredLimit = {
          id: newId(),
          serviceId: sent.service_id,
          regionId: sent.region_id ?? null,
          resourceName: sent.resource_name,
          defaultLimit: sent.default_limit,
          description: sent.description ?? null,
        }
        await demandUnique(tx, limit)
        await putRegisteredLimit(tx, limit)
        limits.push(limit)
      }
      return limits
    })
    return { body: { registered_limits: made.map((limit) => registeredLimitBody(call, limit)) } }
  },
})

const list = operation({
  id: 'list_registered_limits',
  method: 'GET',
  path: '/v3/registered_limits',
  policy: 'identity:list_registered_limits',
  success: 200,
  refusals: ['unauthenticated', 'forbidden'],
  handle: async (call) => {
    const filters = filtersFrom(call.query, {
      service_id: { column: 'service_id' },
      region_id: { column: 'region_id' },
      resource_name: { column: 'resource_name' },
    })
    const { items, next } = await listRegisteredLimits(call.ctx.store.db, filters, pageFrom(call.query))
    const members = items.map((limit) => registeredLimitBody(call, limit))
    return { body: collection(call, 'registered_limits', members, next) }
  },
})

const show = operation({
  id: 'get_registered_limit',
  method: 'GET',
  path: '/v3/registered_limits/:registered_limit_id',
  policy: 'identity:get_registered_limit',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const limit = await registeredLimit(call.ctx.store.db, call.params['registered_limit_id'] ?? '')
    return { body: { registered_limit: registeredLimitBody(call, limit) } }
  },
})

const update = operation({
  id: 'update_registered_limit',
  method: 'PATCH',
  path: '/v3/registered_limits/:registered_limit_id',
  policy: 'identity:update_registered_limit',
  body: UpdateBody,
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found', 'conflict'],
  handle: async (call) => {
    const id = call.params['registered_limit_id'] ?? ''
    const sent = call.body.registered_limit ?? {}
    const limit = await change(call, `registered_limit:${id}`, async (tx) => {
      await demandPlace(tx, sent)
      const before = await registeredLimit(tx, id)
      await demandUnused(tx, id)
      const after: RegisteredLimit = {
        id,
        serviceId: sent.service_id ?? before.serviceId,
        regionId: sent.region_id === undefined ? before.regionId : sent.region_id,
        resourceName: sent.resource_name ?? before.resourceName,
        defaultLimit: sent.default_limit ?? before.defaultLimit,
        description: sent.description === undefined ? before.description : sent.description,
      }
      await demandUnique(tx, after)
      await putRegisteredLimit(tx, after)
      return after
    })
    return { body: { registered_limit: registeredLimitBody(call, limit) } }
  },
})

const remove = operation({
  id: 'delete_registered_limit',
  method: 'DELETE',
  path: '/v3/registered_limits/:registered_limit_id',
  policy: 'identity:delete_registered_limit',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const id = call.params['registered_limit_id'] ?? ''
    await change(call, `registered_limit:${id}`, async (tx) => {
      await registeredLimit(tx, id)
      await demandUnused(tx, id)
      await deleteRegisteredLimit(tx, id)
    })
    return {}
  },
})

export const registeredLimitOperations = [create, list, show, update, remove]
