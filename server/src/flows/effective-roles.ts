import type { Scope } from '@tokenhouse/tokens'
import type { Context } from '../context.ts'
import { effectiveRoleIds } from '../core/assignments.ts'
import { grantsFor, rolesOf } from '../store/grants.ts'
import { recall, scopeKey } from './recall.ts'

/** Role ids a user holds on a scope now, by own grants and by groups (`groups`: beyond the stored ones), implied included. */
export async function effectiveRolesOf(
  ctx: Context,
  user: { readonly userId: string; readonly groups?: readonly string[] },
  scope: Scope,
): Promise<ReadonlySet<string>> {
  const { userId, groups = [] } = user
  const key = ['grants', `${userId} ${scopeKey(scope)} ${groups.join(' ')}`] as const
  const grantee = {
    userId,
    groups,
    now: ctx.now(),
    defaultMembershipTtl: ctx.settings.defaultAuthorizationTtl,
  }
  const [grants, roles] = await Promise.all([
    recall(ctx, key, () => grantsFor(ctx.store.db, grantee, scope)),
    rolesOf(ctx.store),
  ])
  return effectiveRoleIds(grants, roles.implied)
}
