import type { Kysely } from 'kysely'

/**
 * Accounts as Huawei Cloud and Alibaba Cloud know them: agencies and roles that other accounts act through, access keys,
 * policies in JSON statements. Grants to agencies are rows of `assignment` with actor_kind 'agency'.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  const s = db.schema
  await s
    .createTable('account')
    .addColumn('domain_id', 'text', (c) => c.primaryKey().references('project.id').onDelete('cascade'))
    .addColumn('number', 'text', (c) => c.notNull().unique())
    .addColumn('settings', 'text', (c) => c.notNull())
    .execute()

  await s
    .createTable('agency')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('domain_id', 'text', (c) => c.notNull().references('project.id').onDelete('cascade'))
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('description', 'text', (c) => c.notNull())
    .addColumn('trust_domain_id', 'text')
    .addColumn('trust_policy', 'text')
    .addColumn('duration_hours', 'integer')
    .addColumn('expires_at', 'bigint')
    .addColumn('max_session_seconds', 'integer', (c) => c.notNull())
    .addColumn('external_id', 'text')
    .addColumn('guards', 'text', (c) => c.notNull())
    .addColumn('extra', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addUniqueConstraint('agency_name_unique', ['domain_id', 'name'])
    .execute()
  await s.createIndex('agency_trust').on('agency').column('trust_domain_id').execute()

  await s
    .createTable('access_key')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('user_id', 'text', (c) => c.notNull().references('user.id').onDelete('cascade'))
    .addColumn('secret', 'text', (c) => c.notNull())
    .addColumn('status', 'text', (c) => c.notNull())
    .addColumn('description', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('last_used_at', 'bigint')
    .execute()
  await s.createIndex('access_key_user').on('access_key').column('user_id').execute()

  await s
    .createTable('statement_policy')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('domain_id', 'text', (c) => c.notNull())
    .addColumn('language', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('description', 'text', (c) => c.notNull())
    .addColumn('default_version', 'text', (c) => c.notNull())
    .addColumn('extra', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .addUniqueConstraint('statement_policy_name_unique', ['domain_id', 'language', 'name'])
    .execute()
  await s
    .createTable('statement_policy_version')
    .addColumn('policy_id', 'text', (c) => c.notNull().references('statement_policy.id').onDelete('cascade'))
    .addColumn('version', 'text', (c) => c.notNull())
    .addColumn('document', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('statement_policy_version_pk', ['policy_id', 'version'])
    .execute()
  await s
    .createTable('policy_attachment')
    .addColumn('policy_id', 'text', (c) => c.notNull().references('statement_policy.id').onDelete('cascade'))
    .addColumn('actor_kind', 'text', (c) => c.notNull())
    .addColumn('actor_id', 'text', (c) => c.notNull())
    .addColumn('scope_kind', 'text', (c) => c.notNull())
    .addColumn('scope_id', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('policy_attachment_pk', [
      'actor_id',
      'policy_id',
      'scope_id',
      'actor_kind',
      'scope_kind',
    ])
    .execute()
  await s.createIndex('policy_attachment_policy').on('policy_attachment').column('policy_id').execute()
}
