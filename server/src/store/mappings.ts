/** Mappings: rules from what an identity provider says to users, groups and projects here. Read by `core/federation`. */
import type { Db } from './store.ts'

export interface Mapping {
  readonly id: string
  /** As they were sent; well formed, because they are checked before they are written. */
  readonly rules: readonly unknown[]
  /** null: not given, which reads as `1.0`. `account`: groups without a domain are the provider's own. */
  readonly schemaVersion: string | null
}

const toMapping = (row: { id: string; rules: string; schema_version: string }): Mapping => ({
  id: row.id,
  rules: JSON.parse(row.rules),
  schemaVersion: row.schema_version === '' ? null : row.schema_version,
})

export async function findMapping(db: Db, id: string): Promise<Mapping | undefined> {
  const row = await db.selectFrom('mapping').selectAll().where('id', '=', id).executeTakeFirst()
  return row && toMapping(row)
}

/** In order of id. */
export async function listMappings(db: Db): Promise<readonly Mapping[]> {
  return (await db.selectFrom('mapping').selectAll().orderBy('id').execute()).map(toMapping)
}

/** Throws a unique violation when the id is taken. */
export async function insertMapping(tx: Db, mapping: Mapping): Promise<void> {
  await tx
    .insertInto('mapping')
    .values({ id: mapping.id, ...columnsOf(mapping) })
    .execute()
}

/** False when there is none. */
export async function updateMapping(tx: Db, mapping: Mapping): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('mapping')
    .set(columnsOf(mapping))
    .where('id', '=', mapping.id)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

function columnsOf({ rules, schemaVersion }: Mapping) {
  return { rules: JSON.stringify(rules), schema_version: schemaVersion ?? '' }
}

/** False when there was none. Protocols that name it can prove nobody from then on. */
export async function deleteMapping(tx: Db, id: string): Promise<boolean> {
  const { numDeletedRows } = await tx.deleteFrom('mapping').where('id', '=', id).executeTakeFirst()
  return numDeletedRows > 0n
}
