import { refuse } from '../../core/refusal.ts'
import { findAccessToken } from '../../store/oauth1.ts'
import type { LoadLink } from './link.ts'

/** An OS-OAUTH1 access token: the authorizing user's rights on one project, narrowed to the roles they chose. */
export const loadOauth1: LoadLink<'oauth1'> = async (ctx, link, claims) => {
  const token = await findAccessToken(ctx.store.db, link.id)
  if (!token) return refuse('unauthenticated', `access token ${link.id} is gone`)
  if (token.authorizingUserId !== claims.userId) {
    return refuse('unauthenticated', `access token ${link.id} is another user's`)
  }
  if (token.expiresAt !== null && token.expiresAt <= ctx.now()) {
    return refuse('unauthenticated', `access token ${link.id} has expired`)
  }
  return {
    facts: { oauth1: { accessTokenId: token.id, consumerId: token.consumerId } },
    // An access token that names no roles gives none (CVE-2020-12690).
    onlyRoles: token.roleIds,
    onlyScope: { kind: 'project', id: token.projectId },
    ...(token.expiresAt === null ? {} : { expiresAt: Math.floor(token.expiresAt / 1e6) }),
  }
}
