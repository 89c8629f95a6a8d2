/** Mappings: rules from what an identity provider says to users, groups and projects here. Read by `core/federation`. */
import type { Db } from './store.ts'

export interface Mapping {
  readonly id: string
  /** As they were sent; well formed, because they are checked before they are written. */
  readonly rules: readonly unknown[]
  /** null: not given, which reads as `1.0`. `account`: groups without a domain are the provider's own. */
  readonly schemaVersion: string | null
  /** The account it belongs to, whose administrators may change it; undefined for the cloud's own. */
  readonly domainId?: string | undefined
}

const toMapping = (row: {
  id: string
  rules: string
  schema_version: string
  domain_id: string
}): Mapping => ({
  id: row.id,
  rules: JSON.parse(row.rules),
  schemaVersion: row.schema_version === '' ? null : row.schema_version,
  domainId: row.domain_id === '' ? undefined : row.domain_id,
})

export async function findMapping(db: Db, id: string): Promise<Mapping | undefined> {
  const row = await db.selectFrom('mapping').selectAll().where('id', '=', id).executeTakeFirst()
  return row && toMapping(row)
}

/** In order of id; those of one account, or all. */
export async function listMappings(db: Db, domainId?: string): Promise<readonly Mapping[]> {
  const all = db.selectFrom('mapping').selectAll().orderBy('id')
  const rows = await (domainId === undefined ? all : all.where('domain_id', '=', domainId)).execute()
  return rows.map(toMapping)
}

/** Whether every mapping that the provider's protocols use is the account's; true where there is none. */
export async function usesOnlyMappingsOf(db: Db, idpId: string, domainId: string): Promise<boolean> {
  const other = await db
    .selectFrom('federation_protocol as p')
    .leftJoin('mapping as m', 'm.id', 'p.mapping_id')
    .select('p.id')
    .where('p.idp_id', '=', idpId)
    .where((e) => e.or([e('m.domain_id', 'is', null), e('m.domain_id', '<>', domainId)]))
    .limit(1)
    .executeTakeFirst()
  return other === undefined
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

function columnsOf({ rules, schemaVersion, domainId }: Mapping) {
  return { rules: JSON.stringify(rules), schema_version: schemaVersion ?? '', domain_id: domainId ?? '' }
}

/** False when there was none. Protocols that name it can prove nobody from then on. */
export async function deleteMapping(tx: Db, id: string): Promise<boolean> {
  const { numDeletedRows } = await tx.deleteFrom('mapping').where('id', '=', id).executeTakeFirst()
  return numDeletedRows > 0n
}
