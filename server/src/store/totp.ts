import type { Db } from './store.ts'

/** A one-time password secret as it lies in the database: sealed for its own row. */
export interface TotpSecret {
  readonly credentialId: string
  readonly sealed: string
}

/** The user's credentials of type `totp`, oldest first. */
export async function totpSecretsOf(db: Db, userId: string): Promise<readonly TotpSecret[]> {
  const rows = await db
    .selectFrom('credential')
    .select(['id', 'blob'])
    .where('user_id', '=', userId)
    .where('type', '=', 'totp')
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  return rows.map((row) => ({ credentialId: row.id, sealed: row.blob }))
}
