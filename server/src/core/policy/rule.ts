import type { CheckSource } from './check.ts'

export type ScopeType = 'system' | 'domain' | 'project'

/** A method and path that a rule guards; the path as Keystone documents it: `/v3/users/{user_id}`. */
export interface GuardedOperation {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
}

/** A built-in rule. */
export interface Rule {
  /** `identity:create_user`; a helper rule, which other rules refer to, has no prefix. */
  readonly name: string
  readonly check: string
  /** What Keystone allowed before and still does unless new defaults are enforced; only where it allows more. */
  readonly deprecatedCheck?: string
  /** Scopes a session may have; none: any. A session without a scope counts as one on a project. */
  readonly scopeTypes: readonly ScopeType[]
  /** Empty for helper rules. */
  readonly operations: readonly GuardedOperation[]
  readonly description: string
}

/** A rule as it is in force. */
export interface EffectiveRule {
  readonly name: string
  readonly check: CheckSource
  readonly scopeTypes: readonly ScopeType[]
  readonly operations: readonly GuardedOperation[]
  readonly description: string
  /** Line of the operator's file that the check comes from; null for a built-in one. */
  readonly line: number | null
}
