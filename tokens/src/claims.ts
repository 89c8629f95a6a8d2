/**
 * What a token says, before anybody looked anything up.
 *
 * Claims hold identities only, never rights: roles are looked up at every validation, so that a removed
 * grant, a disabled user or a deleted agency takes effect at once. Times are whole seconds since the epoch
 * because that is what every wire and Keystone's own payloads carry.
 */

/** Where a session may act. `system` is Keystone's `{"system": {"all": true}}`. */
export type Scope =
  | { readonly kind: 'unscoped' }
  | { readonly kind: 'project'; readonly id: string }
  | { readonly kind: 'domain'; readonly id: string }
  | { readonly kind: 'system' }

/**
 * One step of delegation: through whom the session acts. Every link is a bound that is looked up again at each
 * validation: when the thing it names is gone, disabled or expired, the session is gone too.
 */
export type Link =
  /** OS-TRUST trust. In a token with this link alone `Claims.userId` is the trustee, as in Keystone's. */
  | { readonly kind: 'trust'; readonly id: string }
  | { readonly kind: 'application_credential'; readonly id: string }
  /** OS-OAUTH1 access token. */
  | { readonly kind: 'oauth1'; readonly id: string }
  /** OS-OAUTH2 token bound to a client certificate (RFC 8705 `x5t#S256`). */
  | { readonly kind: 'oauth2'; readonly thumbprint: string }
  /** A signed-in user of somebody else's identity provider; `groups` are group ids the mapping gave. */
  | {
      readonly kind: 'federation'
      readonly idp: string
      readonly protocol: string
      readonly groups: readonly string[]
    }
  /**
   * An EC2-style credential (id of the stored credential). `id` is empty when the token comes from a Keystone that
   * shares our keys: its tokens say that a credential was used, not which. A lookup of it finds nothing, on purpose.
   */
  | { readonly kind: 'credential'; readonly id: string }
  /** A Huawei/Alibaba access key (its public id, `AK`). */
  | { readonly kind: 'access_key'; readonly id: string }
  /**
   * An agency or RAM role somebody assumed. `Claims.userId` is the agency's id; `assumedBy` the user who acts;
   * `session` the name of a RAM role session, empty for an agency.
   */
  | { readonly kind: 'agency'; readonly id: string; readonly assumedBy: string; readonly session: string }

export interface Claims {
  /** Who the session is. 32 lower-case hex digits as a rule, but any text (federated and imported ids). */
  readonly userId: string
  /**
   * How it was proved, Keystone's names: `password`, `token`, `mapped`, `assume_role` ... A set: Keystone's Fernet
   * payloads keep no order and come back newest configured method first.
   */
  readonly methods: readonly string[]
  readonly scope: Scope
  /** Delegation chain, oldest link first; empty when the user acts in person. */
  readonly via: readonly Link[]
  /**
   * 22 characters of base64url each (16 random bytes): [this token, first token of its chain]. One entry when this
   * token is the first of its chain.
   */
  readonly auditIds: readonly string[]
  /** Seconds since the epoch. */
  readonly issuedAt: number
  /** Seconds since the epoch. Required: a derived session inherits it, there is no default. */
  readonly expiresAt: number
}
