/**
 * Where the owner of a session may go with it. A session that stands on a delegation is tied to the scope it was given:
 * it sees that one and no other, whatever else its user may reach.
 */
import type { Context } from '../context.ts'
import { effectiveRoleIds, withImplied } from '../core/assignments.ts'
import { isDelegated, type Session } from '../core/session.ts'
import { findDomain } from '../store/domains.ts'
import { type Grantee, grantsFor, type Roles, rolesOf } from '../store/grants.ts'
import type { Filter } from '../store/list.ts'
import { findProject, type Project } from '../store/projects.ts'
import { listReachableDomains, listReachableProjects } from '../store/reachable-scopes.ts'

/** Projects the session's user could have a token for. With `aliveOnly`, none that is disabled or in a disabled domain. */
export async function reachableProjects(
  ctx: Context,
  session: Session,
  options: { readonly aliveOnly: boolean },
): Promise<readonly Project[]> {
  const { db } = ctx.store
  const { scope } = session
  if (isDelegated(session)) {
    return scope.kind === 'project' ? listed(await findProject(db, scope.project.id)) : []
  }
  return listReachableProjects(db, { ...(await reachOf(ctx, granteeOf(ctx, session))), ...options })
}

/** Projects a user holds a role on, disabled ones too, whoever asks; `filters` on columns of `project`, qualified. */
export async function projectsOfUser(
  ctx: Context,
  userId: string,
  filters: readonly Filter[],
): Promise<readonly Project[]> {
  const grantee = {
    userId,
    groups: [],
    now: ctx.now(),
    defaultMembershipTtl: ctx.settings.defaultAuthorizationTtl,
  }
  const reach = await reachOf(ctx, grantee)
  return listReachableProjects(ctx.store.db, { ...reach, filters, aliveOnly: false })
}

/** The same for who is sure to act in person: with the groups of their sign-in, by a key of their own too. */
export async function projectsOfPerson(
  ctx: Context,
  session: Session,
  filters: readonly Filter[],
): Promise<readonly Project[]> {
  const reach = await reachOf(ctx, granteeOf(ctx, session))
  return listReachableProjects(ctx.store.db, { ...reach, filters, aliveOnly: false })
}

/** Domains the session's user could have a token for. */
export async function reachableDomains(ctx: Context, session: Session): Promise<readonly Project[]> {
  const { db } = ctx.store
  const { scope } = session
  if (isDelegated(session)) {
    return scope.kind === 'domain' ? listed(await findDomain(db, scope.domain.id)) : []
  }
  return listReachableDomains(db, { ...(await reachOf(ctx, granteeOf(ctx, session))), aliveOnly: true })
}

export async function reachesSystem(ctx: Context, session: Session): Promise<boolean> {
  if (isDelegated(session)) return session.scope.kind === 'system'
  const roles = await rolesOf(ctx.store)
  const grants = await grantsFor(ctx.store.db, granteeOf(ctx, session), { kind: 'system' })
  return reachesToken(effectiveRoleIds(grants, roles.implied), roles)
}

async function reachOf(ctx: Context, grantee: Grantee) {
  const roles = await rolesOf(ctx.store)
  const without = [...roles.byId.keys()].filter(
    (id) => !reachesToken(withImplied([id], roles.implied), roles),
  )
  return { grantee, without }
}

/** A role of a domain never appears in a token, only the global ones that it implies do. */
function reachesToken(ids: ReadonlySet<string>, roles: Roles): boolean {
  return [...ids].some((id) => roles.byId.get(id)?.domainId === '')
}

function granteeOf(ctx: Context, session: Session): Grantee {
  return {
    userId: session.user.id,
    groups: session.delegation.federation?.groups.map((group) => group.id) ?? [],
    now: ctx.now(),
    defaultMembershipTtl: ctx.settings.defaultAuthorizationTtl,
  }
}

function listed(project: Project | undefined): readonly Project[] {
  return project ? [project] : []
}
