/**
 * Links of a delegation chain. Each kind has one loader, which looks the thing up again at every validation and says
 * what it allows: whose grants count, which roles at the most, on which scope only, until when. A loader refuses when
 * the thing is gone, disabled, expired or used up. `load-session.ts` combines the findings; nothing else interprets
 * them, so authority can only shrink along a chain.
 */
import type { Claims, Link, Scope } from '@tokenhouse/tokens'
import type { Context } from '../../context.ts'
import type { DelegationFacts } from '../../core/session.ts'
import type { UserRecord } from '../../store/identity.ts'

export interface Finding {
  readonly facts: DelegationFacts
  /** Who the session acts as, when that is no row of `user` (an agency). */
  readonly actsAs?: UserRecord
  /** The user whose grants count instead of the session user's (a trust's first trustor). */
  readonly grantsOf?: string
  /** Grants that stand in for the grantee's own (an agency's). Role ids, implied ones not yet added. */
  readonly grantedRoles?: readonly string[]
  /** No other roles than these and what they imply. */
  readonly onlyRoles?: readonly string[]
  /** All of `onlyRoles` must still be held, or the whole session is void (trusts). */
  readonly mustHoldAll?: boolean
  /** The only scope there is. */
  readonly onlyScope?: Scope
  /** Seconds since the epoch; the session must end by then. */
  readonly expiresAt?: number
  /** Microseconds: sessions made up to then are void, because somebody the chain stands on was locked or changed. */
  readonly tokensValidFrom?: number
  /** The grants that count may end by themselves, without a change in the database: memberships that a mapping gave. */
  readonly lapses?: boolean
  /** Group ids that count as the user's (federation). */
  readonly groups?: readonly string[]
}

/** What a loader may know of the session: whose, where, and the whole chain. */
export type LinkClaims = Pick<Claims, 'userId' | 'scope' | 'via'>

export type LoadLink<K extends Link['kind']> = (
  ctx: Context,
  link: Extract<Link, { kind: K }>,
  claims: LinkClaims,
) => Promise<Finding>
