import type { Kysely } from 'kysely'

/** Microservice engines: their keys, accounts, roles, namespaces, jobs and lockouts. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const s = db.schema
  await s
    .createTable('engine')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('project_id', 'text', (c) => c.notNull().references('project.id').onDelete('cascade'))
    .addColumn('enterprise_project_id', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('description', 'text', (c) => c.notNull())
    .addColumn('spec_type', 'text', (c) => c.notNull())
    .addColumn('auth_type', 'text', (c) => c.notNull())
    .addColumn('address', 'text')
    .addColumn('max_token_seconds', 'integer', (c) => c.notNull())
    .addColumn('extra', 'text', (c) => c.notNull())
    .addColumn('created_by', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addUniqueConstraint('engine_name_unique', ['project_id', 'name'])
    .execute()

  await s
    .createTable('engine_key')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('engine_id', 'text', (c) => c.notNull().references('engine.id').onDelete('cascade'))
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('material', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('retired_at', 'bigint')
    .execute()
  await s.createIndex('engine_key_engine').on('engine_key').column('engine_id').execute()

  await s
    .createTable('engine_account')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('engine_id', 'text', (c) => c.notNull().references('engine.id').onDelete('cascade'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('principal_id', 'text')
    .addColumn('namespace', 'text', (c) => c.notNull())
    .addColumn('hash', 'text')
    .addColumn('roles', 'text', (c) => c.notNull())
    .addColumn('status', 'text', (c) => c.notNull())
    .addColumn('incarnation', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .addUniqueConstraint('engine_account_name_unique', ['engine_id', 'name'])
    .addUniqueConstraint('engine_account_principal_unique', ['engine_id', 'principal_id', 'namespace'])
    .execute()

  await s
    .createTable('engine_role')
    .addColumn('engine_id', 'text', (c) => c.notNull().references('engine.id').onDelete('cascade'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('perms', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('engine_role_pk', ['engine_id', 'name'])
    .execute()

  await s
    .createTable('engine_namespace')
    .addColumn('engine_id', 'text', (c) => c.notNull().references('engine.id').onDelete('cascade'))
    .addColumn('id', 'text', (c) => c.notNull())
    .addColumn('enterprise_project_id', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('engine_namespace_pk', ['engine_id', 'id'])
    .execute()

  // A job outlives the engine that it deleted: clients ask for it afterwards.
  await s
    .createTable('engine_job')
    .addColumn('id', 'bigint', (c) => c.primaryKey())
    .addColumn('engine_id', 'text', (c) => c.notNull())
    .addColumn('project_id', 'text', (c) => c.notNull())
    .addColumn('type', 'text', (c) => c.notNull())
    .addColumn('created_by', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute()
  await s.createIndex('engine_job_engine').on('engine_job').column('engine_id').execute()

  await s
    .createTable('engine_lock')
    .addColumn('engine_id', 'text', (c) => c.notNull().references('engine.id').onDelete('cascade'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('address', 'text', (c) => c.notNull())
    .addColumn('failures', 'integer', (c) => c.notNull())
    .addColumn('release_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('engine_lock_pk', ['engine_id', 'name', 'address'])
    .execute()
}
