import { refuse } from '../../core/refusal.ts'
import { findAccessKey } from '../../store/access-keys.ts'
import { isTemporaryAccess } from '../access-keys.ts'
import type { LoadLink } from './link.ts'

/**
 * An access key. A permanent one has to be there, active, and its user's; a temporary one is as good as the rest of its
 * chain, since it has no life of its own.
 */
export const loadAccessKey: LoadLink<'access_key'> = async (ctx, link, claims) => {
  if (isTemporaryAccess(link.id)) return { facts: {} }
  const key = await findAccessKey(ctx.store.db, link.id)
  if (key?.status !== 'Active') return refuse('unauthenticated', `access key ${link.id} is gone or off`)
  const acting = claims.via.find((other) => other.kind === 'agency')?.assumedBy ?? claims.userId
  if (key.userId !== acting) return refuse('unauthenticated', `access key ${link.id} is another user's`)
  return { facts: {} }
}
