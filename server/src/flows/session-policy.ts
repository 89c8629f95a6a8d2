/**
 * Session policies of temporary keys in Huawei Cloud's language: they narrow what the key's session may, and never widen
 * it. The text travels beside the token; the key's secret is bound to it. Not for RAM's role sessions, whose policies
 * are decided with their identity's (`role-session.ts`).
 */
import { parseDocument } from '../core/policy/statements/parse.ts'
import { HUAWEI, type Statement, type StatementPolicy } from '../core/policy/statements/statement.ts'
import { refuse } from '../core/refusal.ts'
import type { Session } from '../core/session.ts'

/** Characters. What is longer fits into no header. */
export const MOST_SESSION_POLICY = 2048

/**
 * The text that binds a session policy to its key. `given` is a document, or its text. Refuses `bad_request` for what
 * cannot be decided, and for what is too long.
 */
export function sessionPolicyText(given: unknown): string {
  const text = typeof given === 'string' ? given : JSON.stringify(given)
  const read = text.length > MOST_SESSION_POLICY ? undefined : policyOf(text)
  return read ? text : refuse('bad_request', 'a session policy that cannot be read', { message: INVALID })
}

const INVALID = 'The policy in the request body is invalid.'

/** The session with the policy that came with its key. */
export function narrowed(session: Session, policy: string | undefined): Session {
  if (policy === undefined) return session
  const narrowedBy = policyOf(policy) ?? refuse('unauthenticated', 'an unreadable session policy')
  return { ...session, narrowedBy }
}

function policyOf(text: string): StatementPolicy | undefined {
  try {
    const statements = parseDocument(JSON.parse(text), HUAWEI)
    return 'problem' in statements
      ? undefined
      : { name: 'session policy', statements: statements.map(asWhole) }
  } catch {
    return undefined
  }
}

/** An operation of this service names no resource and no condition's key, so what depends on one only takes away. */
function asWhole(statement: Statement): Statement {
  const { effect, resources, notResources, conditions, ...named } = statement
  const everywhere = !notResources && (!resources || resources.includes('*')) && conditions.length === 0
  const counts = effect === 'Deny' || everywhere
  return counts ? { ...named, effect, conditions: [] } : { effect, notActions: ['*'], conditions: [] }
}
