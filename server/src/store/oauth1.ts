import type { Db } from './store.ts'

export interface AccessTokenRecord {
  readonly id: string
  readonly consumerId: string
  readonly authorizingUserId: string
  readonly projectId: string
  readonly roleIds: readonly string[]
  /** Microseconds. */
  readonly expiresAt: number | null
}

export async function findAccessToken(db: Db, id: string): Promise<AccessTokenRecord | undefined> {
  const row = await db.selectFrom('oauth_access_token').selectAll().where('id', '=', id).executeTakeFirst()
  return (
    row && {
      id: row.id,
      consumerId: row.consumer_id,
      authorizingUserId: row.authorizing_user_id,
      projectId: row.project_id,
      roleIds: JSON.parse(row.role_ids),
      expiresAt: row.expires_at,
    }
  )
}
