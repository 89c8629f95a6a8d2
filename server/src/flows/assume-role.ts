/**
 * Assuming a RAM role: a temporary key for a session that is the role's. The session goes on the chain of the one that
 * asked, so that whatever ends that one (its key, its user, a revocation) or the trust ends this one. A session policy
 * travels beside the token and is bound to it by its hash; it can only narrow.
 */
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
import { agencyUser, type Person } from './agencies.ts'
import { writeToken } from './issue-token.ts'
import { issuedMicros, stampOf } from './issued-at.ts'
import type { TemporaryKey } from './key-session.ts'
import { loadSession, voidUpTo } from './load-session.ts'
import { joinSecurityToken, roleSessionText } from './role-session.ts'
import { mayAssumeByProvider, mayAssumeRole } from './role-trust.ts'

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
  /** The identity provider whose token was shown, where the role is assumed by that alone. */
  readonly provider?: string
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
    await auditAssumption(ctx, session, wish, { outcome: 'success', reason: key.access })
    return key
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    await auditAssumption(ctx, session, wish, { outcome: 'refused', reason: error.reason })
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
  const may = async (person: Person): Promise<boolean> =>
    wish.provider === undefined
      ? mayAssumeRole(ctx, role, person, facts)
      : mayAssumeByProvider(ctx, role, wish.provider, facts)
  if (!user || !role.domain.enabled || !(await may({ user, groups }))) {
    return refuse('forbidden', `role ${role.id} is not to be assumed`)
  }
  const access = newStsAccess()
  const { claims } = session
  const issuedAt = Math.max(ctx.now(), issuedMicros(claims), voidUpTo(agencyUser(role), undefined) + 1)
  const derived: Claims = {
    userId: role.id,
    methods: ['assume_role'],
    scope: { kind: 'unscoped' },
    via: [
      ...claims.via,
      {
        kind: 'agency',
        id: role.id,
        assumedBy: user.id,
        session: roleSessionText({ provider: undefined, ...wish }),
      },
      { kind: 'access_key', id: access },
    ],
    ...stampOf(issuedAt, claims.auditIds.at(-1) ?? null),
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

/** `session`: null where nobody was signed in yet. */
export function auditAssumption(
  ctx: Context,
  session: Session | null,
  { role, sessionName, requestId }: Pick<RoleAssumption, 'role' | 'sessionName' | 'requestId'>,
  about: { readonly outcome: string; readonly reason: string },
): Promise<void> {
  return ctx.store.record((tx) =>
    appendAudit(tx, {
      at: ctx.now(),
      action: 'assume_role',
      chain: session?.claims.auditIds.at(-1) ?? '',
      actor_id: session?.user.id ?? '',
      target: `role:${role.id}/${sessionName}`,
      request_id: requestId,
      ...about,
    }),
  )
}
