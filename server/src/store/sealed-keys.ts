import type { SealedKeyRow } from './schema.ts'
import type { Db } from './store.ts'

/** Key material as it lies in the database: sealed, opened by `keys.ts` alone. */
export function listSealedKeys(db: Db, purpose?: string): Promise<SealedKeyRow[]> {
  const query = db.selectFrom('sealed_key').selectAll().orderBy('created_at').orderBy('id')
  return (purpose === undefined ? query : query.where('purpose', '=', purpose)).execute()
}

export async function putSealedKey(tx: Db, row: SealedKeyRow): Promise<void> {
  await tx
    .insertInto('sealed_key')
    .values(row)
    .onConflict((c) => c.columns(['purpose', 'id']).doUpdateSet({ state: row.state, material: row.material }))
    .execute()
}

/** Writes a key where there is none; one that is there stays. */
export async function addSealedKey(tx: Db, row: SealedKeyRow): Promise<void> {
  await tx
    .insertInto('sealed_key')
    .values(row)
    .onConflict((c) => c.columns(['purpose', 'id']).doNothing())
    .execute()
}

export async function renameSealedKey(tx: Db, purpose: string, from: string, to: string): Promise<void> {
  await tx
    .updateTable('sealed_key')
    .set({ id: to })
    .where('purpose', '=', purpose)
    .where('id', '=', from)
    .execute()
}

export async function deleteSealedKey(tx: Db, purpose: string, id: string): Promise<void> {
  await tx.deleteFrom('sealed_key').where('purpose', '=', purpose).where('id', '=', id).execute()
}
