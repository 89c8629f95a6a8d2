import type { Context } from '../context.ts'
import { Refusal } from '../core/refusal.ts'
import { appendAudit } from '../store/audit.ts'
import type { Door } from './federated-login.ts'
import type { Issued } from './issue-token.ts'

/** Reasons are our own words; what stands in them of a configuration or an address is not let grow. */
const LONGEST_REASON = 256

/** The durable line of a federated sign-in. `door`: undefined while it is not known which one it came by. */
export async function auditSignIn(
  ctx: Context,
  door: Door | undefined,
  { requestId }: { readonly requestId: string },
  about: Issued | Refusal,
): Promise<void> {
  const issued = about instanceof Refusal ? undefined : about
  await ctx.store.record((tx) =>
    appendAudit(tx, {
      at: ctx.now(),
      action: 'federated_login',
      outcome: issued ? 'success' : 'refused',
      chain: issued?.session.claims.auditIds.at(-1) ?? '',
      actor_id: issued?.session.user.id ?? '',
      target: door ? `identity_provider:${door.provider.id}/${door.protocol.id}` : '',
      reason: about instanceof Refusal ? about.reason.slice(0, LONGEST_REASON) : '',
      request_id: requestId,
    }),
  )
}
