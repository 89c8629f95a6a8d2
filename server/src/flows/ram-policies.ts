/** RAM policies as they are held: read from the store into what the evaluator takes. */
import type { Context } from '../context.ts'
import { parseDocument } from '../core/policy/statements/parse.ts'
import { RAM, type StatementPolicy } from '../core/policy/statements/statement.ts'
import {
  listHeldPolicies,
  type PolicyActor,
  type StatementPolicyRecord,
} from '../store/statement-policies.ts'

/** A stored document as the evaluator takes it. One that cannot be read any more denies everything. */
export function ramPolicyOf(record: Pick<StatementPolicyRecord, 'name' | 'document'>): StatementPolicy {
  const statements = parseDocument(record.document, RAM)
  const denied = { effect: 'Deny', actions: ['*'], conditions: [] } as const
  return { name: record.name, statements: 'problem' in statements ? [denied] : statements }
}

/** The policies attached to somebody, or to one of these groups. */
export async function heldRamPolicies(
  ctx: Context,
  actor: PolicyActor,
  groups: readonly string[],
): Promise<readonly StatementPolicy[]> {
  const held = await listHeldPolicies(ctx.store.db, {
    actor,
    groups,
    roles: [],
    language: 'ram',
    projectId: null,
  })
  return held.map(ramPolicyOf)
}
