import type { Kysely } from 'kysely'

/** Sign-ins that came by a protocol of this id before are void; 0 for protocols older than this migration. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('federation_protocol')
    .addColumn('tokens_valid_from', 'bigint', (c) => c.notNull().defaultTo(0))
    .execute()
}
