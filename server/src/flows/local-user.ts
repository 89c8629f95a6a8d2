import type { Context } from '../context.ts'
import { refuse } from '../core/refusal.ts'
import { findUser } from '../store/identity.ts'
import { newId } from '../store/ids.ts'
import { insertPassword } from '../store/passwords.ts'
import { insertUser } from '../store/users.ts'
import { type Actor, change } from './change.ts'
import { newPassword, storePassword } from './passwords.ts'

/**
 * Makes a user with a password; gives the id. Refuses `conflict` when the domain has a user of that name, `bad_request`
 * for a password that cannot be one or that the house does not allow.
 */
export async function createLocalUser(
  ctx: Context,
  by: Actor,
  user: { readonly name: string; readonly domainId: string; readonly password: string },
): Promise<string> {
  const { name, domainId } = user
  const password = await newPassword(ctx, user.password, { by: 'other', options: {}, of: { name, domainId } })
  const id = newId()
  await change(ctx, by, `user:${id}`, async (tx) => {
    if (await findUser(tx, { name, domain: { id: domainId } })) {
      refuse('conflict', `user ${name} exists in domain ${domainId}`)
    }
    const now = ctx.now()
    const empty = { enabled: true, defaultProjectId: null, options: {}, extra: {} }
    await insertUser(tx, { id, name, domainId, ...empty }, now)
    await insertPassword(tx, id, password, now)
  })
  return id
}

/**
 * Gives a user a new password; tokens issued before are void. Refuses `bad_request` for one that cannot be a password or
 * that the house does not allow, and for a user who signs in elsewhere.
 */
export async function setUserPassword(
  ctx: Context,
  by: Actor,
  userId: string,
  password: string,
): Promise<void> {
  const user = await findUser(ctx.store.db, { id: userId })
  if (user?.kind !== 'local') refuse('bad_request', `user ${userId} is no local user`)
  const stored = await newPassword(ctx, password, {
    by: 'other',
    options: user.options,
    of: { name: user.name, domainId: user.domain.id },
  })
  await change(ctx, by, `user:${userId}`, (tx) => storePassword(ctx, tx, userId, stored))
}
