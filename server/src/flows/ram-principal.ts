/** Who signed a request, as Alibaba RAM sees them: an account, and what its policies let them do. */
import type { Context } from '../context.ts'
import {
  type AccessRequest,
  type Decision,
  evaluate,
  type PolicySet,
} from '../core/policy/statements/evaluate.ts'
import { parseDocument } from '../core/policy/statements/parse.ts'
import { RAM, type StatementPolicy } from '../core/policy/statements/statement.ts'
import type { Named, Session } from '../core/session.ts'
import { ensureAccountNumber, findAccountNumber } from '../store/accounts.ts'
import { groupIdsOf } from '../store/grants.ts'
import { listHeldPolicies, type StatementPolicyRecord } from '../store/statement-policies.ts'
import { type KeyUse, openKeySession } from './key-session.ts'

export interface RamAccount extends Named {
  /** 16 digits, as ARNs name it. */
  readonly number: string
}

export interface RamPrincipal {
  readonly session: Session
  readonly accessKeyId: string
  readonly account: RamAccount
  /** The account itself, whom identity policies do not bind; see `isAccountItself`. */
  readonly isAccount: boolean
  readonly policies: PolicySet
}

/** The principal of a verified signature. Refuses `unauthenticated` as `openKeySession` does. */
export async function openRamPrincipal(ctx: Context, use: Omit<KeyUse, 'hint'>): Promise<RamPrincipal> {
  const session = await openKeySession(ctx, { ...use, hint: {} })
  const isAccount = isAccountItself(session)
  const { domain } = session.user
  const [number, policies] = await Promise.all([
    accountNumberOf(ctx, domain.id),
    isAccount ? { identity: [] } : policiesOf(ctx, session),
  ])
  return {
    session,
    accessKeyId: use.access,
    account: { ...domain, number },
    isAccount,
    policies,
  }
}

/**
 * Whether a session is the account's own: its user holds the admin role on the whole account, and acts in person. What
 * somebody delegated is never the account, whatever roles came along.
 */
export function isAccountItself({ user, scope, roles, claims }: Session): boolean {
  return (
    scope.kind === 'domain' &&
    scope.domain.id === user.domain.id &&
    claims.via.every(({ kind }) => kind === 'access_key') &&
    roles.some(({ name, domainId }) => name === 'admin' && domainId === '')
  )
}

/** Decides what a principal asks for, within its own account. */
export function decideFor(principal: RamPrincipal, request: AccessRequest): Decision {
  return principal.isAccount ? { allowed: true, effect: 'allow' } : evaluate(principal.policies, request)
}

/** The number of an account, made when nobody has asked for it before. */
export async function accountNumberOf(ctx: Context, domainId: string): Promise<string> {
  const known = await findAccountNumber(ctx.store.db, domainId)
  return known ?? ctx.store.write((tx) => ensureAccountNumber(tx, domainId))
}

async function policiesOf(ctx: Context, session: Session): Promise<PolicySet> {
  const { db } = ctx.store
  const agency = session.claims.via.findLast(({ kind }) => kind === 'agency')
  const federated = session.delegation.federation?.groups.map(({ id }) => id) ?? []
  const groups = agency ? [] : [...federated, ...(await groupIdsOf(db, session.user.id))]
  const held = await listHeldPolicies(db, {
    actor: { kind: agency ? 'agency' : 'user', id: session.user.id },
    groups,
    roles: [],
    language: 'ram',
    projectId: null,
  })
  return { identity: held.map(ramPolicyOf) }
}

/** A stored document as the evaluator takes it. One that cannot be read any more denies everything. */
export function ramPolicyOf(record: Pick<StatementPolicyRecord, 'name' | 'document'>): StatementPolicy {
  const statements = parseDocument(record.document, RAM)
  const denied = { effect: 'Deny', actions: ['*'], conditions: [] } as const
  return { name: record.name, statements: 'problem' in statements ? [denied] : statements }
}
