/** `POST /v2/{project_id}/enginemgr/engines/{engine_id}/tokens`: a token of the cloud becomes a token of an engine. */
import { Type } from 'typebox'
import { exchangeEngineToken } from '../../../flows/engine-exchange.ts'
import { readHeaders } from '../headers.ts'
import { operation } from '../operation.ts'

/** The document names no body; an empty one and an empty object are the same. */
const Body = Type.Object({})

export const issueEngineToken = operation({
  id: 'query_rbac_token',
  method: 'POST',
  path: '/v2/:project_id/enginemgr/engines/:engine_id/tokens',
  policy: 'authenticated',
  body: Body,
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'internal'],
  handle: async (call) => {
    const { projectId, enterpriseProjectId, namespace } = readHeaders(call)
    const { text } = await exchangeEngineToken(call.ctx, {
      session: call.caller,
      projectId,
      engineId: call.params['engine_id'] ?? '',
      enterpriseProjectId,
      namespace,
      requestId: call.requestId,
    })
    return { body: { token: text } }
  },
})
