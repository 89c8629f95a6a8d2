import type { AuditEventRow } from './schema.ts'
import type { Db } from './store.ts'

/** Appends audit lines in the caller's transaction: they are durable with the change, or neither is. */
export async function appendAudit(tx: Db, ...events: readonly AuditEventRow[]): Promise<void> {
  await tx
    .insertInto('audit_event')
    .values([...events])
    .execute()
}

/** The same of one line as a statement of SQLite's, for the values of `auditValues`. */
export const auditInsert = `insert into audit_event (at, action, outcome, chain, actor_id, target, reason, request_id)
  values (?, ?, ?, ?, ?, ?, ?, ?)`

export function auditValues(event: AuditEventRow): readonly (string | number)[] {
  const { at, action, outcome, chain, actor_id, target, reason, request_id } = event
  return [at, action, outcome, chain, actor_id, target, reason, request_id]
}
