/** Credentials: secrets users keep here (EC2 keys, TOTP seeds, certificates). Blobs lie sealed; `keys.ts` opens them. */
import type { Filter, Listed, Page } from './list.ts'
import { narrowed, paged } from './list.ts'
import type { CredentialRow } from './schema.ts'
import type { Db } from './store.ts'

export interface CredentialRecord {
  readonly id: string
  readonly userId: string
  readonly projectId: string | null
  readonly type: string
  readonly sealedBlob: string
  readonly extra: Readonly<Record<string, unknown>>
}

const toCredential = (row: CredentialRow): CredentialRecord => ({
  id: row.id,
  userId: row.user_id,
  projectId: row.project_id,
  type: row.type,
  sealedBlob: row.blob,
  extra: JSON.parse(row.extra),
})

export async function findCredential(db: Db, id: string): Promise<CredentialRecord | undefined> {
  const row = await db.selectFrom('credential').selectAll().where('id', '=', id).executeTakeFirst()
  return row && toCredential(row)
}

/** In order of id; only one user's when one is named. */
export async function listCredentials(
  db: Db,
  narrowing: { readonly userId?: string; readonly filters: readonly Filter[] },
  page: Page,
): Promise<Listed<CredentialRecord>> {
  let query = narrowed(db.selectFrom('credential').selectAll(), narrowing.filters)
  if (narrowing.userId !== undefined) query = query.where('user_id', '=', narrowing.userId)
  const { items, ...rest } = await paged(query, 'id', page)
  return { items: items.map(toCredential), ...rest }
}

/** Fails as `isUniqueViolation` when the id is taken (EC2 ids are made from the access key). */
export async function insertCredential(tx: Db, credential: CredentialRecord, now: number): Promise<void> {
  await tx
    .insertInto('credential')
    .values({
      id: credential.id,
      user_id: credential.userId,
      project_id: credential.projectId,
      type: credential.type,
      blob: credential.sealedBlob,
      extra: JSON.stringify(credential.extra),
      created_at: now,
    })
    .execute()
}

export async function replaceBlob(tx: Db, id: string, sealedBlob: string): Promise<void> {
  await tx.updateTable('credential').set({ blob: sealedBlob }).where('id', '=', id).execute()
}

export async function deleteCredential(tx: Db, id: string): Promise<void> {
  await tx.deleteFrom('credential').where('id', '=', id).execute()
}

/** What a credential is good for, when that changes: a device that is bound, or no longer. */
export async function setCredentialType(tx: Db, id: string, type: string): Promise<void> {
  await tx.updateTable('credential').set({ type }).where('id', '=', id).execute()
}
