/**
 * From claims to a session: the one place where a chain of delegation is looked up, combined and held against the
 * directory. Issuing goes through it as well as validating, so nothing can be issued that would not validate.
 */
import type { Claims, Scope } from '@tokenhouse/tokens'
import type { Context } from '../context.ts'
import { withImplied } from '../core/assignments.ts'
import { refuse } from '../core/refusal.ts'
import type { DelegationFacts, RoleFacts, ScopeFacts, Session } from '../core/session.ts'
import { groupIdsOf, type Roles, rolesOf } from '../store/grants.ts'
import { type UserRecord, userFacts } from '../store/identity.ts'
import { findRevocations } from '../store/revocations.ts'
import type { DomainRecord, ProjectRecord } from '../store/scopes.ts'
import { listHeldPolicies } from '../store/statement-policies.ts'
import { effectiveRolesOf } from './effective-roles.ts'
import { issuedMicros } from './issued-at.ts'
import { loadLinks } from './links/index.ts'
import type { Finding } from './links/link.ts'
import { recall, recallDomain, recallProject, recallUser, scopeKey } from './recall.ts'

export type ScopeRecord = ProjectRecord | DomainRecord

/** Facts an earlier step already holds, so that nobody looks them up twice. */
export interface Known {
  readonly user?: UserRecord
  readonly scope?: ScopeRecord | undefined
  readonly findings?: readonly Finding[]
  /** True for claims just made: only the chain they continue can have been revoked. */
  readonly fresh?: boolean
}

/**
 * The session that `claims` stand for now, or an `unauthenticated` refusal: user, scope or a link is gone or disabled,
 * tokens of that time are void, or no role is left on the scope (nor, on their own account, a policy). Expiry of the claims is the caller's to check.
 */
export async function loadSession(ctx: Context, claims: Claims, known: Known = {}): Promise<Session> {
  const findings = known.findings ?? (await loadLinks(ctx, claims.via, claims))
  const actsAs = findings.find((f) => f.actsAs)?.actsAs
  const [user, scope, revoked, roles] = await Promise.all([
    actsAs ?? known.user ?? recallUser(ctx, claims.userId),
    known.scope ?? findScope(ctx, claims.scope),
    known.fresh ? isChainRevoked(ctx, claims) : isRevoked(ctx, claims),
    rolesOf(ctx.store),
  ])
  if (!user) return refuse('unauthenticated', `user ${claims.userId} is gone`)
  if (!user.enabled || !user.domain.enabled) return refuse('unauthenticated', `user ${user.id} is disabled`)
  if (revoked) return refuse('unauthenticated', 'revoked')
  if (!known.fresh && voidUpTo(user, scope, findings) >= issuedMicros(claims))
    return refuse('unauthenticated', 'issued before a change')
  checkBounds(claims, findings)

  const held = await heldRoles(ctx, claims, findings, roles)
  if (
    claims.scope.kind !== 'unscoped' &&
    held.length === 0 &&
    !(await holdsPolicies(ctx, claims, findings))
  ) {
    return refuse('unauthenticated', `user ${user.id} has no role on ${claims.scope.kind}`)
  }
  return {
    claims,
    user: userFacts(user),
    scope: scopeFacts(claims.scope, scope),
    roles: held,
    delegation: Object.assign({}, ...findings.map((f) => f.facts)) as DelegationFacts,
    ...((user.kind === 'federated' || findings.some(({ lapses }) => lapses)) && { lapses: true }),
  }
}

/**
 * Microseconds: sessions issued then or earlier are void, because the user, the scope or somebody in the chain was since
 * locked or changed.
 */
export function voidUpTo(
  user: UserRecord,
  scope: ScopeRecord | undefined,
  findings: readonly Finding[] = [],
): number {
  const moments = findings.map(({ tokensValidFrom = 0 }) => tokensValidFrom)
  return Math.max(user.tokensValidFrom, scope?.tokensValidFrom ?? 0, ...moments)
}

/** The row behind a scope, alive; refuses when it is gone or disabled. Undefined for scopes without a row. */
export async function findScope(ctx: Context, scope: Scope): Promise<ScopeRecord | undefined> {
  if (scope.kind === 'unscoped' || scope.kind === 'system') return undefined
  const record = await (scope.kind === 'project'
    ? recallProject(ctx, { id: scope.id })
    : recallDomain(ctx, { id: scope.id }))
  if (!record) return refuse('unauthenticated', `${scope.kind} ${scope.id} is gone`)
  if (!record.alive) return refuse('unauthenticated', `${scope.kind} ${scope.id} is disabled`)
  return record
}

async function isRevoked(ctx: Context, claims: Claims): Promise<boolean> {
  const [token, chain = token] = claims.auditIds
  if (token === undefined || chain === undefined) return true
  const revocations = await findRevocations(ctx.store.db, [
    { kind: 'token', id: token },
    { kind: 'chain', id: chain },
  ])
  return revocations.length > 0
}

/** Remembered like all that is read of the chain's owner: revoking is a change, and every change makes forget. */
async function isChainRevoked(ctx: Context, { auditIds: [, chain] }: Claims): Promise<boolean> {
  if (chain === undefined) return false
  const named = [{ kind: 'chain', id: chain }]
  const revocations = await recall(ctx, ['chain', chain], () => findRevocations(ctx.store.db, named))
  return revocations.length > 0
}

function checkBounds(claims: Claims, findings: readonly Finding[]): void {
  for (const { onlyScope, expiresAt } of findings) {
    if (expiresAt !== undefined && claims.expiresAt > expiresAt) {
      refuse('unauthenticated', 'outlives what it was delegated by')
    }
    if (onlyScope && !sameScope(onlyScope, claims.scope)) {
      refuse('unauthenticated', 'not the scope that was delegated')
    }
  }
}

export function sameScope(a: Scope, b: Scope): boolean {
  return a.kind === b.kind && (!('id' in a) || !('id' in b) || a.id === b.id)
}

async function heldRoles(
  ctx: Context,
  claims: Claims,
  findings: readonly Finding[],
  roles: Roles,
): Promise<readonly RoleFacts[]> {
  if (findings.length === 0) return ownRoles(ctx, claims)
  const stood = findings.find((f) => f.grantedRoles)?.grantedRoles
  const userId = findings.findLast((f) => f.grantsOf !== undefined)?.grantsOf ?? claims.userId
  const groups = findings.flatMap((f) => f.groups ?? [])
  let held = stood
    ? withImplied(stood, roles.implied)
    : await effectiveRolesOf(ctx, { userId, groups }, claims.scope)
  for (const { onlyRoles, mustHoldAll } of findings) {
    if (!onlyRoles) continue
    const allowed = withImplied(onlyRoles, roles.implied)
    if (mustHoldAll && !allowed.isSubsetOf(held)) {
      return refuse('unauthenticated', 'the delegator no longer holds what was delegated')
    }
    held = allowed.intersection(held)
  }
  return shown(held, roles)
}

/** What somebody who acts in person holds: the same for all their sessions there. */
function ownRoles(ctx: Context, { userId, scope }: Claims): Promise<readonly RoleFacts[]> {
  return recall(ctx, ['held', `${userId} ${scopeKey(scope)}`], async () => {
    // Asked for in here, so that what is remembered is of one epoch.
    const roles = await rolesOf(ctx.store)
    return shown(await effectiveRolesOf(ctx, { userId }, scope), roles)
  })
}

/**
 * Whether somebody in person holds a policy of Huawei Cloud on their account as a whole: enough to act there without a
 * role, though only as the policy says. Not on projects, where services take a token for a right.
 */
async function holdsPolicies(ctx: Context, claims: Claims, findings: readonly Finding[]): Promise<boolean> {
  const { userId, scope, via } = claims
  const isInPerson = via.every(({ kind }) => kind === 'federation' || kind === 'access_key')
  if (scope.kind !== 'domain' || !isInPerson) return false
  const given = findings.flatMap((f) => f.groups ?? [])
  const { db } = ctx.store
  const [roles, stored, user] = await Promise.all([
    effectiveRolesOf(ctx, { userId, groups: given }, scope),
    groupIdsOf(db, userId),
    recallUser(ctx, userId),
  ])
  if (user?.domain.id !== scope.id) return false
  const actor = { kind: 'user', id: userId } as const
  const groups = [...given, ...stored]
  const holder = { actor, groups, roles: [...roles], language: 'huawei', projectId: null } as const
  return (await listHeldPolicies(db, holder)).length > 0
}

/** Roles of a domain are a way to group others: what they imply counts, they themselves never reach a token. */
function shown(held: ReadonlySet<string>, { byId }: Roles): readonly RoleFacts[] {
  return [...held].map((id) => byId.get(id)).filter((role): role is RoleFacts => role?.domainId === '')
}

function scopeFacts(scope: Scope, record: ScopeRecord | undefined): ScopeFacts {
  if (scope.kind === 'unscoped' || scope.kind === 'system') return { kind: scope.kind }
  if (!record) return refuse('internal', 'a scope without its row')
  if ('domain' in record) {
    const { id, name, domain, isDomain } = record
    return { kind: 'project', project: { id, name, domain, isDomain } }
  }
  return { kind: 'domain', domain: { id: record.id, name: record.name } }
}
