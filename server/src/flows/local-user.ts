import type { Context } from '../context.ts'
import { refuse } from '../core/refusal.ts'
import { hashPassword } from '../methods/password/hash.ts'
import { ensureUser, setPasswordHash } from '../store/bootstrap.ts'
import { findUser } from '../store/identity.ts'
import { type Actor, change } from './change.ts'

/**
 * Makes a user with a password; gives the id. Refuses `conflict` when the domain has a user of that name, `bad_request`
 * for a password that cannot be one.
 */
export async function createLocalUser(
  ctx: Context,
  by: Actor,
  user: { readonly name: string; readonly domainId: string; readonly password: string },
): Promise<string> {
  const { name, domainId, password } = user
  const hash = await hashPassword(ctx.kdf, password, ctx.settings)
  const now = ctx.now()
  return change(ctx, by, `user:${name}`, async (tx) => {
    if (await findUser(tx, { name, domain: { id: domainId } })) {
      return refuse('conflict', `user ${name} exists in domain ${domainId}`)
    }
    const id = await ensureUser(tx, name, domainId, now)
    await setPasswordHash(tx, id, hash, now)
    return id
  })
}

/** Gives a user a new password; tokens issued before are void. Refuses `bad_request` for one that cannot be a password. */
export async function setUserPassword(
  ctx: Context,
  by: Actor,
  userId: string,
  password: string,
): Promise<void> {
  const hash = await hashPassword(ctx.kdf, password, ctx.settings)
  await change(ctx, by, `user:${userId}`, (tx) => setPasswordHash(tx, userId, hash, ctx.now()))
}
