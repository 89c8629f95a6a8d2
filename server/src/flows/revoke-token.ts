import type { Context } from '../context.ts'
import type { Session } from '../core/session.ts'
import { forgetOldRevocations, revoke } from '../store/revocations.ts'
import { type Actor, change } from './change.ts'

/**
 * Revokes one token, by what is inside it and not by its text (CVE-2015-7546), or with `chain` every token that
 * descends from the same sign-in. Durable when this resolves; effective at the next validation everywhere.
 */
export async function revokeToken(
  ctx: Context,
  subject: Session,
  by: Actor,
  options: { readonly chain?: boolean } = {},
): Promise<void> {
  const [token = '', chain = token] = subject.claims.auditIds
  const named = options.chain ? { kind: 'chain', id: chain } : { kind: 'token', id: token }
  const now = ctx.now()
  // Expired tokens can be shown with allow_expired; the revocation outlives that window too (CVE-2013-2104).
  const until = (subject.claims.expiresAt + ctx.settings.allowExpiredWindow) * 1e6
  const latest = options.chain ? now + ctx.settings.allowExpiredWindow * 1e6 + 86_400e6 : until
  await change(ctx, by, `${named.kind}:${named.id}`, async (tx) => {
    await forgetOldRevocations(tx, now)
    await revoke(tx, { ...named, revokedAt: now, until: Math.max(until, latest) })
  })
}
