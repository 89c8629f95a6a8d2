/** Rows a test needs before it begins, written straight to the store. */
import { hashPassword } from '../hashing/hash.ts'
import {
  ensureDomain,
  ensureGrant,
  ensureProject,
  ensureRole,
  ensureUser,
  setPasswordHash,
} from '../store/bootstrap.ts'
import type { House } from './house.ts'

export const PASSWORD = 'a password for tests'

/** A user with `PASSWORD` in `domainId`; gives the id. */
export async function seedUser(house: House, name: string, domainId = 'default'): Promise<string> {
  const { store, kdf, settings, now } = house.ctx
  const hash = await hashPassword(kdf, PASSWORD, settings)
  return store.write(async (tx) => {
    const id = await ensureUser(tx, name, domainId, now())
    await setPasswordHash(tx, id, hash, now())
    return id
  })
}

export function seedProject(house: House, name: string, domainId = 'default'): Promise<string> {
  return house.ctx.store.write((tx) => ensureProject(tx, name, domainId, house.ctx.now()))
}

export function seedDomain(house: House, name: string): Promise<string> {
  const id = `d-${name}`
  return house.ctx.store.write(async (tx) => {
    await ensureDomain(tx, id, name, house.ctx.now())
    return id
  })
}

/** Grants the global role of that name, made when missing, on a project, a domain or (`system`) everything. */
export function seedGrant(
  house: House,
  userId: string,
  role: string,
  target: { readonly project: string } | { readonly domain: string } | 'system',
): Promise<void> {
  return house.ctx.store.write(async (tx) => {
    const roleId = await ensureRole(tx, role)
    await ensureGrant(
      tx,
      userId,
      roleId,
      target === 'system'
        ? { kind: 'system', id: 'system' }
        : 'project' in target
          ? { kind: 'project', id: target.project }
          : { kind: 'domain', id: target.domain },
    )
  })
}
