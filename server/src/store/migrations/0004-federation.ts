import type { Kysely } from 'kysely'

/** How identity providers are asked and believed: OpenID Connect per provider, SAML metadata per protocol. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const s = db.schema
  await s
    .createTable('oidc_config')
    .addColumn('idp_id', 'text', (c) => c.primaryKey().references('identity_provider.id').onDelete('cascade'))
    .addColumn('config', 'text', (c) => c.notNull())
    .addColumn('client_secret', 'text')
    .execute()
  await s
    .createTable('saml_metadata')
    .addColumn('idp_id', 'text', (c) => c.notNull().references('identity_provider.id').onDelete('cascade'))
    .addColumn('protocol_id', 'text', (c) => c.notNull())
    .addColumn('entity_id', 'text', (c) => c.notNull())
    .addColumn('metadata', 'text', (c) => c.notNull())
    .addColumn('domain_id', 'text', (c) => c.notNull())
    .addColumn('account_type', 'text', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('saml_metadata_pk', ['idp_id', 'protocol_id'])
    .execute()
  await s.createIndex('saml_metadata_entity').on('saml_metadata').column('entity_id').execute()
}
