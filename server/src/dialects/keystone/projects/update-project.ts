import { type Static, Type } from 'typebox'
import { found, refuse } from '../../../core/refusal.ts'
import {
  findProject,
  holdProject,
  type Project,
  type ProjectChange,
  projectsAbove,
  projectsBelow,
  updateProject as updateStored,
} from '../../../store/projects.ts'
import type { Db } from '../../../store/store.ts'
import { isUniqueViolation } from '../../../store/unique.ts'
import { change, operation, renaming } from '../operation.ts'
import {
  extraOf,
  Name,
  optionsAfter,
  projectAttributes,
  projectFields,
  projectTarget,
} from './project-body.ts'
import {
  demandDisabledBelow,
  demandEnabledAbove,
  demandFreeDomainName,
  demandMutable,
  nameTaken,
} from './project-rules.ts'

const Changed = Type.Object(
  { ...projectAttributes, name: Type.Optional(Name) },
  { additionalProperties: true, minProperties: 1 },
)
const Body = Type.Object({ project: Changed })

/** What a body may change in a project or domain. */
export type Wished = Static<typeof Changed>

/** `PATCH /v3/projects/{project_id}`. Its place (domain, parent, being a domain) cannot be changed. */
export const updateProject = operation({
  id: 'update_project',
  ...renaming,
  path: '/v3/projects/:project_id',
  policy: 'identity:update_project',
  body: Body,
  load: ({ ctx, params }) => findProject(ctx.store.db, params['project_id'] ?? ''),
  target: projectTarget,
  handle: async (call) => {
    const id = call.params['project_id'] ?? ''
    const wished = call.body.project
    demandSameId(wished, id)
    const project = await change(call, `project:${id}`, async (tx) => {
      const before = found(await holdProject(tx, id), 'project', id)
      demandSamePlace(before, wished)
      demandMutable(before, wished)
      return applyWished(tx, before, wished, call.ctx.now())
    })
    // Keystone repeats the extra attributes here, and only here.
    return { body: { project: projectFields(call, project, { extra: project.extra }) } }
  },
})

function demandSameId(wished: Wished, id: string): void {
  const given = (wished as { readonly id?: unknown }).id
  if (given === undefined || given === null || given === id) return
  refuse('bad_request', 'id in the body', { message: 'Cannot change ID' })
}

function demandSamePlace(before: Project, wished: Wished): void {
  if (wished.domain_id !== undefined && wished.domain_id !== before.domainId) {
    refuse('bad_request', 'domain_id changed', { message: 'Cannot change Domain ID' })
  }
  if (wished.parent_id !== undefined && wished.parent_id !== before.parentId) {
    refuse('forbidden', 'parent_id changed', { message: 'Update of `parent_id` is not allowed.' })
  }
  if (wished.is_domain !== undefined && wished.is_domain !== before.isDomain) {
    refuse('bad_request', 'is_domain changed', { message: 'Update of `is_domain` is not allowed.' })
  }
}

/**
 * Carries out what is wished of `before`, which the transaction holds; gives the project as it is afterwards. Tokens of
 * a project that is disabled are void from this moment.
 */
export async function applyWished(tx: Db, before: Project, wished: Wished, now: number): Promise<Project> {
  const { name, description, enabled, tags, options } = wished
  if (before.isDomain) demandFreeDomainName(name)
  if (enabled === true && !before.enabled) demandEnabledAbove(before, await projectsAbove(tx, before.id))
  const disables = enabled === false && before.enabled
  // Disabling a domain disables all that is in it; a project's subtree has to be disabled first.
  if (disables && !before.isDomain) demandDisabledBelow(before, await projectsBelow(tx, before.id))
  const changes: ProjectChange = {
    ...(name === undefined ? {} : { name: name === before.name ? name : name.trim() }),
    ...(description === undefined ? {} : { description }),
    ...(enabled === undefined ? {} : { enabled }),
    ...(tags === undefined ? {} : { tags }),
    options: optionsAfter(before.options, options),
    extra: { ...before.extra, ...extraOf(wished) },
  }
  try {
    await updateStored(tx, before.id, { ...changes, ...(disables ? { voidTokensAt: now } : {}) })
  } catch (error) {
    if (isUniqueViolation(error)) return nameTaken({ ...before, ...changes })
    throw error
  }
  return { ...before, ...changes }
}
