/**
 * Assuming a RAM role: a temporary key for a session that is the role's. The session goes on the chain of the one that
 * asked, so that whatever ends that one (its key, its user, a revocation) or the trust ends this one. A session policy
 * travels beside the token and is bound to it by its hash; it can only narrow.
 */
import { randomBytes } from 'node:crypto'
import type { Claims } from '@tokenhouse/tokens'
import type { Context } from '../context.ts'
import type { RequestFacts } from '../core/policy/statements/condition.ts'
import { Refusal, refuse } from '../core/refusal.ts'
import type { Session } from '../core/session.ts'
import { guardFault, presenterFault } from '../methods/assume-role/method.ts'
import type { AgencyRecord } from '../store/agencies.ts'
import { appendAudit } from '../store/audit.ts'
import { findUser } from '../store/identity.ts'
import { newStsAccess, temporarySecret } from './access-keys.ts'
import { isTemporary } from './account-administration.ts'
import { agencyUser } from './agencies.ts'
import { writeToken } from './issue-token.ts'
import type { TemporaryKey } from './key-session.ts'
import { loadSession, voidBefore } from './load-session.ts'
import { joinSecurityToken, roleSessionText } from './role-session.ts'
import { mayAssumeRole } from './role-trust.ts'

export interface RoleAssumption {
  readonly role: AgencyRecord
  readonly sessionName: string
  /** Seconds. */
  readonly ttl: number
  /** Text of a session policy. */
  readonly policy: string | undefined
  readonly externalId: string | undefined
  readonly sourceIdentity: string | undefined
  /** Of the request, for conditions. */
  readonly facts: RequestFacts
  readonly requestId: string
}

/**
 * Assumes a role. Refuses `forbidden` for a session that is not a person's own, for whom the role does not trust, and
 * for whom their own policies do not let. Both outcomes are on the audit trail.
 */
export async function assumeRole(
  ctx: Context,
  session: Session,
  wish: RoleAssumption,
): Promise<TemporaryKey> {
  try {
    const key = await keyOfRole(ctx, session, wish)
    await audit(ctx, session, wish, { outcome: 'success', reason: key.access })
    return key
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    await audit(ctx, session, wish, { outcome: 'refused', reason: error.reason })
    if (error.code !== 'unauthenticated') throw error
    return refuse('forbidden', error.reason)
  }
}

async function keyOfRole(ctx: Context, session: Session, wish: RoleAssumption): Promise<TemporaryKey> {
  const { role, facts } = wish
  const fault = presenterFault(session)
  if (fault !== undefined) return refuse('forbidden', `${fault} assumes a role`)
  if (isTemporary(session)) return refuse('forbidden', 'a temporary key assumes a role')
  const now = Math.floor(ctx.now() / 1e6)
  const unmet = guardFault(session, role, wish, now)
  if (unmet !== undefined) return refuse('forbidden', `guard of the role: ${unmet}`)
  const user = await findUser(ctx.store.db, { id: session.user.id })
  const groups = session.delegation.federation?.groups.map(({ id }) => id) ?? []
  if (!user || !role.domain.enabled || !(await mayAssumeRole(ctx, role, { user, groups }, facts))) {
    return refuse('forbidden', `role ${role.id} is not to be assumed`)
  }
  const access = newStsAccess()
  const { claims } = session
  const derived: Claims = {
    userId: role.id,
    methods: ['assume_role'],
    scope: { kind: 'unscoped' },
    via: [
      ...claims.via,
      { kind: 'agency', id: role.id, assumedBy: user.id, session: roleSessionText(wish) },
      { kind: 'access_key', id: access },
    ],
    auditIds: [randomBytes(16).toString('base64url'), claims.auditIds.at(-1) ?? ''],
    issuedAt: Math.max(now, claims.issuedAt, voidBefore(agencyUser(role), undefined) + 1),
    expiresAt: Math.min(claims.expiresAt, now + wish.ttl),
  }
  await loadSession(ctx, derived)
  const token = await writeToken(ctx, derived)
  return {
    access,
    secret: temporarySecret(ctx, access),
    securityToken: joinSecurityToken(token, wish.policy),
    expiresAt: derived.expiresAt,
  }
}

function audit(
  ctx: Context,
  session: Session,
  { role, sessionName, requestId }: RoleAssumption,
  about: { readonly outcome: string; readonly reason: string },
): Promise<void> {
  return ctx.store.record((tx) =>
    appendAudit(tx, {
      at: ctx.now(),
      action: 'assume_role',
      chain: session.claims.auditIds.at(-1) ?? '',
      actor_id: session.user.id,
      target: `role:${role.id}/${sessionName}`,
      request_id: requestId,
      ...about,
    }),
  )
}
