import type { Context } from '../../../context.ts'
import { found, refuse } from '../../../core/refusal.ts'
import { findImmutableProject, removeDomain } from '../../../store/domains.ts'
import { findProject, hasChildren, holdProject, type Project } from '../../../store/projects.ts'
import { removeProjects } from '../../../store/removal.ts'
import type { Db } from '../../../store/store.ts'
import { change, operation } from '../operation.ts'
import { projectTarget } from './project-body.ts'
import { demandDeletable, demandLeaf } from './project-rules.ts'

/** `DELETE /v3/projects/{project_id}`: a leaf, with everything that hangs on it; or a disabled domain. */
export const deleteProject = operation({
  id: 'delete_project',
  method: 'DELETE',
  path: '/v3/projects/:project_id',
  policy: 'identity:delete_project',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  load: ({ ctx, params }) => findProject(ctx.store.db, params['project_id'] ?? ''),
  target: projectTarget,
  handle: async (call) => {
    const id = call.params['project_id'] ?? ''
    await change(call, `project:${id}`, async (tx) => {
      const project = found(await holdProject(tx, id), 'project', id)
      if (project.isDomain) return deleteWholeDomain(tx, project, call.ctx)
      demandDeletable(project)
      demandLeaf(project, await hasChildren(tx, id))
      await removeProjects(tx, [id], call.ctx.now())
    })
    return {}
  },
})

/**
 * Removes a domain and all that is in it. Refuses when it is enabled, when it or a project in it is immutable, and for
 * the default domain: what names no domain lives there, this server's first administrator too.
 */
export async function deleteWholeDomain(tx: Db, domain: Project, ctx: Context): Promise<void> {
  demandDeletable(domain)
  if (domain.enabled) {
    const message = 'Cannot delete a domain that is enabled, please disable it first.'
    refuse('forbidden', 'domain is enabled', { message })
  }
  if (domain.id === ctx.settings.defaultDomain) {
    refuse('forbidden', 'default domain', { message: 'Cannot delete the default domain.' })
  }
  const immutable = await findImmutableProject(tx, domain.id)
  if (immutable !== undefined) {
    demandDeletable(found(await findProject(tx, immutable), 'project', immutable))
  }
  await removeDomain(tx, domain.id, ctx.now())
}
