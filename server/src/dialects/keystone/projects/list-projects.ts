import { refuse } from '../../../core/refusal.ts'
import type { Query } from '../../../http/operation.ts'
import type { Filter } from '../../../store/list.ts'
import { listProjects as listStored, type TagFilter } from '../../../store/projects.ts'
import { collection, filtersFrom, one, pageFrom } from '../collection.ts'
import { operation } from '../operation.ts'
import { MOST_TAGS, projectFields } from './project-body.ts'

const FILTERS = {
  name: { column: 'project.name' },
  domain_id: { column: 'project.domain_id' },
  parent_id: { column: 'project.parent_id' },
  enabled: { column: 'project.enabled', boolean: true },
  is_domain: { column: 'project.is_domain', boolean: true },
}

/**
 * `GET /v3/projects`. Domains are listed only when `is_domain` asks for them. Who comes with a domain as scope sees that
 * domain's projects.
 */
export const listProjects = operation({
  id: 'list_projects',
  method: 'GET',
  path: '/v3/projects',
  policy: 'identity:list_projects',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden'],
  target: (_facts, { caller }) =>
    caller.scope.kind === 'domain' ? { 'target.domain_id': caller.scope.domain.id } : {},
  handle: async (call) => {
    const { ctx, query, caller } = call
    const filters = [...filtersFrom(query, FILTERS)]
    if (query['is_domain'] === undefined) filters.push(equals('project.is_domain', 0))
    if (caller.scope.kind === 'domain') filters.push(equals('project.domain_id', caller.scope.domain.id))
    const narrowing = { filters, tags: tagsFrom(query) }
    const { items, next } = await listStored(ctx.store.db, narrowing, pageFrom(query))
    const members = items.map((project) => projectFields(call, project))
    return { body: collection(call, 'projects', members, next) }
  },
})

function equals(column: string, value: string | number): Filter {
  return { column, comparator: 'equals', value, caseSensitive: true }
}

/** Refuses to look for all of more tags than a project has: each is a condition of its own. */
function tagsFrom(query: Query): TagFilter {
  const names = (parameter: string) => one(query, parameter)?.split(',')
  const together = (parameter: string) => {
    const all = names(parameter)
    if (new Set(all).size > MOST_TAGS) refuse('bad_request', parameter, { message: 'Too many tags' })
    return all
  }
  const all = together('tags')
  const any = names('tags-any')
  const notAll = together('not-tags')
  const notAny = names('not-tags-any')
  return { ...(all && { all }), ...(any && { any }), ...(notAll && { notAll }), ...(notAny && { notAny }) }
}
