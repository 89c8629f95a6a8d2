/**
 * Access keys of users: a public id and a secret that has to be known to check signatures, so it lies sealed. One pool
 * for all faces. Temporary keys have no row: their secret is derived from their id and their session's token carries the
 * id (flows/temporary-key.ts).
 */
import type { AccessKeyRow } from './schema.ts'
import type { Db } from './store.ts'

export interface AccessKeyRecord {
  readonly id: string
  readonly userId: string
  /** Sealed for the purpose `access_key:<id>`. */
  readonly sealedSecret: string
  readonly status: AccessKeyRow['status']
  readonly description: string
  /** Microseconds. */
  readonly createdAt: number
  readonly lastUsedAt: number | null
}

const toAccessKey = (row: AccessKeyRow): AccessKeyRecord => ({
  id: row.id,
  userId: row.user_id,
  sealedSecret: row.secret,
  status: row.status,
  description: row.description,
  createdAt: row.created_at,
  lastUsedAt: row.last_used_at,
})

export async function findAccessKey(db: Db, id: string): Promise<AccessKeyRecord | undefined> {
  const row = await db.selectFrom('access_key').selectAll().where('id', '=', id).executeTakeFirst()
  return row && toAccessKey(row)
}

/** Oldest first. */
export async function listAccessKeys(db: Db, userId: string): Promise<readonly AccessKeyRecord[]> {
  const rows = await db
    .selectFrom('access_key')
    .selectAll()
    .where('user_id', '=', userId)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  return rows.map(toAccessKey)
}

export async function insertAccessKey(tx: Db, key: AccessKeyRecord): Promise<void> {
  await tx
    .insertInto('access_key')
    .values({
      id: key.id,
      user_id: key.userId,
      secret: key.sealedSecret,
      status: key.status,
      description: key.description,
      created_at: key.createdAt,
      last_used_at: key.lastUsedAt,
    })
    .execute()
}

/** Status and description only: whose key it is never changes. */
export async function updateAccessKey(
  tx: Db,
  id: string,
  changes: { readonly status?: AccessKeyRow['status']; readonly description?: string },
): Promise<void> {
  if (Object.keys(changes).length === 0) return
  await tx.updateTable('access_key').set(changes).where('id', '=', id).execute()
}

/** Notes a use; not more often than once a minute, so that reading stays reading. */
export async function noteAccessKeyUse(tx: Db, id: string, at: number): Promise<void> {
  await tx.updateTable('access_key').set({ last_used_at: at }).where('id', '=', id).execute()
}

export async function deleteAccessKey(tx: Db, id: string): Promise<void> {
  await tx.deleteFrom('access_key').where('id', '=', id).execute()
}
