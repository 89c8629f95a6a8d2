/**
 * `GET` and `POST /v3/OS-FEDERATION/identity_providers/{idp}/protocols/{protocol}/auth`: an unscoped token for who shows a
 * token of the provider, or a request for its provider to who offers to carry one. In Keystone an Apache module stands in front of this path; here nothing does.
 */
import { refuse } from '../../../core/refusal.ts'
import { type FederatedRequest, openDoor } from '../../../flows/federated-login.ts'
import { bearerLogin, oidcConfigOf } from '../../../flows/oidc-login.ts'
import { beginEcp } from '../../../flows/saml-login.ts'
import type { Incoming, Method } from '../../../http/operation.ts'
import { publicOperation } from '../operation.ts'
import { type TokenStyle, tokenBody } from '../tokens/token-body.ts'
import { ownEntity } from './saml-entity.ts'

export interface SignInOptions {
  readonly style: TokenStyle
  /** Seconds a token lives. */
  readonly ttl: number
  /** Providers belong to the account that makes them, and mappings mean its groups (Huawei Cloud). */
  readonly accountScopes?: boolean
}

/** What a sign-in is asked for with: by a program, or by a browser on its way to a dashboard. */
export function requestOf(
  { requestId, remoteAddress: address }: Pick<Incoming, 'requestId' | 'remoteAddress'>,
  ttl: number,
  way: FederatedRequest['from']['way'],
): FederatedRequest {
  return { ttl, requestId, from: { address, way } }
}

/** The token of an `Authorization: Bearer` header; undefined when there is none. */
export function bearerOf({ headers }: Pick<Incoming, 'headers'>): string | undefined {
  return /^Bearer +([\x21-\x7e]+) *$/i.exec(headers.authorization ?? '')?.[1]
}

/** A program that offers to carry a request to its provider says so (SAML 2.0 ECP). */
const PAOS = 'application/vnd.paos+xml'

const signIn = (id: string, method: Method, { style, ttl }: SignInOptions) =>
  publicOperation({
    id,
    method,
    path: '/v3/OS-FEDERATION/identity_providers/:idp_id/protocols/:protocol_id/auth',
    policy: 'public',
    success: 201,
    refusals: [
      'bad_request',
      'unauthenticated',
      'unsupported_method',
      'forbidden',
      'more_factors_needed',
      'busy',
      'unavailable',
    ],
    handle: async (call) => {
      const { ctx, params } = call
      const door = await openDoor(ctx, params['idp_id'] ?? '', params['protocol_id'] ?? '')
      if (call.headers.accept?.includes(PAOS)) {
        const envelope = await beginEcp(ctx, door, ownEntity(call))
        return { status: 200, headers: { 'content-type': PAOS, 'cache-control': 'no-store' }, body: envelope }
      }
      if (!(await oidcConfigOf(ctx, door.provider.id))) {
        return refuse('unsupported_method', `${door.provider.id} has no configuration to sign in by`)
      }
      const text = bearerOf(call) ?? refuse('unauthenticated', 'no bearer token')
      const { text: token, session } = await bearerLogin(ctx, door, { text }, requestOf(call, ttl, 'program'))
      return {
        headers: { 'x-subject-token': token, 'content-type': 'application/json' },
        body: tokenBody(session, null, style),
      }
    },
  })

export const signInOperations = (options: SignInOptions) => [
  signIn('federated_login_get', 'GET', options),
  signIn('federated_login', 'POST', options),
]
