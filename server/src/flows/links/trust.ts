import { refuse } from '../../core/refusal.ts'
import { findUser } from '../../store/identity.ts'
import { findTrust } from '../../store/trusts.ts'
import type { LoadLink } from './link.ts'

/**
 * A trust: the trustor's rights on the trust's project, exactly the delegated roles. A redelegated trust hangs on the
 * trusts above it: the grants that count are those of the first trustor, and every trust on the way must live.
 */
export const loadTrust: LoadLink<'trust'> = async (ctx, link, claims) => {
  const { db } = ctx.store
  const trust = await findTrust(db, link.id)
  if (!trust) return refuse('unauthenticated', `trust ${link.id} is gone`)
  const actsAs = trust.impersonation ? trust.trustorUserId : trust.trusteeUserId
  if (claims.userId !== actsAs) return refuse('unauthenticated', `trust ${link.id} is not for this user`)

  let first = trust
  let expiresAt = trust.expiresAt
  const seen = new Set([trust.id])
  while (first.redelegatedTrustId !== null) {
    const parent = await findTrust(db, first.redelegatedTrustId)
    if (!parent || seen.has(parent.id)) return refuse('unauthenticated', `trust above ${first.id} is gone`)
    seen.add(parent.id)
    if (parent.expiresAt !== null) expiresAt = Math.min(expiresAt ?? parent.expiresAt, parent.expiresAt)
    first = parent
  }
  if (expiresAt !== null && expiresAt <= ctx.now())
    return refuse('unauthenticated', `trust ${link.id} has expired`)
  let tokensValidFrom = 0
  let lapses = false
  for (const id of new Set([trust.trustorUserId, trust.trusteeUserId, first.trustorUserId])) {
    const user = await findUser(db, { id })
    if (!user?.enabled || !user.domain.enabled)
      return refuse('unauthenticated', `user ${id} of a trust is disabled`)
    tokensValidFrom = Math.max(tokensValidFrom, user.tokensValidFrom)
    lapses ||= user.kind === 'federated'
  }
  return {
    facts: {
      trust: {
        id: trust.id,
        trustorUserId: trust.trustorUserId,
        trusteeUserId: trust.trusteeUserId,
        impersonation: trust.impersonation,
      },
    },
    grantsOf: first.trustorUserId,
    onlyRoles: trust.roleIds,
    mustHoldAll: true,
    tokensValidFrom,
    lapses,
    onlyScope: trust.projectId === null ? { kind: 'unscoped' } : { kind: 'project', id: trust.projectId },
    ...(expiresAt === null ? {} : { expiresAt: Math.floor(expiresAt / 1e6) }),
  }
}
