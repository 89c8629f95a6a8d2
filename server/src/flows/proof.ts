import type { Link, Scope } from '@tokenhouse/tokens'
import type { Session } from '../core/session.ts'
import type { UserRecord } from '../store/identity.ts'

/** What a way of proving oneself has shown. */
export interface Proof {
  /** Whose session it will be. For an agency or a role this is its own row-like record. */
  readonly user: UserRecord
  /** Methods this proof adds, oldest first. */
  readonly methods: readonly string[]
  readonly via: readonly Link[]
  /** Seconds; the session must not outlive it. null: nothing but the configured lifetime bounds it. */
  readonly expiresAt: number | null
  /** Audit chain it goes on, null for a new one. */
  readonly chain: string | null
  /** The session it was made from, when it was. */
  readonly parent: Session | null
  /** The only scope it can have, when there is only one. */
  readonly onlyScope: Scope | null
}
