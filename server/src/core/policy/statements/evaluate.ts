/** The decision: an explicit Deny wins over any Allow, an Allow over nothing at all; a session policy only narrows. */
import { holds, type RequestFacts } from './condition.ts'
import type { Statement, StatementPolicy } from './statement.ts'
import { matchesResource, matchesWildcard } from './wildcard.ts'

export interface AccessRequest {
  /** `edas:ReadNamespace`, `iam:agencies:assume`. */
  readonly action: string
  /** ARN, URN or `/iam/agencies/<id>`. */
  readonly resource: string
  readonly facts: RequestFacts
}

export interface PolicySet {
  /** Policies attached to who asks (and to the groups they are in). */
  readonly identity: readonly StatementPolicy[]
  /** Policies the session was narrowed with, all of which must allow. Absent: not narrowed. */
  readonly session?: readonly StatementPolicy[]
}

export interface Decision {
  readonly allowed: boolean
  /** `allow`, an explicit `deny`, or nobody said anything. */
  readonly effect: 'allow' | 'deny' | 'implicit_deny'
  /** The statement that decided, and where it stands. */
  readonly decidedBy?: {
    readonly policy: string
    readonly index: number
    readonly kind: 'identity' | 'session'
  }
}

/** Decides a request. No policy, no right: the empty set denies. */
export function evaluate(policies: PolicySet, request: AccessRequest): Decision {
  const kinds = [
    ...(policies.session ?? []).map((policy) => ({ kind: 'session' as const, list: [policy] })),
    { kind: 'identity' as const, list: policies.identity },
  ]
  for (const { kind, list } of kinds) {
    const denied = firstMatch(list, 'Deny', request)
    if (denied) return { allowed: false, effect: 'deny', decidedBy: { ...denied, kind } }
  }
  let last: Decision = { allowed: false, effect: 'implicit_deny' }
  for (const { kind, list } of kinds) {
    const allowed = firstMatch(list, 'Allow', request)
    if (!allowed) return { allowed: false, effect: 'implicit_deny' }
    last = { allowed: true, effect: 'allow', decidedBy: { ...allowed, kind } }
  }
  return last
}

function firstMatch(
  policies: readonly StatementPolicy[],
  effect: Statement['effect'],
  request: AccessRequest,
): { readonly policy: string; readonly index: number } | undefined {
  for (const { name, statements } of policies) {
    const index = statements.findIndex((s) => s.effect === effect && applies(s, request))
    if (index !== -1) return { policy: name, index }
  }
  return undefined
}

/** Whether a statement speaks of the request at all. Actions are compared without regard to case. */
export function applies(statement: Statement, request: AccessRequest): boolean {
  const { actions, notActions, resources, notResources, conditions } = statement
  const action = request.action.toLowerCase()
  const named = (patterns: readonly string[]): boolean =>
    patterns.some((pattern) => matchesWildcard(pattern.toLowerCase(), action))
  if (actions ? !named(actions) : named(notActions ?? [])) return false
  const meant = (patterns: readonly string[]): boolean =>
    patterns.some((pattern) => matchesResource(pattern, request.resource))
  if (resources && !meant(resources)) return false
  if (notResources && meant(notResources)) return false
  return conditions.every((condition) => holds(condition, request.facts))
}

/** For asking again later: what was allowed under a condition stays so, what is denied under one was decided when it was asked. */
export function withoutConditions({ name, statements }: StatementPolicy): StatementPolicy {
  return {
    name,
    statements: statements
      .filter(({ effect, conditions }) => effect === 'Allow' || conditions.length === 0)
      .map((statement) => ({ ...statement, conditions: [] })),
  }
}
