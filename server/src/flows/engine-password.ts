/** Passwords of an engine's accounts, set by the accounts themselves or by admins of the engine. */
import type { Context } from '../context.ts'
import { refuse } from '../core/refusal.ts'
import type { Actor } from './change.ts'
import { refuseEngine, setAccountPassword } from './engine-accounts.ts'
import { proveAccount } from './engine-login.ts'
import type { EngineCaller } from './engine-tokens.ts'

export interface NewPassword {
  /** Of the account. */
  readonly name: string
  readonly password: string
  /** Asked of who sets their own. */
  readonly currentPassword?: string | undefined
  /** Of the peer. */
  readonly address: string
  readonly requestId: string
}

/**
 * Sets a password for whoever calls: everybody their own, with the current one, and admins that of others. Refuses
 * `unauthenticated` (401207) for a wrong current one, which counts as a failed login; `forbidden` while that is locked, and
 * to others than admins; and what `setAccountPassword` does.
 */
export async function changePassword(
  ctx: Context,
  caller: Pick<EngineCaller, 'engine' | 'account' | 'roles'>,
  wanted: NewPassword,
  by: Actor,
): Promise<void> {
  const { name, password, currentPassword = '', address, requestId } = wanted
  if (name === caller.account.name) {
    const login = { name, password: currentPassword, address, requestId }
    await proveAccount(ctx, caller.engine, login).catch(asOldPassword)
  } else if (!caller.roles.includes('admin')) {
    return refuseEngine('forbidden', 'the password of somebody else')
  }
  await setAccountPassword(ctx, caller.engine, { name, password }, by)
}

function asOldPassword(error: { readonly code?: unknown }): never {
  if (error.code !== 'unauthenticated') throw error
  return refuse('unauthenticated', 'old password', { wireCode: '401207', message: 'Old password is wrong' })
}
