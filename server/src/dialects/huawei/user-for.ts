/** The user that a call is about, for themself or their account's administrator. */
import { missing, refuse } from '../../core/refusal.ts'
import { cloudPowersOf, isCloudAdmin } from '../../flows/account-administration.ts'
import { findUserById, type User } from '../../store/users.ts'
import { accountOf, administers, demandAdministrator, demandSelfOrAdministrator } from './access.ts'
import type { Call } from './operation.ts'

/**
 * `read`: themself or the administrator, `change`: the administrator, `own`: a change by either. One of the cloud's own is
 * nobody else's to change. Refuses `forbidden`, and `not_found` only to who may know.
 */
export async function userFor(
  { ctx, caller }: Pick<Call, 'ctx' | 'caller'>,
  id: string,
  action: string,
  kind: 'read' | 'change' | 'own',
): Promise<User> {
  const user = await findUserById(ctx.store.db, id)
  const accountId = user?.domainId ?? ''
  if (kind === 'change') demandAdministrator(caller, accountId, action)
  else demandSelfOrAdministrator(caller, { userId: id, accountId }, action)
  const powers = kind === 'read' ? undefined : await cloudPowersOf(ctx.store)
  if (powers?.actors.has(id) && caller.user.id !== id && !isCloudAdmin(caller)) {
    refuse('forbidden', `${action} on one of the cloud’s own`, { rule: action })
  }
  return user ?? missing('user', id)
}

/** The same as the v5 API answers it: to an administrator a user of another account is not there, as one who is not. */
export async function ownUser(
  call: Pick<Call, 'ctx' | 'caller'>,
  id: string,
  action: string,
  kind: 'read' | 'change',
): Promise<User> {
  const { caller } = call
  const user = await findUserById(call.ctx.store.db, id)
  if (user && (administers(caller, user.domainId) || caller.user.id === id)) {
    return userFor(call, id, action, kind)
  }
  demandAdministrator(caller, accountOf(caller), action)
  return missing('user', id)
}
