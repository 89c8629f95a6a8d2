import type { Context } from '../context.ts'
import type { Session } from '../core/session.ts'
import { appendAudit } from '../store/audit.ts'
import type { Db } from '../store/store.ts'

/** Who changes something, through which operation, in which request. */
export interface Actor {
  /** null on the command line of the machine itself. */
  readonly session: Session | null
  readonly action: string
  readonly requestId: string
}

/**
 * The way every change is made: the change and its audit line commit together, on disk before this resolves, and the
 * epoch advances with them. `target` names what is changed (`user:<id>`).
 */
export function change<T>(ctx: Context, by: Actor, target: string, make: (tx: Db) => Promise<T>): Promise<T> {
  return ctx.store.write(async (tx) => {
    const value = await make(tx)
    await appendAudit(tx, {
      at: ctx.now(),
      action: by.action,
      outcome: 'success',
      chain: by.session?.claims.auditIds.at(-1) ?? '',
      actor_id: by.session?.user.id ?? '',
      target,
      reason: '',
      request_id: by.requestId,
    })
    return value
  })
}
