/** Application credentials and the access rules they may carry. */
import { sql } from 'kysely'
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
  const rolesOf = Map.groupBy(roles, (role) => role.application_credential_id)
  const rulesOf = Map.groupBy(rules, (rule) => rule.application_credential_id)
  return rows.map((row) => {
    const own = (rulesOf.get(row.id) ?? []).map(({ id, service, path, method }) => ({
      id,
      service,
      path,
      method,
    }))
    return {
      id: row.id,
      userId: row.user_id,
      projectId: row.project_id,
      name: row.name,
      description: row.description,
      secretHash: row.secret_hash,
      unrestricted: row.unrestricted === null ? null : row.unrestricted === 1,
      expiresAt: row.expires_at,
      roleIds: (rolesOf.get(row.id) ?? []).map((role) => role.role_id),
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
  for (const some of inPieces(credential.roleIds)) {
    await tx
      .insertInto('application_credential_role')
      .values(some.map((role_id) => ({ application_credential_id: id, role_id })))
      .execute()
  }
  for (const some of inPieces(credential.accessRules ?? [])) {
    await tx
      .insertInto('application_credential_access_rule')
      .values(some.map((rule) => ({ application_credential_id: id, access_rule_id: rule.id })))
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

/** The user's own rules among `ids`, by id. */
export async function findAccessRulesOf(
  db: Db,
  userId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, AccessRuleFacts>> {
  const found = new Map<string, AccessRuleFacts>()
  for (const some of inPieces([...new Set(ids)])) {
    const rows = await db
      .selectFrom('access_rule')
      .select(['id', 'service', 'path', 'method'])
      .where('user_id', '=', userId)
      .where('id', 'in', [...some])
      .execute()
    for (const rule of rows) found.set(rule.id, rule)
  }
  return found
}

/** The user's rules that say the same, in the same order; made where there are none. A few statements for thousands. */
export async function ensureAccessRules(
  tx: Db,
  userId: string,
  wanted: readonly Omit<AccessRuleFacts, 'id'>[],
): Promise<readonly AccessRuleFacts[]> {
  const known = new Map<string, AccessRuleFacts>()
  const different = new Map(wanted.map((rule) => [saying(rule), rule]))
  for (const some of inPieces([...different.values()])) {
    const said = some.map(({ service, path, method }) => sql`(${service}, ${path}, ${method})`)
    const there = await tx
      .selectFrom('access_rule')
      .select(['id', 'service', 'path', 'method'])
      .where('user_id', '=', userId)
      .where(sql<boolean>`(service, path, method) in (values ${sql.join(said)})`)
      .execute()
    for (const rule of there) known.set(saying(rule), rule)
    const made = some
      .filter((rule) => !known.has(saying(rule)))
      .map(({ service, path, method }) => ({ id: newId(), service, path, method }))
    if (made.length > 0) {
      await tx
        .insertInto('access_rule')
        .values(made.map((rule) => ({ ...rule, user_id: userId })))
        .execute()
    }
    for (const rule of made) known.set(saying(rule), rule)
  }
  return wanted.flatMap((rule) => known.get(saying(rule)) ?? [])
}

function saying({ service, path, method }: Omit<AccessRuleFacts, 'id'>): string {
  return JSON.stringify([service, path, method])
}

/** As many as one statement takes on either engine. */
function inPieces<T>(all: readonly T[]): readonly (readonly T[])[] {
  const pieces: (readonly T[])[] = []
  for (let at = 0; at < all.length; at += PIECE) pieces.push(all.slice(at, at + PIECE))
  return pieces
}

const PIECE = 500

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
