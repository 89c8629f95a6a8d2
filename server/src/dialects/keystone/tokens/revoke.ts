import { revokeToken } from '../../../flows/revoke-token.ts'
import { operation } from '../operation.ts'
import { noSubject, subjectOf, subjectTarget } from './validate.ts'

/** `DELETE /v3/auth/tokens`: revokes X-Subject-Token; effective at the next validation in every process. */
export const revokeTokenOperation = operation({
  id: 'revoke_token',
  method: 'DELETE',
  path: '/v3/auth/tokens',
  policy: 'identity:revoke_token',
  success: 204,
  refusals: ['unauthenticated', 'forbidden', 'not_found'],
  load: (call) => subjectOf(call),
  target: subjectTarget,
  handle: async ({ ctx, caller, operationId, requestId }, subject) => {
    await revokeToken(ctx, subject ?? noSubject(), { session: caller, action: operationId, requestId })
    return {}
  },
})
