/** Roles, global and of domains, and what they imply. What roles grant lies in assignments.ts. */
import { type Filter, type Listed, narrowed, type Page, paged } from './list.ts'
import type { RoleRow } from './schema.ts'
import type { Db } from './store.ts'

export interface RoleRecord {
  readonly id: string
  readonly name: string
  /** '' for a global role. */
  readonly domainId: string
  readonly description: string | null
  readonly options: Readonly<Record<string, unknown>>
  /** Attributes the API keeps without knowing them. */
  readonly extra: Readonly<Record<string, unknown>>
}

export interface Inference {
  readonly prior: { readonly id: string; readonly name: string }
  readonly implied: { readonly id: string; readonly name: string }
}

export async function findRole(db: Db, id: string): Promise<RoleRecord | undefined> {
  const row = await db.selectFrom('role').selectAll().where('id', '=', id).executeTakeFirst()
  return row && toRecord(row)
}

/** The global role of that name. */
export async function findRoleByName(db: Db, name: string): Promise<RoleRecord | undefined> {
  const row = await db
    .selectFrom('role')
    .selectAll()
    .where('name', '=', name)
    .where('domain_id', '=', '')
    .executeTakeFirst()
  return row && toRecord(row)
}

/** The global roles (`domainId` '') or those of one domain. */
export async function listRoles(
  db: Db,
  domainId: string,
  filters: readonly Filter[],
  page: Page,
): Promise<Listed<RoleRecord>> {
  const query = narrowed(db.selectFrom('role').selectAll().where('domain_id', '=', domainId), filters)
  const { items, next } = await paged(query, 'id', page)
  return next === undefined ? { items: items.map(toRecord) } : { items: items.map(toRecord), next }
}

/** Fails as `isUniqueViolation` when the name is taken among the global roles, or in the domain. */
export async function insertRole(tx: Db, role: RoleRecord): Promise<void> {
  await tx
    .insertInto('role')
    .values({ ...toRow(role), id: role.id, domain_id: role.domainId })
    .execute()
}

/** Writes everything but id and domain, which never change. Fails as `isUniqueViolation` when the name is taken. */
export async function updateRole(tx: Db, role: RoleRecord): Promise<void> {
  await tx.updateTable('role').set(toRow(role)).where('id', '=', role.id).execute()
}

/**
 * Deletes a role and, by foreign keys, everything that hangs on it: grants, implications either way, and its place in
 * application credentials and trusts. Who is left with no role there can no longer use them: none is not all.
 */
export async function deleteRole(tx: Db, id: string): Promise<void> {
  // A custom policy of an account is a role of it with a document beside.
  await tx.deleteFrom('statement_policy').where('id', '=', id).execute()
  await tx.deleteFrom('role').where('id', '=', id).execute()
}

/** Every implication, or those of one prior role, in order of the prior's and the implied role's id. */
export async function listInferences(db: Db, priorId?: string): Promise<readonly Inference[]> {
  let query = db
    .selectFrom('implied_role as l')
    .innerJoin('role as p', 'p.id', 'l.prior_role_id')
    .innerJoin('role as i', 'i.id', 'l.implied_role_id')
    .select(['p.id as prior_id', 'p.name as prior_name', 'i.id as implied_id', 'i.name as implied_name'])
    .orderBy('l.prior_role_id')
    .orderBy('l.implied_role_id')
  if (priorId !== undefined) query = query.where('l.prior_role_id', '=', priorId)
  return (await query.execute()).map((row) => ({
    prior: { id: row.prior_id, name: row.prior_name },
    implied: { id: row.implied_id, name: row.implied_name },
  }))
}

export async function isImplied(db: Db, priorId: string, impliedId: string): Promise<boolean> {
  const row = await db
    .selectFrom('implied_role')
    .select('prior_role_id')
    .where('prior_role_id', '=', priorId)
    .where('implied_role_id', '=', impliedId)
    .executeTakeFirst()
  return row !== undefined
}

/** Fails as `isUniqueViolation` when it is there already. */
export async function insertInference(tx: Db, priorId: string, impliedId: string): Promise<void> {
  await tx.insertInto('implied_role').values({ prior_role_id: priorId, implied_role_id: impliedId }).execute()
}

/** True when there was such an implication. */
export async function deleteInference(tx: Db, priorId: string, impliedId: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('implied_role')
    .where('prior_role_id', '=', priorId)
    .where('implied_role_id', '=', impliedId)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

export function toRecord(row: RoleRow): RoleRecord {
  return {
    id: row.id,
    name: row.name,
    domainId: row.domain_id,
    description: row.description,
    options: JSON.parse(row.options),
    extra: JSON.parse(row.extra),
  }
}

function toRow(role: RoleRecord) {
  const { name, description, options, extra } = role
  return { name, description, options: JSON.stringify(options), extra: JSON.stringify(extra) }
}
