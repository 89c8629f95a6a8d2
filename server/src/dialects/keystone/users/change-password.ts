import { Type } from 'typebox'
import { changePassword as changeStored } from '../../../flows/passwords.ts'
import { publicOperation } from '../operation.ts'

const Body = Type.Object({
  user: Type.Object(
    { original_password: Type.String(), password: Type.String() },
    { additionalProperties: false },
  ),
})

/**
 * `POST /v3/users/{user_id}/password`: users change their own password. The original one is all the proof there is, so
 * that an expired password can be changed; a token sent along is not looked at.
 */
export const changePassword = publicOperation({
  id: 'change_password',
  method: 'POST',
  path: '/v3/users/:user_id/password',
  policy: 'public',
  body: Body,
  success: 204,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'busy'],
  handle: async ({ ctx, params, body, operationId, requestId, remoteAddress }) => {
    const { original_password: original, password } = body.user
    const wanted = { userId: params['user_id'] ?? '', original, password, address: remoteAddress }
    await changeStored(ctx, wanted, { session: null, action: operationId, requestId })
    return {}
  },
})
