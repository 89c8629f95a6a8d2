/** Who signed a request, as Alibaba RAM sees them: an account, and what its policies let them do. */
import type { Context } from '../context.ts'
import {
  type AccessRequest,
  type Decision,
  evaluate,
  type PolicySet,
} from '../core/policy/statements/evaluate.ts'
import type { StatementPolicy } from '../core/policy/statements/statement.ts'
import type { Named, Session } from '../core/session.ts'
import { ensureAccountNumber, findAccountNumber } from '../store/accounts.ts'
import { groupIdsOf } from '../store/grants.ts'
import { type KeyUse, openKeySession } from './key-session.ts'
import { heldRamPolicies } from './ram-policies.ts'
import { sessionPolicies, splitSecurityToken } from './role-session.ts'

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
  const { token, policy } = splitSecurityToken(use.securityToken)
  const session = await openKeySession(ctx, { access: use.access, securityToken: token, hint: {} })
  const narrowing = sessionPolicies(session, policy)
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
    policies: narrowing.length > 0 ? { ...policies, session: narrowing } : policies,
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

const EVERYTHING: StatementPolicy = {
  name: 'account',
  statements: [{ effect: 'Allow', actions: ['*'], conditions: [] }],
}

/** Decides what a principal asks for, within its own account. */
export function decideFor(principal: RamPrincipal, request: AccessRequest): Decision {
  const { isAccount, policies } = principal
  // What narrows a session narrows the account's too.
  const identity = isAccount ? [EVERYTHING] : policies.identity
  return evaluate({ ...policies, identity }, request)
}

/** The number of an account, made when nobody has asked for it before. */
export async function accountNumberOf(ctx: Context, domainId: string): Promise<string> {
  const known = await findAccountNumber(ctx.store.db, domainId)
  return known ?? ctx.store.write((tx) => ensureAccountNumber(tx, domainId))
}

/** Links that hand on all that a principal may. A trust or an application credential is for its roles alone. */
const WHOLE: readonly string[] = ['access_key', 'agency', 'federation']

async function policiesOf(ctx: Context, session: Session): Promise<PolicySet> {
  if (session.claims.via.some(({ kind }) => !WHOLE.includes(kind))) return { identity: [] }
  const { db } = ctx.store
  const agency = session.claims.via.findLast(({ kind }) => kind === 'agency')
  const federated = session.delegation.federation?.groups.map(({ id }) => id) ?? []
  const groups = agency ? [] : [...federated, ...(await groupIdsOf(db, session.user.id))]
  const actor = { kind: agency ? 'agency' : 'user', id: session.user.id } as const
  return { identity: await heldRamPolicies(ctx, actor, groups) }
}
