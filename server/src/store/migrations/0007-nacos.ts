import type { Kysely } from 'kysely'

/** Configuration and service instances of namespaces, for who runs no Nacos of their own. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const s = db.schema
  await s
    .createTable('config_entry')
    .addColumn('tenant_id', 'text', (c) => c.notNull().references('namespace.tenant_id').onDelete('cascade'))
    .addColumn('group_name', 'text', (c) => c.notNull())
    .addColumn('data_id', 'text', (c) => c.notNull())
    .addColumn('content', 'text', (c) => c.notNull())
    .addColumn('type', 'text', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('config_entry_pk', ['tenant_id', 'group_name', 'data_id'])
    .execute()

  await s
    .createTable('service_instance')
    .addColumn('tenant_id', 'text', (c) => c.notNull().references('namespace.tenant_id').onDelete('cascade'))
    .addColumn('service', 'text', (c) => c.notNull())
    .addColumn('cluster', 'text', (c) => c.notNull())
    .addColumn('ip', 'text', (c) => c.notNull())
    .addColumn('port', 'integer', (c) => c.notNull())
    .addColumn('weight', 'double precision', (c) => c.notNull())
    .addColumn('enabled', 'integer', (c) => c.notNull())
    .addColumn('healthy', 'integer', (c) => c.notNull())
    .addColumn('ephemeral', 'integer', (c) => c.notNull())
    .addColumn('metadata', 'text', (c) => c.notNull())
    .addColumn('beat_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('service_instance_pk', ['tenant_id', 'service', 'cluster', 'ip', 'port'])
    .execute()
}
