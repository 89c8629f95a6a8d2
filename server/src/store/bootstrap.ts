/** Rows of a new house. Each function writes what is missing and leaves what is there. */
import { newId } from './ids.ts'
import type { Db } from './store.ts'
import { afterAllIssued } from './void-tokens.ts'

export async function isBootstrapped(db: Db): Promise<boolean> {
  const row = await db.selectFrom('project').select('id').where('id', '=', 'default').executeTakeFirst()
  return row !== undefined
}

/** Whether it was missing; waits for a process that is making it. */
export async function ensureDomain(tx: Db, id: string, name: string, now: number): Promise<boolean> {
  const { numInsertedOrUpdatedRows: made } = await tx
    .insertInto('project')
    .values({
      ...projectRow(now),
      id,
      name,
      description: 'The default domain',
      domain_id: '',
      parent_id: null,
      is_domain: 1,
    })
    .onConflict((c) => c.doNothing())
    .executeTakeFirstOrThrow()
  return made === 1n
}

/** The id of the project of that name in the domain, made when missing. */
export async function ensureProject(tx: Db, name: string, domainId: string, now: number): Promise<string> {
  const there = await tx
    .selectFrom('project')
    .select('id')
    .where('domain_id', '=', domainId)
    .where('name', '=', name)
    .executeTakeFirst()
  if (there) return there.id
  const id = newId()
  await tx
    .insertInto('project')
    .values({ ...projectRow(now), id, name, domain_id: domainId, parent_id: domainId, is_domain: 0 })
    .execute()
  return id
}

function projectRow(now: number) {
  return {
    description: 'Bootstrap project for initializing the cloud.',
    enabled: 1 as const,
    options: '{}',
    extra: '{}',
    tokens_valid_from: 0,
    created_at: now,
  }
}

/** The id of the user of that name in the domain, made when missing. */
export async function ensureUser(tx: Db, name: string, domainId: string, now: number): Promise<string> {
  const there = await tx
    .selectFrom('user')
    .select('id')
    .where('domain_id', '=', domainId)
    .where('name', '=', name)
    .where('kind', '=', 'local')
    .executeTakeFirst()
  if (there) return there.id
  const id = newId()
  await tx
    .insertInto('user')
    .values({
      id,
      name,
      domain_id: domainId,
      kind: 'local',
      enabled: 1,
      default_project_id: null,
      options: '{}',
      extra: '{}',
      tokens_valid_from: 0,
      created_at: now,
      last_active_at: null,
      failed_auth_count: 0,
      failed_auth_at: 0,
    })
    .execute()
  return id
}

/** Makes `hash` the user's current password; tokens issued so far are void when there was one before. */
export async function setPasswordHash(tx: Db, userId: string, hash: string, now: number): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('password')
    .set({ expires_at: now })
    .where('user_id', '=', userId)
    .executeTakeFirst()
  await tx
    .insertInto('password')
    .values({ id: newId(), user_id: userId, hash, self_service: 0, created_at: now, expires_at: null })
    .execute()
  if (numUpdatedRows > 0n) {
    await tx
      .updateTable('user')
      .set({ tokens_valid_from: afterAllIssued(now) })
      .where('id', '=', userId)
      .execute()
  }
}

/** The id of the global role of that name, made (immutable, as Keystone's bootstrap does) when missing. */
export async function ensureRole(
  tx: Db,
  name: string,
  shown: { readonly description?: string; readonly extra?: Readonly<Record<string, unknown>> } = {},
): Promise<string> {
  const there = await tx
    .selectFrom('role')
    .select('id')
    .where('name', '=', name)
    .where('domain_id', '=', '')
    .executeTakeFirst()
  if (there) return there.id
  const id = newId()
  await tx
    .insertInto('role')
    .values({
      id,
      name,
      domain_id: '',
      description: shown.description ?? null,
      options: '{"immutable":true}',
      extra: JSON.stringify(shown.extra ?? {}),
    })
    .execute()
  return id
}

export async function ensureImplied(tx: Db, prior: string, implied: string): Promise<void> {
  await tx
    .insertInto('implied_role')
    .values({ prior_role_id: prior, implied_role_id: implied })
    .onConflict((c) => c.doNothing())
    .execute()
}

export async function ensureGrant(
  tx: Db,
  userId: string,
  roleId: string,
  target: { readonly kind: 'project' | 'domain' | 'system'; readonly id: string },
): Promise<void> {
  await tx
    .insertInto('assignment')
    .values({
      actor_kind: 'user',
      actor_id: userId,
      target_kind: target.kind,
      target_id: target.id,
      role_id: roleId,
      inherited: 0,
    })
    .onConflict((c) => c.doNothing())
    .execute()
}

/** Region, identity service and its three endpoints at `url`, when missing. */
export async function ensureIdentityService(tx: Db, region: string, url: string): Promise<void> {
  await tx
    .insertInto('region')
    .values({ id: region, description: '', parent_region_id: null, extra: '{}' })
    .onConflict((c) => c.doNothing())
    .execute()
  const there = await tx.selectFrom('service').select('id').where('type', '=', 'identity').executeTakeFirst()
  if (there) return
  const serviceId = newId()
  await tx
    .insertInto('service')
    .values({ id: serviceId, type: 'identity', name: 'keystone', description: null, enabled: 1, extra: '{}' })
    .execute()
  for (const face of ['public', 'internal', 'admin']) {
    await tx
      .insertInto('endpoint')
      .values({
        id: newId(),
        service_id: serviceId,
        region_id: region,
        interface: face,
        url,
        enabled: 1,
        extra: '{}',
      })
      .execute()
  }
}
