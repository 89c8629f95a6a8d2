import { refuse } from '../../../core/refusal.ts'
import { isDelegated } from '../../../core/session.ts'
import { revokeToken } from '../../../flows/revoke-token.ts'
import { isTrue, one } from '../collection.ts'
import { operation } from '../operation.ts'
import { noSubject, subjectOf, subjectTarget } from './validate.ts'

/**
 * `DELETE /v3/auth/tokens`: revokes X-Subject-Token; effective at the next validation in every process. `?chain`, which no
 * client of Keystone sends, revokes with it everything that came of the same sign-in, those who lent a session included: a
 * delegated one may not.
 */
export const revokeTokenOperation = operation({
  id: 'revoke_token',
  method: 'DELETE',
  path: '/v3/auth/tokens',
  policy: 'identity:revoke_token',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  load: (call) => subjectOf(call),
  target: subjectTarget,
  handle: async ({ ctx, caller, operationId, requestId, query }, subject) => {
    const sent = one(query, 'chain')
    const chain = sent !== undefined && isTrue(sent)
    if (chain && isDelegated(caller)) refuse('forbidden', 'a delegated session ends a whole sign-in')
    await revokeToken(
      ctx,
      subject ?? noSubject(),
      { session: caller, action: operationId, requestId },
      { chain },
    )
    return {}
  },
})
