import type { Context } from '../context.ts'
import type { Session } from '../core/session.ts'
import { forgetOldRevocations, revoke } from '../store/revocations.ts'
import { type Actor, change } from './change.ts'

/** How long the end of a chain is remembered at least, in seconds: longer than tokens live wherever it was not set otherwise. */
const CHAIN_REMEMBERED = 90 * 86_400

/**
 * Revokes one token, by what is inside it and not by its text (CVE-2015-7546), or with `chain` every token that
 * descends from the same sign-in, keys and agencies' sessions too. Durable when this resolves; effective at the next
 * validation everywhere.
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
  const { allowExpiredWindow, tokenTtl, huaweiTokenTtl } = ctx.settings
  // Others of the chain may last longer than this one does.
  const last = options.chain
    ? now / 1e6 + Math.max(CHAIN_REMEMBERED, tokenTtl, huaweiTokenTtl)
    : subject.claims.expiresAt
  // Expired tokens can be shown with allow_expired; the revocation outlives that window too (CVE-2013-2104).
  const until = Math.ceil(last + allowExpiredWindow) * 1e6
  await change(ctx, by, `${named.kind}:${named.id}`, async (tx) => {
    await forgetOldRevocations(tx, now)
    await revoke(tx, { ...named, revokedAt: now, until })
  })
}
