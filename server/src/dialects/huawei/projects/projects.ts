/**
 * Projects and accounts as an account's people look for them: their own account always, its projects as far as they
 * reach, page by page; and a project's status (`/v3-ext`).
 */
import { Type } from 'typebox'
import { found, missing } from '../../../core/refusal.ts'
import { isInPerson } from '../../../flows/account-administration.ts'
import { projectsOfPerson } from '../../../flows/reachable-scopes.ts'
import { findDomain } from '../../../store/domains.ts'
import type { Filter } from '../../../store/list.ts'
import { findProject, listProjects, type Project, updateProject } from '../../../store/projects.ts'
import { accountOf, administers, demandAdministrator } from '../access.ts'
import { type Call, change, numberedPage, one, operation, pageOf } from '../operation.ts'

const MOST_PER_PAGE = 5000

function projectBody({ baseUrl }: Pick<Call, 'baseUrl'>, project: Project): Record<string, unknown> {
  return {
    is_domain: project.isDomain,
    description: project.description ?? '',
    links: { self: `${baseUrl}/v3/projects/${project.id}` },
    enabled: project.enabled,
    id: project.id,
    parent_id: project.parentId,
    domain_id: project.domainId,
    name: project.name,
  }
}

const linksOf = (call: Pick<Call, 'baseUrl' | 'url'>) => ({
  self: `${call.baseUrl}${call.url}`,
  previous: null,
  next: null,
})

/** Of an account, all for who administers it, else those the caller has a role on. */
async function projectsFor(
  call: Pick<Call, 'ctx' | 'caller'>,
  accountId: string,
): Promise<readonly Project[]> {
  const { ctx, caller } = call
  const { db } = ctx.store
  const inAccount: Filter = {
    column: 'project.domain_id',
    comparator: 'equals',
    value: accountId,
    caseSensitive: true,
  }
  const { scope } = caller
  // An agency of one account as a whole sees nothing of another one.
  const whole =
    caller.delegation.agency !== undefined && scope.kind === 'domain' && scope.domain.id === accountId
  if (administers(caller, accountId) || whole)
    return (await listProjects(db, { filters: [inAccount] }, {})).items
  if (isInPerson(caller)) return projectsOfPerson(ctx, caller, [inAccount])
  if (scope.kind !== 'project') return []
  const own = await findProject(db, scope.project.id)
  return own ? [own] : []
}

const list = operation({
  id: 'keystoneListProjects',
  method: 'GET',
  path: '/v3/projects',
  policy: 'authenticated',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden'],
  handle: async (call) => {
    const { query, caller } = call
    const accountId = one(query, 'domain_id') || accountOf(caller)
    if (accountId !== accountOf(caller)) demandAdministrator(caller, accountId, 'iam:projects:listProjects')
    const [name, parent, enabled] = ['name', 'parent_id', 'enabled'].map(
      (key) => one(query, key) || undefined,
    )
    const projects = (await projectsFor(call, accountId)).filter(
      (project) =>
        (name === undefined || project.name === name) &&
        (parent === undefined || project.parentId === parent) &&
        (enabled === undefined || project.enabled === (enabled.toLowerCase() !== 'false')),
    )
    const shown = pageOf(projects, numberedPage(query, MOST_PER_PAGE))
    return { body: { projects: shown.map((project) => projectBody(call, project)), links: linksOf(call) } }
  },
})

const listOwn = operation({
  id: 'keystoneListAuthProjects',
  method: 'GET',
  path: '/v3/auth/projects',
  policy: 'authenticated',
  success: 200,
  refusals: ['unauthenticated'],
  handle: async (call) => {
    const projects = (await projectsFor(call, accountOf(call.caller))).filter(({ enabled }) => enabled)
    return { body: { projects: projects.map((project) => projectBody(call, project)), links: linksOf(call) } }
  },
})

const listAccounts = operation({
  id: 'keystoneListAuthDomains',
  method: 'GET',
  path: '/v3/auth/domains',
  policy: 'authenticated',
  success: 200,
  refusals: ['unauthenticated'],
  handle: async (call) => {
    const account = await findDomain(call.ctx.store.db, accountOf(call.caller))
    const domains = account ? [account] : []
    return {
      body: {
        domains: domains.map(({ id, name, enabled, description }) => ({
          enabled,
          id,
          name,
          links: { self: `${call.baseUrl}/v3/domains/${id}` },
          description: description ?? '',
        })),
        links: linksOf(call),
      },
    }
  },
})

const extPath = '/v3-ext/projects/:project_id'
const projectId = ({ params }: Pick<Call, 'params'>): string => params['project_id'] ?? ''

const show = operation({
  id: 'showProjectDetailsAndStatus',
  method: 'GET',
  path: extPath,
  policy: 'authenticated',
  success: 200,
  refusals: ['unauthenticated', 'not_found'],
  handle: async (call) => {
    const project = await findProject(call.ctx.store.db, projectId(call))
    const seen = project?.domainId ? await projectsFor(call, project.domainId) : []
    if (!project || !seen.some(({ id }) => id === project.id)) return missing('project', projectId(call))
    const { links: _, ...shown } = projectBody(call, project)
    return { body: { project: { ...shown, status: project.enabled ? 'normal' : 'suspended' } } }
  },
})

const updateStatus = operation({
  id: 'updateProjectStatus',
  method: 'PUT',
  path: extPath,
  policy: 'authenticated',
  body: Type.Object({
    project: Type.Object({ status: Type.Union([Type.Literal('suspended'), Type.Literal('normal')]) }),
  }),
  success: 204,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const id = projectId(call)
    const { db } = call.ctx.store
    const before = await findProject(db, id)
    demandAdministrator(call.caller, before?.domainId ?? '', 'iam:projects:updateProjectStatus')
    const project = found(before?.isDomain ? undefined : before, 'project', id)
    const enabled = call.body.project.status === 'normal'
    if (project.enabled === enabled) return {}
    await change(call, `project:${id}`, (tx) =>
      updateProject(tx, id, enabled ? { enabled } : { enabled, voidTokensAt: call.ctx.now() }),
    )
    return {}
  },
})

export const projectOperations = [list, listOwn, listAccounts, show, updateStatus]
