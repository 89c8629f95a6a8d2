/**
 * `POST /v3.0/OS-AUTH/id-token/tokens` (Huawei Cloud IAM, "Obtaining a Token with an OpenID Connect ID Token"): an ID token
 * in the body, the provider in `X-Idp-Id`, its protocol `oidc`. With a scope the answer is a scoped token.
 */
import { Type } from 'typebox'
import { refuse } from '../../../core/refusal.ts'
import { issueToken } from '../../../flows/issue-token.ts'
import { bearerLogin } from '../../../flows/oidc-login.ts'
import { catalogOf } from '../../../store/catalog.ts'
import { publicOperation } from '../operation.ts'
import { accountScopeFrom } from '../tokens/auth-request.ts'
import { tokenBody } from '../tokens/token-body.ts'
import { requestOf, type SignInOptions } from './sign-in.ts'

const Reference = Type.Object({ id: Type.Optional(Type.String()), name: Type.Optional(Type.String()) })
const Body = Type.Object({
  auth: Type.Object({
    id_token: Type.Object({ id: Type.String({ minLength: 1 }) }),
    scope: Type.Optional(
      Type.Object({ domain: Type.Optional(Reference), project: Type.Optional(Reference) }),
    ),
  }),
})

export const idTokenOperation = ({ style, ttl }: SignInOptions) =>
  publicOperation({
    id: 'create_token_with_id_token',
    method: 'POST',
    path: '/v3.0/OS-AUTH/id-token/tokens',
    policy: 'public',
    body: Body,
    success: 201,
    refusals: ['bad_request', 'unauthenticated', 'unsupported_method', 'forbidden', 'unavailable'],
    handle: async (call) => {
      const { ctx, headers, query, requestId } = call
      const { auth } = call.body
      const idpId = headers['x-idp-id']?.toString()
      if (!idpId) return refuse('bad_request', 'no X-Idp-Id', { message: 'The header X-Idp-Id is missing.' })
      const signedIn = await bearerLogin(
        ctx,
        { idpId, protocolId: 'oidc' },
        { text: auth.id_token.id, idOnly: true },
        requestOf(call, ttl, 'program'),
      )
      const { text, session } = auth.scope
        ? await issueToken(ctx, {
            identity: { methods: ['token'], payloads: { token: { id: signedIn.text } } },
            scope: accountScopeFrom({ identity: { methods: ['token'] }, scope: auth.scope }),
            presenter: { session: null },
            ttl,
            requestId,
          })
        : signedIn
      const nocatalog = query['nocatalog'] !== undefined
      const shown = auth.scope ? { catalog: await catalogOf(ctx.store), nocatalog } : null
      return {
        headers: { 'x-subject-token': text, 'content-type': 'application/json' },
        body: tokenBody(session, shown, style),
      }
    },
  })
