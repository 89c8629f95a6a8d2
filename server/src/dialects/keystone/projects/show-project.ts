import { found, refuse } from '../../../core/refusal.ts'
import { reachableProjects } from '../../../flows/reachable-scopes.ts'
import type { Query } from '../../../http/operation.ts'
import {
  findProject,
  limitsOfProjects,
  type Project,
  type ProjectLimit,
  projectsAbove,
  projectsBelow,
} from '../../../store/projects.ts'
import { flag } from '../collection.ts'
import { type Call, operation } from '../operation.ts'
import { projectFields, projectTarget } from './project-body.ts'

/**
 * `GET /v3/projects/{project_id}`; with `parents_as_list`, `parents_as_ids`, `subtree_as_list`, `subtree_as_ids` its place
 * in the tree. The lists hold what the caller has a role on, the ids all there is. `include_limits` adds their limits.
 */
export const showProject = operation({
  id: 'get_project',
  method: 'GET',
  path: '/v3/projects/:project_id',
  policy: 'identity:get_project',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  load: ({ ctx, params }) => findProject(ctx.store.db, params['project_id'] ?? ''),
  target: projectTarget,
  handle: async (call, loaded) => {
    const project = found(loaded, 'project', call.params['project_id'] ?? '')
    return { body: { project: projectFields(call, project, await expansionOf(call, project)) } }
  },
})

async function expansionOf(call: Call, project: Project): Promise<object> {
  const { ctx, query } = call
  demandOne(query, 'parents')
  demandOne(query, 'subtree')
  const wants = (name: string) => flag(query, name)
  const above =
    wants('parents_as_list') || wants('parents_as_ids') ? await projectsAbove(ctx.store.db, project.id) : []
  const below =
    wants('subtree_as_list') || wants('subtree_as_ids') ? await projectsBelow(ctx.store.db, project.id) : []
  const show = await shower(call, [...above, ...below])
  return {
    ...(wants('parents_as_list') ? { parents: show(above) } : {}),
    ...(wants('parents_as_ids') ? { parents: idsAbove(above) } : {}),
    ...(wants('subtree_as_list') ? { subtree: show(below) } : {}),
    ...(wants('subtree_as_ids') ? { subtree: idsBelow(project.id, below) } : {}),
  }
}

function demandOne(query: Query, what: 'parents' | 'subtree'): void {
  if (!flag(query, `${what}_as_list`) || !flag(query, `${what}_as_ids`)) return
  const message = `Cannot use ${what}_as_list and ${what}_as_ids query params at the same time.`
  refuse('bad_request', message, { message })
}

/** Shows those of a list that the caller may see, with their limits when these are asked for. */
async function shower(call: Call, candidates: readonly Project[]) {
  const { ctx, caller, query } = call
  const listing = flag(query, 'parents_as_list') || flag(query, 'subtree_as_list')
  if (!listing || candidates.length === 0) return () => []
  const reachable = new Set((await reachableProjects(ctx, caller, { aliveOnly: false })).map((p) => p.id))
  const visible = candidates.filter((project) => reachable.has(project.id))
  const withLimits = flag(query, 'include_limits')
  const ids = visible.map((project) => project.id)
  const limits = withLimits ? await limitsOfProjects(ctx.store.db, ids) : []
  return (list: readonly Project[]) =>
    list
      .filter((project) => reachable.has(project.id))
      .map((project) => {
        const own = limits.filter((limit) => limit.projectId === project.id).map(limitFields)
        return { project: projectFields(call, project, withLimits ? { limits: own } : {}) }
      })
}

function limitFields(limit: ProjectLimit) {
  return {
    id: limit.id,
    project_id: limit.projectId,
    domain_id: null,
    service_id: limit.serviceId,
    region_id: limit.regionId,
    resource_name: limit.resourceName,
    resource_limit: limit.resourceLimit,
    description: limit.description,
  }
}

type Nested = { readonly [id: string]: Nested } | null

/** `{parent: {grandparent: {domain: null}}}` */
function idsAbove(above: readonly Project[]): Nested {
  return above.reduceRight<Nested>((higher, project) => ({ [project.id]: higher }), null)
}

/** `{child: {grandchild: null}}`, null for a leaf. */
function idsBelow(id: string, below: readonly Project[]): Nested {
  const children = Map.groupBy(below, (project) => project.parentId)
  const nested = (parent: string): Nested => {
    const own = children.get(parent)
    return own ? Object.fromEntries(own.map((child) => [child.id, nested(child.id)])) : null
  }
  return nested(id)
}
