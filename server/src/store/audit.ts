import type { AuditEventRow } from './schema.ts'
import type { Db } from './store.ts'

/** Appends audit lines in the caller's transaction: they are durable with the change, or neither is. */
export async function appendAudit(tx: Db, ...events: readonly AuditEventRow[]): Promise<void> {
  await tx
    .insertInto('audit_event')
    .values([...events])
    .execute()
}
