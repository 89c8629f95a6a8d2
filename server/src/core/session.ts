/**
 * A session: claims together with the live facts they were checked against. Every decision is made on a session, never
 * on a token's text and never on the scope alone: `via` carries the delegation chain.
 */
import type { Claims } from '@tokenhouse/tokens'
import type { StatementPolicy } from './policy/statements/statement.ts'

export interface Named {
  readonly id: string
  readonly name: string
}

export interface UserFacts extends Named {
  /** The name of a federated user is what their provider says, and may be that of a local one too. */
  readonly kind: 'local' | 'federated'
  readonly domain: Named
  /** Microseconds; null when the password never expires or there is none. */
  readonly passwordExpiresAt: number | null
}

export interface ProjectFacts extends Named {
  readonly domain: Named
  /** A domain acting as a project. */
  readonly isDomain: boolean
}

export type ScopeFacts =
  | { readonly kind: 'unscoped' }
  | { readonly kind: 'system' }
  | { readonly kind: 'domain'; readonly domain: Named }
  | { readonly kind: 'project'; readonly project: ProjectFacts }

export interface RoleFacts extends Named {
  /** '' for a global role. */
  readonly domainId: string
  readonly description: string | null
  readonly options: Readonly<Record<string, unknown>>
}

export interface TrustFacts {
  readonly id: string
  readonly trustorUserId: string
  readonly trusteeUserId: string
  readonly impersonation: boolean
}

export interface AccessRuleFacts {
  readonly id: string
  readonly service: string
  readonly path: string
  readonly method: string
}

export interface ApplicationCredentialFacts extends Named {
  readonly unrestricted: boolean
  /** Microseconds; null when it does not expire. */
  readonly expiresAt: number | null
  /** null when the credential carries no access rules. */
  readonly accessRules: readonly AccessRuleFacts[] | null
}

export interface FederationFacts {
  readonly idp: string
  readonly protocol: string
  readonly groups: readonly Named[]
}

export interface AgencyFacts extends Named {
  readonly assumedBy: UserFacts
}

/** What the links of the chain turned out to be. */
export interface DelegationFacts {
  readonly trust?: TrustFacts
  readonly applicationCredential?: ApplicationCredentialFacts
  readonly federation?: FederationFacts
  readonly oauth1?: { readonly accessTokenId: string; readonly consumerId: string }
  readonly agency?: AgencyFacts
}

export interface Session {
  readonly claims: Claims
  readonly user: UserFacts
  readonly scope: ScopeFacts
  readonly roles: readonly RoleFacts[]
  readonly delegation: DelegationFacts
  /** Some of its rights end by themselves, without a change in the database: memberships that a mapping gave. */
  readonly lapses?: boolean
  /** A session policy that came with a temporary key: the session has nothing that this does not allow. */
  readonly narrowedBy?: StatementPolicy
}

/** True when somebody or something stands between the user and the session: a trust, a key, an agency ... */
export function isDelegated(session: Session): boolean {
  return session.claims.via.some((link) => link.kind !== 'federation')
}
