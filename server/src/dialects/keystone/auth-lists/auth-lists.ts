/**
 * What a caller may do next (Identity API v3, "Authentication and token management"): the scopes they could ask a token
 * for, and the catalog of the one they have. Every valid token may ask; each line is its owner's own.
 */
import { refuse } from '../../../core/refusal.ts'
import { reachableDomains, reachableProjects, reachesSystem } from '../../../flows/reachable-scopes.ts'
import { catalogOf } from '../../../store/catalog.ts'
import { collection, selfLink } from '../collection.ts'
import { domainFields } from '../domains/domains.ts'
import { operation } from '../operation.ts'
import { projectFields } from '../projects/project-body.ts'
import type { IssueOptions } from '../tokens/issue.ts'
import { catalogFields } from '../tokens/token-body.ts'

/** Projects with a role of the caller's, enabled and in an enabled domain: those a token can be had for. */
const listAuthProjects = (id: string, path: string) =>
  operation({
    id,
    method: 'GET',
    path,
    policy: 'identity:get_auth_projects',
    success: 200,
    refusals: ['unauthenticated'],
    handle: async (call) => {
      const projects = await reachableProjects(call.ctx, call.caller, { aliveOnly: true })
      const members = projects.map((project) => projectFields(call, project))
      return { body: collection(call, 'projects', members) }
    },
  })

const listAuthDomains = (id: string, path: string) =>
  operation({
    id,
    method: 'GET',
    path,
    policy: 'identity:get_auth_domains',
    success: 200,
    refusals: ['unauthenticated'],
    handle: async (call) => {
      const domains = await reachableDomains(call.ctx, call.caller)
      const members = domains.map((domain) => domainFields(call, domain))
      return { body: collection(call, 'domains', members) }
    },
  })

const listAuthSystem = operation({
  id: 'get_auth_system',
  method: 'GET',
  path: '/v3/auth/system',
  policy: 'identity:get_auth_system',
  success: 200,
  refusals: ['unauthenticated'],
  handle: async (call) => {
    const system = (await reachesSystem(call.ctx, call.caller)) ? [{ all: true }] : []
    return { body: { system, links: selfLink(call, 'auth/system') } }
  },
})

/** The catalog of tokens, which a token of an account as a whole has too where scopes are accounts' own (Huawei Cloud). */
const showAuthCatalog = ({ accountScopes, style }: Pick<IssueOptions, 'accountScopes' | 'style'>) =>
  operation({
    id: 'get_auth_catalog',
    method: 'GET',
    path: '/v3/auth/catalog',
    policy: 'identity:get_auth_catalog',
    success: 200,
    refusals: ['unauthenticated', 'forbidden'],
    handle: async (call) => {
      const { kind } = call.caller.scope
      if (kind !== 'project' && !(accountScopes && kind === 'domain'))
        return refuse('forbidden', 'a catalog is a project-scoped token’s')
      const catalog = catalogFields(await catalogOf(call.ctx.store), call.caller, style.anyRegion)
      return { body: { catalog, links: selfLink(call, 'auth/catalog') } }
    },
  })

export const authListOperations = (options: Pick<IssueOptions, 'accountScopes' | 'style'>) => [
  listAuthProjects('get_auth_projects', '/v3/auth/projects'),
  listAuthDomains('get_auth_domains', '/v3/auth/domains'),
  listAuthSystem,
  showAuthCatalog(options),
  // The same lists under the paths they had before (OS-FEDERATION).
  listAuthProjects('get_federation_projects', '/v3/OS-FEDERATION/projects'),
  listAuthDomains('get_federation_domains', '/v3/OS-FEDERATION/domains'),
]
