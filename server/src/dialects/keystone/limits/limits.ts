/** Limits that single projects and domains have instead of the registered default. The model is flat. */
import { type Static, Type } from 'typebox'
import { refuse } from '../../../core/refusal.ts'
import type { Session } from '../../../core/session.ts'
import type { Incoming } from '../../../http/operation.ts'
import {
  deleteLimit,
  findLimit,
  hasLimit,
  insertLimit,
  type Limit,
  type LimitView,
  listLimits,
  registeredLimitOf,
  updateLimit,
} from '../../../store/limits.ts'
import { findProject } from '../../../store/projects.ts'
import { findRegion } from '../../../store/regions.ts'
import { findService } from '../../../store/services.ts'
import type { Db } from '../../../store/store.ts'
import { expecting, NullableText } from '../attributes.ts'
import { collection, filtersFrom, pageFrom, selfLink } from '../collection.ts'
import { change, operation } from '../operation.ts'
import { Amount, IdText, ResourceName } from './registered-limits.ts'

const shared = {
  service_id: IdText,
  region_id: Type.Optional(Type.String()),
  resource_name: ResourceName,
  resource_limit: Amount,
  description: Type.Optional(NullableText),
}
const OfProject = Type.Object({ ...shared, project_id: IdText }, { additionalProperties: false })
const OfDomain = Type.Object({ ...shared, domain_id: IdText }, { additionalProperties: false })
const Created = Type.Union([OfProject, OfDomain])
const CreateBody = Type.Object({ limits: Type.Array(Created, { minItems: 1 }) })
const Updated = Type.Object(
  { resource_limit: Type.Optional(Amount), description: Type.Optional(NullableText) },
  { additionalProperties: false },
)
const UpdateBody = Type.Object({ limit: Type.Optional(Updated) })

function limitBody(incoming: Incoming, limit: Limit) {
  const { id, projectId, domainId, resourceLimit, description, serviceId, regionId, resourceName } = limit
  return {
    id,
    project_id: projectId,
    domain_id: domainId,
    resource_limit: resourceLimit,
    description,
    service_id: serviceId,
    region_id: regionId,
    resource_name: resourceName,
    links: selfLink(incoming, `limits/${id}`),
  }
}

async function limitAt(db: Db, id: string): Promise<Limit> {
  const message = `Could not find limit for ${id}.`
  return (await findLimit(db, id)) ?? refuse('not_found', 'no limit', { message })
}

async function demandPlace(db: Db, sent: Static<typeof Created>): Promise<void> {
  if (!(await findService(db, sent.service_id))) expecting('service_id', 'limit')
  if (sent.region_id !== undefined && !(await findRegion(db, sent.region_id))) expecting('region_id', 'limit')
  const [id, kind] = 'project_id' in sent ? [sent.project_id, 'project_id'] : [sent.domain_id, 'domain_id']
  const project = await findProject(db, id)
  if (!project || (kind === 'domain_id' && !project.isDomain)) expecting(kind, 'limit')
}

async function insert(tx: Db, sent: Static<typeof Created>): Promise<Limit> {
  await demandPlace(tx, sent)
  const of = {
    serviceId: sent.service_id,
    regionId: sent.region_id ?? null,
    resourceName: sent.resource_name,
  }
  const registered = await registeredLimitOf(tx, of)
  if (!registered) {
    return refuse('forbidden', 'not registered', {
      message: 'Unable to create a limit that has no corresponding registered limit.',
    })
  }
  const limit = {
    registeredLimitId: registered.id,
    projectId: 'project_id' in sent ? sent.project_id : null,
    domainId: 'domain_id' in sent ? sent.domain_id : null,
    resourceLimit: sent.resource_limit,
    description: sent.description ?? null,
  }
  if (await hasLimit(tx, limit)) {
    refuse('conflict', 'limited already', {
      message: 'Conflict occurred attempting to store limit - Duplicate entry.',
    })
  }
  return limitAt(tx, await insertLimit(tx, limit))
}

const create = operation({
  id: 'create_limits',
  method: 'POST',
  path: '/v3/limits',
  policy: 'identity:create_limits',
  body: CreateBody,
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'conflict'],
  handle: async (call) => {
    const made = await change(call, 'limits', async (tx) => {
      const limits: Limit[] = []
      for (const sent of call.body.limits) limits.push(await insert(tx, sent))
      return limits
    })
    return { body: { limits: made.map((limit) => limitBody(call, limit)) } }
  },
})

/** What a session may see of the list: everything on the system, else its own domain or project. */
function viewOf(session: Session): LimitView | null {
  const { scope } = session
  if (scope.kind === 'system') return { kind: 'all' }
  if (scope.kind === 'domain') return { kind: 'domain', id: scope.domain.id }
  return scope.kind === 'project' ? { kind: 'project', id: scope.project.id } : null
}

const list = operation({
  id: 'list_limits',
  method: 'GET',
  path: '/v3/limits',
  policy: 'identity:list_limits',
  success: 200,
  refusals: ['unauthenticated', 'forbidden'],
  handle: async (call) => {
    const view = viewOf(call.caller)
    if (view === null) return { body: collection(call, 'limits', []) }
    const filters = filtersFrom(call.query, {
      service_id: { column: 'r.service_id' },
      region_id: { column: 'r.region_id' },
      resource_name: { column: 'r.resource_name' },
      project_id: { column: 'own_limit.project_id' },
      domain_id: { column: 'own_limit.domain_id' },
    })
    const { items, next } = await listLimits(call.ctx.store.db, view, filters, pageFrom(call.query))
    return {
      body: collection(
        call,
        'limits',
        items.map((limit) => limitBody(call, limit)),
        next,
      ),
    }
  },
})

const show = operation({
  id: 'get_limit',
  method: 'GET',
  path: '/v3/limits/:limit_id',
  policy: 'identity:get_limit',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  load: ({ ctx, params }) => findLimit(ctx.store.db, params['limit_id'] ?? ''),
  target: (limit) => ({
    'target.limit.project_id': limit?.projectId ?? null,
    'target.limit.project.domain_id': limit?.projectId ? limit.projectDomainId : null,
    'target.limit.domain.id': limit?.domainId ?? null,
  }),
  handle: async (call, limit) => {
    const shown = limit ?? (await limitAt(call.ctx.store.db, call.params['limit_id'] ?? ''))
    return { body: { limit: limitBody(call, shown) } }
  },
})

const update = operation({
  id: 'update_limit',
  method: 'PATCH',
  path: '/v3/limits/:limit_id',
  policy: 'identity:update_limit',
  body: UpdateBody,
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const id = call.params['limit_id'] ?? ''
    const sent = call.body.limit ?? {}
    const limit = await change(call, `limit:${id}`, async (tx) => {
      const before = await limitAt(tx, id)
      const fields = {
        resourceLimit: sent.resource_limit ?? before.resourceLimit,
        // A description is changed, never taken away: null leaves it as it is.
        description: sent.description ?? before.description,
      }
      await updateLimit(tx, id, fields)
      return { ...before, ...fields }
    })
    return { body: { limit: limitBody(call, limit) } }
  },
})

const remove = operation({
  id: 'delete_limit',
  method: 'DELETE',
  path: '/v3/limits/:limit_id',
  policy: 'identity:delete_limit',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const id = call.params['limit_id'] ?? ''
    await change(call, `limit:${id}`, async (tx) => {
      await limitAt(tx, id)
      await deleteLimit(tx, id)
    })
    return {}
  },
})

const model = operation({
  id: 'get_limit_model',
  method: 'GET',
  path: '/v3/limits/model',
  policy: 'identity:get_limit_model',
  success: 200,
  refusals: ['unauthenticated', 'forbidden'],
  handle: async () => ({
    body: {
      model: {
        name: 'flat',
        description: 'Limit enforcement and validation does not take project hierarchy into consideration.',
      },
    },
  }),
})

export const limitOperations = [create, list, show, update, remove, model]
