import { randomBytes } from 'node:crypto'
import type { Context } from '../context.ts'
import { ACCOUNT_ROLES } from '../core/account-roles.ts'
import { hashPassword } from '../hashing/hash.ts'
import { createFirstKeys, refuseOtherRootKey } from '../keys.ts'
import * as rows from '../store/bootstrap.ts'
import { rolesOf } from '../store/grants.ts'
import { listSealedKeys } from '../store/sealed-keys.ts'
import { change } from './change.ts'

export interface Bootstrapped {
  /** The admin's password when this call made it, null when it was already set. */
  readonly password: string | null
}

/**
 * The first rows of a new house: domain `default`, project and user `admin`, the roles admin ⊃ manager ⊃ member ⊃ reader
 * and `service`, the admin's grants, region, identity service and endpoints at `identityUrl`, and the keys. Changes
 * nothing that is there; a given `password` replaces the admin's only on the very first call or with `reset`. Refuses when
 * another process with another root key was first.
 */
export async function bootstrap(
  ctx: Context,
  options: { readonly password?: string | undefined; readonly identityUrl: string; readonly reset?: boolean },
): Promise<Bootstrapped> {
  const first = !(await rows.isBootstrapped(ctx.store.db))
  const password = first || options.reset ? (options.password ?? randomBytes(18).toString('base64url')) : null
  const hash = password === null ? null : await hashPassword(ctx.kdf, password, ctx.settings)
  const now = ctx.now()
  const by = { session: null, action: 'bootstrap', requestId: '' }
  let made = false
  await change(ctx, by, 'domain:default', async (tx) => {
    // Another process may have been first meanwhile. Its row is waited for here.
    made = await rows.ensureDomain(tx, 'default', 'Default', now)
    const projectId = await rows.ensureProject(tx, 'admin', 'default', now)
    const userId = await rows.ensureUser(tx, 'admin', 'default', now)
    if (hash !== null && (made || options.reset)) await rows.setPasswordHash(tx, userId, hash, now)
    const chain = ['admin', 'manager', 'member', 'reader']
    const ids: string[] = []
    for (const name of chain) ids.push(await rows.ensureRole(tx, name))
    await rows.ensureRole(tx, 'service')
    for (const { name, description } of ACCOUNT_ROLES) await rows.ensureRole(tx, name, { description })
    for (const [index, id] of ids.entries()) {
      const next = ids[index + 1]
      if (next !== undefined) await rows.ensureImplied(tx, id, next)
    }
    const [admin = ''] = ids
    await rows.ensureGrant(tx, userId, admin, { kind: 'project', id: projectId })
    await rows.ensureGrant(tx, userId, admin, { kind: 'domain', id: 'default' })
    await rows.ensureGrant(tx, userId, admin, { kind: 'system', id: 'system' })
    await rows.ensureIdentityService(tx, ctx.settings.region, options.identityUrl)
    await createFirstKeys(tx, ctx.keys, now)
  })
  refuseOtherRootKey(ctx.keys, await listSealedKeys(ctx.store.db), ctx.settings.rootKeyFile)
  return { password: made || options.reset ? password : null }
}

/**
 * Makes what a house set up by an earlier release does not have yet: the roles of accounts. Changes nothing when they
 * are there.
 */
export async function completeHouse(ctx: Context): Promise<void> {
  const { byId } = await rolesOf(ctx.store)
  const there = new Set([...byId.values()].filter((role) => role.domainId === '').map((role) => role.name))
  if (ACCOUNT_ROLES.every(({ name }) => there.has(name))) return
  const by = { session: null, action: 'bootstrap', requestId: '' }
  await change(ctx, by, 'domain:default', async (tx) => {
    for (const { name, description } of ACCOUNT_ROLES) await rows.ensureRole(tx, name, { description })
  })
}
