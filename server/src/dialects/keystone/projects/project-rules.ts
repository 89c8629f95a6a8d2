/** What may be done to a project in the tree it stands in. Facts in, refusals out; nothing here looks anything up. */
import { refuse } from '../../../core/refusal.ts'
import type { Project } from '../../../store/projects.ts'

/** A name that Keystone keeps for users who come from elsewhere. */
const RESERVED_DOMAIN = 'federated'

function invalid(message: string): never {
  return refuse('bad_request', message, { message })
}

function denied(message: string): never {
  return refuse('forbidden', message, { message })
}

/** `domain` or `project`, as messages name it. */
export function kindOf(project: Pick<Project, 'isDomain'>): 'domain' | 'project' {
  return project.isDomain ? 'domain' : 'project'
}

export function isImmutable(project: Project): boolean {
  return project.options['immutable'] === true
}

/** A domain stands at the root and lies in no other. */
export function demandRoot(wished: {
  readonly parentId: string | null
  readonly domainId: string | null
}): void {
  if (wished.parentId !== null || wished.domainId !== null) {
    invalid('only root projects are allowed to act as domains.')
  }
}

export function demandFreeDomainName(name: string | undefined): void {
  if (name?.trim().toLowerCase() === RESERVED_DOMAIN) invalid(`Domain cannot be named ${name}`)
}

/**
 * A project may stand under `parent` in `domain`: same domain, everything above enabled, no deeper than `maxDepth`
 * projects below the domain. `above` are the projects above the parent, nearest first.
 */
export function demandPlace(
  domain: Project,
  parent: Project,
  above: readonly Project[],
  maxDepth: number,
): void {
  if (parent.isDomain && parent.id !== domain.id) {
    invalid(
      `Cannot create project, the parent (${parent.id}) is acting as a domain, but this project's domain id (${domain.id}) does not match the parent's id.`,
    )
  }
  if (!parent.isDomain && parent.domainId !== domain.id) {
    invalid(
      `Cannot create project, since it specifies its domain_id ${domain.id}, but specifies a parent in a different domain (${parent.domainId}).`,
    )
  }
  const disabled = [...above, parent].find((project) => !project.enabled)
  if (disabled) invalid(`cannot create a project in a branch containing a disabled project: ${disabled.id}`)
  if (above.length + 1 > maxDepth) denied(`Max hierarchy depth reached for ${parent.id} branch.`)
}

/** An immutable project takes one change only: that it is no longer immutable. */
export function demandMutable(project: Project, body: Readonly<Record<string, unknown>>): void {
  if (!isImmutable(project)) return
  const options = body['options'] as { readonly immutable?: boolean | null } | undefined
  const lifts = options !== undefined && 'immutable' in options && options.immutable !== true
  if (lifts && Object.keys(body).length === 1) return
  denied(
    `Unable to update immutable ${kindOf(project)} resource: \`${project.id}. Set resource option "immutable" to false first.`,
  )
}

export function demandDeletable(project: Project): void {
  if (!isImmutable(project)) return
  denied(
    `Unable to delete immutable ${kindOf(project)} resource: \`${project.id}. Set resource option "immutable" to false first.`,
  )
}

/** `verb`: what would be done to the tags (`create`, `update`, `delete`). */
export function demandMutableTags(project: Project, verb: string): void {
  if (!isImmutable(project)) return
  denied(
    `Cannot ${verb} project tags for ${project.id}, project is immutable. Set "immutable" option to false before creating project tags.`,
  )
}

export function demandEnabledAbove(project: Project, above: readonly Project[]): void {
  if (above.every((parent) => parent.enabled)) return
  denied(`Cannot enable project ${project.id} since it has disabled parents`)
}

export function demandDisabledBelow(project: Project, below: readonly Project[]): void {
  if (below.every((child) => !child.enabled)) return
  denied(`Cannot disable project ${project.id} since its subtree contains enabled projects.`)
}

export function demandLeaf(project: Project, hasChildren: boolean): void {
  if (!hasChildren) return
  denied(
    `Cannot delete the project ${project.id} since it is not a leaf in the hierarchy. Use the cascade option if you want to delete a whole subtree.`,
  )
}

/** The 409 for a name, or an id, that is taken. */
export function nameTaken(project: Pick<Project, 'id' | 'name' | 'isDomain'>): never {
  const what = project.isDomain
    ? `it is not permitted to have two projects acting as domains with the same name: ${project.name}`
    : `it is not permitted to have two projects with either the same name or same id in the same domain: name is ${project.name}, project id ${project.id}`
  const message = `Conflict occurred attempting to store project - ${what}.`
  return refuse('conflict', message, { message })
}
