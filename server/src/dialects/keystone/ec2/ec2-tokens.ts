/** `POST /v3/ec2tokens` and `/v3/s3tokens`: a service shows a signature and gets the signer's session (CVE-2025-65073). */
import { type Static, Type } from 'typebox'
import { refuse } from '../../../core/refusal.ts'
import { ec2Login, s3Login } from '../../../flows/ec2-login.ts'
import type { Issued } from '../../../flows/issue-token.ts'
import type { SignedRequest } from '../../../methods/ec2/signature.ts'
import { catalogOf } from '../../../store/catalog.ts'
import { type Call, operation } from '../operation.ts'
import { type TokenStyle, tokenBody } from '../tokens/token-body.ts'

const Texts = Type.Record(Type.String(), Type.Unknown())
const Credentials = Type.Object({
  access: Type.Optional(Type.String()),
  signature: Type.Optional(Type.String()),
  verb: Type.Optional(Type.String()),
  host: Type.Optional(Type.String()),
  path: Type.Optional(Type.String()),
  params: Type.Optional(Texts),
  headers: Type.Optional(Texts),
  body_hash: Type.Optional(Type.String()),
  token: Type.Optional(Type.String()),
})
/** Callers name the same thing in three ways. */
const Body = Type.Object({
  credentials: Type.Optional(Credentials),
  credential: Type.Optional(Credentials),
  ec2Credentials: Type.Optional(Credentials),
})

function credentialsOf({ body, rawBody }: Call<Static<typeof Body>>): Static<typeof Credentials> {
  if (rawBody.length === 0 || Object.keys(body).length === 0) {
    refuse('bad_request', 'no body', { message: 'request must include a request body' })
  }
  return body.credentials ?? body.credential ?? body.ec2Credentials ?? {}
}

function demanded(value: string | undefined, name: string): string {
  return value ?? refuse('unauthenticated', `${name} of a signature missing`)
}

function texts(given: Readonly<Record<string, unknown>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]))
}

async function answer(
  call: Pick<Call, 'ctx'>,
  { text, session }: Issued,
  style: TokenStyle,
  withText: boolean,
) {
  const headers = { 'content-type': 'application/json', ...(withText ? { 'x-subject-token': text } : {}) }
  return { headers, body: tokenBody(session, { catalog: await catalogOf(call.ctx.store) }, style) }
}

export function ec2TokenOperations(style: TokenStyle) {
  return [
    operation({
      id: 'ec2tokens_validate',
      method: 'POST',
      path: '/v3/ec2tokens',
      policy: 'identity:ec2tokens_validate',
      body: Body,
      success: 200,
      refusals: ['bad_request', 'unauthenticated', 'forbidden'],
      handle: async (call) => {
        const sent = credentialsOf(call)
        const request: SignedRequest = {
          access: demanded(sent.access, 'access'),
          signature: demanded(sent.signature, 'signature'),
          verb: sent.verb ?? '',
          host: sent.host ?? '',
          path: sent.path ?? '',
          params: texts(sent.params),
          headers: texts(sent.headers),
          bodyHash: sent.body_hash ?? '',
        }
        return answer(call, await ec2Login(call.ctx, request), style, true)
      },
    }),
    operation({
      id: 's3tokens_validate',
      method: 'POST',
      path: '/v3/s3tokens',
      policy: 'identity:s3tokens_validate',
      body: Body,
      success: 200,
      refusals: ['bad_request', 'unauthenticated', 'forbidden'],
      handle: async (call) => {
        const sent = credentialsOf(call)
        const issued = await s3Login(call.ctx, {
          access: demanded(sent.access, 'access'),
          signature: demanded(sent.signature, 'signature'),
          text: Buffer.from(demanded(sent.token, 'token'), 'base64url').toString('utf8'),
        })
        return answer(call, issued, style, false)
      },
    }),
  ]
}
