/** Configuration of namespaces: texts by group and data id, each in one tenant. */
import type { ConfigEntryRow } from './schema.ts'
import type { Db } from './store.ts'

export interface ConfigReference {
  readonly tenantId: string
  readonly group: string
  readonly dataId: string
}

export interface ConfigEntry extends ConfigReference {
  readonly content: string
  /** `yaml`, `properties` ...; '' when its writer did not say. */
  readonly type: string
  /** Microseconds. */
  readonly updatedAt: number
}

const toEntry = (row: ConfigEntryRow): ConfigEntry => ({
  tenantId: row.tenant_id,
  group: row.group_name,
  dataId: row.data_id,
  content: row.content,
  type: row.type,
  updatedAt: row.updated_at,
})

export async function findConfigEntry(
  db: Db,
  { tenantId, group, dataId }: ConfigReference,
): Promise<ConfigEntry | undefined> {
  const row = await db
    .selectFrom('config_entry')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('group_name', '=', group)
    .where('data_id', '=', dataId)
    .executeTakeFirst()
  return row && toEntry(row)
}

/** Those of one tenant that have one of these data ids, in whatever group. */
export async function listConfigEntries(
  db: Db,
  tenantId: string,
  dataIds: readonly string[],
): Promise<readonly ConfigEntry[]> {
  const rows = await db
    .selectFrom('config_entry')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('data_id', 'in', [...dataIds])
    .execute()
  return rows.map(toEntry)
}

/** Writes an entry, over what was there. */
export async function putConfigEntry(tx: Db, entry: ConfigEntry): Promise<void> {
  const written = { content: entry.content, type: entry.type, updated_at: entry.updatedAt }
  await tx
    .insertInto('config_entry')
    .values({ tenant_id: entry.tenantId, group_name: entry.group, data_id: entry.dataId, ...written })
    .onConflict((c) => c.columns(['tenant_id', 'group_name', 'data_id']).doUpdateSet(written))
    .execute()
}

export async function countConfigEntries(db: Db, tenantId: string): Promise<number> {
  const { n } = await db
    .selectFrom('config_entry')
    .select((eb) => eb.fn.countAll().as('n'))
    .where('tenant_id', '=', tenantId)
    .executeTakeFirstOrThrow()
  return Number(n)
}

export async function deleteConfigEntry(tx: Db, { tenantId, group, dataId }: ConfigReference): Promise<void> {
  await tx
    .deleteFrom('config_entry')
    .where('tenant_id', '=', tenantId)
    .where('group_name', '=', group)
    .where('data_id', '=', dataId)
    .execute()
}
