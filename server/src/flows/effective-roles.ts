import type { Scope } from '@tokenhouse/tokens'
import type { Context } from '../context.ts'
import { effectiveRoleIds } from '../core/assignments.ts'
import { grantsFor, rolesOf } from '../store/grants.ts'

/** Role ids a user holds on a scope now, by own grants and by groups (`groups`: beyond the stored ones), implied included. */
export async function effectiveRolesOf(
  ctx: Context,
  user: { readonly userId: string; readonly groups?: readonly string[] },
  scope: Scope,
): Promise<ReadonlySet<string>> {
  const grantee = {
    userId: user.userId,
    groups: user.groups ?? [],
    now: ctx.now(),
    defaultMembershipTtl: ctx.settings.defaultAuthorizationTtl,
  }
  const [grants, roles] = await Promise.all([grantsFor(ctx.store.db, grantee, scope), rolesOf(ctx.store)])
  return effectiveRoleIds(grants, roles.implied)
}
