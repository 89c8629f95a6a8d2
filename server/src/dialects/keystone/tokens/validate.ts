import { Refusal, refuse } from '../../../core/refusal.ts'
import type { Session } from '../../../core/session.ts'
import { validateToken } from '../../../flows/validate-token.ts'
import type { Incoming, PolicyTarget } from '../../../http/operation.ts'
import { catalogOf } from '../../../store/catalog.ts'
import { isAllowed } from '../collection.ts'
import { type Call, operation } from '../operation.ts'
import { notFoundText } from './issue.ts'
import { type TokenStyle, tokenBody } from './token-body.ts'

/** `GET` and `HEAD /v3/auth/tokens`: the session of X-Subject-Token, for its own user, services and readers. */
export function validateOperation(style: TokenStyle) {
  return operation({
    id: 'validate_token',
    method: 'GET',
    path: '/v3/auth/tokens',
    policy: 'identity:validate_token',
    otherPolicies: ['identity:check_token'],
    success: 200,
    refusals: ['unauthenticated', 'forbidden', 'not_found'],
    load: (call) => subjectOf(call, { allowExpired: isAllowed(call.query, 'allow_expired') }),
    ruleFor: (_subject, { method }) => ruleOf(method),
    target: subjectTarget,
    handle: async ({ ctx, query, headers, method }, loaded) => {
      const subject = loaded ?? noSubject()
      demandAccessRulesSupport(subject, headers)
      const answer = {
        'x-subject-token': String(headers['x-subject-token']),
        'content-type': 'application/json',
      }
      if (method === 'HEAD') return { headers: answer }
      const shown = { catalog: await catalogOf(ctx.store), nocatalog: query['nocatalog'] !== undefined }
      return { headers: answer, body: tokenBody(subject, shown, style) }
    },
  })
}

/** The rule that lets look at a token by this method. */
export function ruleOf(method: string): string {
  return method === 'HEAD' ? 'identity:check_token' : 'identity:validate_token'
}

/** The session of X-Subject-Token, or Keystone's 404; undefined when the request names none. */
export async function subjectOf(
  call: Pick<Call, 'ctx' | 'headers'>,
  options: { readonly allowExpired?: boolean } = {},
): Promise<Session | undefined> {
  const text = call.headers['x-subject-token']
  if (typeof text !== 'string' || text === '') return undefined
  try {
    return await validateToken(call.ctx, text, options)
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'unauthenticated') throw error
    throw new Refusal('not_found', error.reason, { message: notFoundText(error) })
  }
}

/** Told only to those who may look at anybody's token. */
export function noSubject(): never {
  return refuse('not_found', 'no X-Subject-Token', { message: 'No token in the request' })
}

export function subjectTarget(subject: Session | undefined): PolicyTarget {
  if (!subject) return {}
  return {
    'target.token.user_id': subject.user.id,
    'target.token.user.domain.id': subject.user.domain.id,
  }
}

/** Who cannot enforce access rules is not told that the token is good (Identity API, "access rules"). */
export function demandAccessRulesSupport(subject: Session, headers: Incoming['headers']): void {
  if (!subject.delegation.applicationCredential?.accessRules) return
  if (Number(headers['openstack-identity-access-rules'] ?? 0) >= 1) return
  refuse('not_found', 'access rules not supported by the caller', { message: 'Failed to validate token' })
}
