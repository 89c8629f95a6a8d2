/** OS-EP-FILTER associations: which endpoints and endpoint groups a project's catalog shows. */
import { found, refuse } from '../../../core/refusal.ts'
import type { Incoming } from '../../../http/operation.ts'
import {
  type Associated,
  associate,
  dissociate,
  endpointsOfProject,
  groupsOfProject,
  isAssociated,
  projectsAssociated,
} from '../../../store/endpoint-filter.ts'
import { findProject, findProjects } from '../../../store/projects.ts'
import { findEndpoint } from '../../../store/services.ts'
import type { Db } from '../../../store/store.ts'
import { isUniqueViolation } from '../../../store/unique.ts'
import { collection } from '../collection.ts'
import { endpointBody } from '../endpoints/endpoint-body.ts'
import { change, operation } from '../operation.ts'
import { projectFields } from '../projects/project-body.ts'
import { endpointGroupBody, groupOf } from './endpoint-groups.ts'

interface Kind {
  readonly kind: Associated
  readonly path: string
  readonly param: string
  /** Rules, by what is done. */
  readonly check: string
  readonly add: string
  readonly remove: string
  readonly demand: (db: Db, id: string, projectId: string) => Promise<void>
  readonly absent: (id: string, projectId: string) => string
  readonly table: string
  readonly body?: (id: string, projectId: string) => unknown
}

async function demandProject(db: Db, id: string): Promise<void> {
  found(await findProject(db, id), 'project', id)
}

const ENDPOINT: Kind = {
  kind: 'endpoint',
  path: '/v3/OS-EP-FILTER/projects/:project_id/endpoints/:endpoint_id',
  param: 'endpoint_id',
  check: 'check_endpoint_in_project',
  add: 'add_endpoint_to_project',
  remove: 'remove_endpoint_from_project',
  demand: async (db, id, projectId) => {
    found(await findEndpoint(db, id), 'endpoint', id)
    await demandProject(db, projectId)
  },
  absent: (id, projectId) => `Endpoint ${id} not found in project ${projectId}`,
  table: 'project_endpoint',
}

const GROUP: Kind = {
  kind: 'group',
  path: '/v3/OS-EP-FILTER/endpoint_groups/:endpoint_group_id/projects/:project_id',
  param: 'endpoint_group_id',
  check: 'get_endpoint_group_in_project',
  add: 'add_endpoint_group_to_project',
  remove: 'remove_endpoint_group_from_project',
  demand: async (db, id, projectId) => {
    await demandProject(db, projectId)
    await groupOf(db, id)
  },
  absent: () => 'Endpoint Group Project Association not found',
  table: 'project_endpoint_group',
  body: (id, projectId) => ({
    project_endpoint_group: {
      endpoint_group_id: id,
      project_id: projectId,
      links: { self: `/OS-EP-FILTER/endpoint_groups/${id}/projects/${projectId}` },
    },
  }),
}

function associationOperations(kind: Kind) {
  const idsOf = ({ params }: Pick<Incoming, 'params'>) => ({
    id: params[kind.param] ?? '',
    projectId: params['project_id'] ?? '',
  })
  const gone = (id: string, projectId: string): never =>
    refuse('not_found', 'no such association', { message: kind.absent(id, projectId) })
  const shared = { path: kind.path, refusals: ['unauthenticated', 'forbidden', 'not_found'] } as const

  const check = operation({
    ...shared,
    id: kind.check,
    method: 'GET',
    policy: `identity:${kind.check}`,
    success: kind.body ? 200 : 204,
    handle: async (call) => {
      const { id, projectId } = idsOf(call)
      const { db } = call.ctx.store
      await kind.demand(db, id, projectId)
      if (!(await isAssociated(db, kind.kind, id, projectId))) gone(id, projectId)
      return kind.body ? { body: kind.body(id, projectId) } : {}
    },
  })
  const add = operation({
    ...shared,
    id: kind.add,
    method: 'PUT',
    policy: `identity:${kind.add}`,
    success: 204,
    refusals: [...shared.refusals, 'conflict'],
    handle: async (call) => {
      const { id, projectId } = idsOf(call)
      await change(call, `${kind.table}:${id}:${projectId}`, async (tx) => {
        await kind.demand(tx, id, projectId)
        await associate(tx, kind.kind, id, projectId)
      }).catch((error) => {
        if (!isUniqueViolation(error)) throw error
        const message = `Conflict occurred attempting to store ${kind.table} - Duplicate entry.`
        refuse('conflict', 'associated already', { message })
      })
      return {}
    },
  })
  const remove = operation({
    ...shared,
    id: kind.remove,
    method: 'DELETE',
    policy: `identity:${kind.remove}`,
    success: 204,
    handle: async (call) => {
      const { id, projectId } = idsOf(call)
      await change(call, `${kind.table}:${id}:${projectId}`, async (tx) => {
        if (kind === GROUP) await kind.demand(tx, id, projectId)
        if (!(await dissociate(tx, kind.kind, id, projectId))) gone(id, projectId)
      })
      return {}
    },
  })
  return [check, add, remove]
}

const endpointsForProject = operation({
  id: 'list_endpoints_for_project',
  method: 'GET',
  path: '/v3/OS-EP-FILTER/projects/:project_id/endpoints',
  policy: 'identity:list_endpoints_for_project',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const id = call.params['project_id'] ?? ''
    const { db } = call.ctx.store
    await demandProject(db, id)
    const members = (await endpointsOfProject(db, id)).map((endpoint) => endpointBody(call, endpoint))
    return { body: collection(call, 'endpoints', members) }
  },
})

const groupsForProject = operation({
  id: 'list_endpoint_groups_for_project',
  method: 'GET',
  path: '/v3/OS-EP-FILTER/projects/:project_id/endpoint_groups',
  policy: 'identity:list_endpoint_groups_for_project',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const id = call.params['project_id'] ?? ''
    const { db } = call.ctx.store
    await demandProject(db, id)
    const members = (await groupsOfProject(db, id)).map((group) => endpointGroupBody(call, group))
    return { body: collection(call, 'endpoint_groups', members) }
  },
})

const projectsForEndpoint = operation({
  id: 'list_projects_for_endpoint',
  method: 'GET',
  path: '/v3/OS-EP-FILTER/endpoints/:endpoint_id/projects',
  policy: 'identity:list_projects_for_endpoint',
  success: 200,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const id = call.params['endpoint_id'] ?? ''
    const { db } = call.ctx.store
    found(await findEndpoint(db, id), 'endpoint', id)
    const projects = await findProjects(db, await projectsAssociated(db, 'endpoint', id))
    return {
      body: collection(
        call,
        'projects',
        projects.map((project) => projectFields(call, project)),
      ),
    }
  },
})

/** An unknown group has no projects: the list is empty, not missing. */
const projectsForGroup = operation({
  id: 'list_projects_associated_with_endpoint_group',
  method: 'GET',
  path: '/v3/OS-EP-FILTER/endpoint_groups/:endpoint_group_id/projects',
  policy: 'identity:list_projects_associated_with_endpoint_group',
  success: 200,
  refusals: ['unauthenticated', 'forbidden'],
  handle: async (call) => {
    const { db } = call.ctx.store
    const ids = await projectsAssociated(db, 'group', call.params['endpoint_group_id'] ?? '')
    const projects = await findProjects(db, ids)
    return {
      body: collection(
        call,
        'projects',
        projects.map((project) => projectFields(call, project)),
      ),
    }
  },
})

export const endpointAssociationOperations = [
  ...associationOperations(ENDPOINT),
  ...associationOperations(GROUP),
  endpointsForProject,
  groupsForProject,
  projectsForEndpoint,
  projectsForGroup,
]
