/** Application credentials and the access rules they may carry. */
import type { AccessRuleFacts } from '../core/session.ts'
import { newId } from './ids.ts'
import type { Filter } from './list.ts'
import { narrowed } from './list.ts'
import type { ApplicationCredentialRow, Flag } from './schema.ts'
import type { Db } from './store.ts'

export interface ApplicationCredentialRecord {
  readonly id: string
  readonly userId: string
  readonly projectId: string
  readonly name: string
  readonly description: string | null
  readonly secretHash: string
  /** null when its creator did not say: restricted. */
  readonly unrestricted: boolean | null
  /** Microseconds. */
  readonly expiresAt: number | null
  readonly roleIds: readonly string[]
  /** null when it carries none. */
  readonly accessRules: readonly AccessRuleFacts[] | null
}

export async function findApplicationCredential(
  db: Db,
  id: string,
): Promise<ApplicationCredentialRecord | undefined> {
  const row = await db
    .selectFrom('application_credential')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  return row && (await withParts(db, [row]))[0]
}

/** A user's credential by its name. */
export async function findApplicationCredentialByName(
  db: Db,
  userId: string,
  name: string,
): Promise<ApplicationCredentialRecord | undefined> {
  const row = await db
    .selectFrom('application_credential')
    .selectAll()
    .where('user_id', '=', userId)
    .where('name', '=', name)
    .executeTakeFirst()
  return row && (await withParts(db, [row]))[0]
}

export async function listApplicationCredentials(
  db: Db,
  userId: string,
  filters: readonly Filter[],
): Promise<readonly ApplicationCredentialRecord[]> {
  const query = db
    .selectFrom('application_credential')
    .selectAll()
    .where('user_id', '=', userId)
    .orderBy('id')
  return withParts(db, await narrowed(query, filters).execute())
}

async function withParts(
  db: Db,
  rows: readonly ApplicationCredentialRow[],
): Promise<readonly ApplicationCredentialRecord[]> {
  if (rows.length === 0) return []
  const ids = rows.map((row) => row.id)
  const [roles, rules] = await Promise.all([
    db
      .selectFrom('application_credential_role')
      .selectAll()
      .where('application_credential_id', 'in', ids)
      .orderBy('role_id')
      .execute(),
    db
      .selectFrom('application_credential_access_rule as l')
      .innerJoin('access_rule as r', 'r.id', 'l.access_rule_id')
      .select(['l.application_credential_id', 'r.id', 'r.service', 'r.path', 'r.method'])
      .where('l.application_credential_id', 'in', ids)
      .orderBy('r.id')
      .execute(),
  ])
  return rows.map((row) => {
    const own = rules
      .filter((rule) => rule.application_credential_id === row.id)
      .map(({ id, service, path, method }) => ({ id, service, path, method }))
    return {
      id: row.id,
      userId: row.user_id,
      projectId: row.project_id,
      name: row.name,
      description: row.description,
      secretHash: row.secret_hash,
      unrestricted: row.unrestricted === null ? null : row.unrestricted === 1,
      expiresAt: row.expires_at,
      roleIds: roles.filter((r) => r.application_credential_id === row.id).map((r) => r.role_id),
      accessRules: own.length > 0 ? own : null,
    }
  })
}

/** Fails as `isUniqueViolation` when the user has one of that name. */
export async function insertApplicationCredential(
  tx: Db,
  credential: ApplicationCredentialRecord,
  now: number,
): Promise<void> {
  const unrestricted: Flag | null = credential.unrestricted === null ? null : credential.unrestricted ? 1 : 0
  const { id } = credential
  await tx
    .insertInto('application_credential')
    .values({
      id,
      user_id: credential.userId,
      project_id: credential.projectId,
      name: credential.name,
      description: credential.description,
      secret_hash: credential.secretHash,
      unrestricted,
      expires_at: credential.expiresAt,
      created_at: now,
    })
    .execute()
  for (const role_id of credential.roleIds) {
    await tx
      .insertInto('application_credential_role')
      .values({ application_credential_id: id, role_id })
      .execute()
  }
  for (const rule of credential.accessRules ?? []) {
    await tx
      .insertInto('application_credential_access_rule')
      .values({ application_credential_id: id, access_rule_id: rule.id })
      .onConflict((c) => c.doNothing())
      .execute()
  }
}

export async function deleteApplicationCredential(tx: Db, id: string): Promise<void> {
  await tx.deleteFrom('application_credential').where('id', '=', id).execute()
}

export async function findAccessRule(
  db: Db,
  id: string,
): Promise<(AccessRuleFacts & { readonly userId: string }) | undefined> {
  const row = await db.selectFrom('access_rule').selectAll().where('id', '=', id).executeTakeFirst()
  return row && { id: row.id, userId: row.user_id, service: row.service, path: row.path, method: row.method }
}

export function listAccessRules(
  db: Db,
  userId: string,
  filters: readonly Filter[],
): Promise<readonly AccessRuleFacts[]> {
  const query = db
    .selectFrom('access_rule')
    .select(['id', 'service', 'path', 'method'])
    .where('user_id', '=', userId)
    .orderBy('id')
  return narrowed(query, filters).execute()
}

/** The user's rule of that service, path and method, made when there is none. */
export async function ensureAccessRule(
  tx: Db,
  userId: string,
  rule: Omit<AccessRuleFacts, 'id'>,
): Promise<AccessRuleFacts> {
  const there = await tx
    .selectFrom('access_rule')
    .select(['id', 'service', 'path', 'method'])
    .where('user_id', '=', userId)
    .where('service', '=', rule.service)
    .where('path', '=', rule.path)
    .where('method', '=', rule.method)
    .executeTakeFirst()
  if (there) return there
  const made = { id: newId(), service: rule.service, path: rule.path, method: rule.method }
  await tx
    .insertInto('access_rule')
    .values({ ...made, user_id: userId })
    .execute()
  return made
}

export async function isAccessRuleUsed(db: Db, id: string): Promise<boolean> {
  const row = await db
    .selectFrom('application_credential_access_rule')
    .select('access_rule_id')
    .where('access_rule_id', '=', id)
    .executeTakeFirst()
  return row !== undefined
}

export async function deleteAccessRule(tx: Db, id: string): Promise<void> {
  await tx.deleteFrom('access_rule').where('id', '=', id).execute()
}
