/**
 * Whom the text of a trust's token names. Claims say who acts: the trustor when the trust impersonates. Keystone's payloads
 * say who holds the token, the trustee, and Keystone refuses any other; so texts are written and read that way, and two
 * services with the same keys accept each other's. Chains of several links have no form of Keystone's and stay as they are.
 */
import type { Claims } from '@tokenhouse/tokens'
import type { Context } from '../context.ts'
import { refuse } from '../core/refusal.ts'
import { findTrust, type TrustRecord } from '../store/trusts.ts'

/** Claims as a token's text is to have them: naming the trustee. */
export async function asWritten(ctx: Context, claims: Claims): Promise<Claims> {
  const trust = await onlyTrust(ctx, claims)
  return trust ? { ...claims, userId: trust.trusteeUserId } : claims
}

/** Claims read from a text, naming who acts. Refuses `unauthenticated` when they name anybody but the trustee. */
export async function asActing(ctx: Context, claims: Claims): Promise<Claims> {
  const trust = await onlyTrust(ctx, claims)
  if (!trust) return claims
  if (claims.userId !== trust.trusteeUserId) {
    return refuse('unauthenticated', `trust ${trust.id} is not held by this user`)
  }
  return trust.impersonation ? { ...claims, userId: trust.trustorUserId } : claims
}

/** The trust that is the whole chain; undefined when there is none (a trust that is gone is refused with its link). */
function onlyTrust(ctx: Context, { via }: Claims): Promise<TrustRecord | undefined> | undefined {
  const [link, ...others] = via
  return link?.kind === 'trust' && others.length === 0 ? findTrust(ctx.store.db, link.id) : undefined
}
