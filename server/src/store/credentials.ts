import type { Db } from './store.ts'

export async function findCredentialOwner(
  db: Db,
  id: string,
): Promise<{ readonly userId: string; readonly projectId: string | null } | undefined> {
  const row = await db
    .selectFrom('credential')
    .select(['user_id', 'project_id'])
    .where('id', '=', id)
    .executeTakeFirst()
  return row && { userId: row.user_id, projectId: row.project_id }
}
