import type { Kysely } from 'kysely'

/** When a group was made; 0 for groups older than this migration. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('group')
    .addColumn('created_at', 'bigint', (c) => c.notNull().defaultTo(0))
    .execute()
}
