import type { Kysely } from 'kysely'

/** Namespaces of EDAS and the keys by which their members reach configuration and registry. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const s = db.schema
  await s
    .createTable('namespace')
    .addColumn('id', 'bigint', (c) => c.primaryKey())
    .addColumn('domain_id', 'text', (c) => c.notNull().references('project.id').onDelete('cascade'))
    .addColumn('region_id', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('description', 'text', (c) => c.notNull())
    .addColumn('debug_enable', 'integer', (c) => c.notNull())
    .addColumn('tenant_id', 'text', (c) => c.notNull().unique())
    .addColumn('registry_type', 'text', (c) => c.notNull())
    .addColumn('mse_instance_id', 'text', (c) => c.notNull())
    .addColumn('mse_internet_address', 'text', (c) => c.notNull())
    .addColumn('mse_intranet_address', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addUniqueConstraint('namespace_region_unique', ['domain_id', 'region_id'])
    .execute()

  await s
    .createTable('namespace_key')
    .addColumn('access_key', 'text', (c) => c.primaryKey())
    .addColumn('namespace_id', 'bigint', (c) => c.notNull().references('namespace.id').onDelete('cascade'))
    .addColumn('secret', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint')
    .addColumn('last_used_at', 'bigint')
    .execute()
  await s.createIndex('namespace_key_namespace').on('namespace_key').column('namespace_id').execute()
  // One key at a time is the current one, however many rotate at once.
  await s
    .createIndex('namespace_key_current')
    .unique()
    .on('namespace_key')
    .column('namespace_id')
    .where('expires_at' as never, 'is', null)
    .execute()
}
