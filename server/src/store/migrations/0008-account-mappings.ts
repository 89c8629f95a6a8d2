import type { Kysely } from 'kysely'

/** Mappings that belong to an account; '' are the cloud's own. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('mapping')
    .addColumn('domain_id', 'text', (c) => c.notNull().defaultTo(''))
    .execute()
}
