import type { Context } from '../context.ts'
import type { Session } from '../core/session.ts'
import type { UserRecord } from '../store/identity.ts'
import { stampOf } from './issued-at.ts'
import { loadSession, voidUpTo } from './load-session.ts'

/**
 * The session of a user for whom the operator of this machine vouches: in person and on no scope. No token is made of
 * it. Refuses `unauthenticated` when the user is disabled. `ttl` in seconds.
 */
export function sessionInPerson(ctx: Context, user: UserRecord, ttl: number): Promise<Session> {
  const now = ctx.now()
  return loadSession(
    ctx,
    {
      userId: user.id,
      methods: ['access_key'],
      scope: { kind: 'unscoped' },
      via: [],
      ...stampOf(Math.max(now, voidUpTo(user, undefined) + 1), null),
      expiresAt: Math.floor(now / 1e6) + ttl,
    },
    { user, fresh: true },
  )
}
