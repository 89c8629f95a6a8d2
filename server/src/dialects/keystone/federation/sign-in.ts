/**
 * `GET` and `POST /v3/OS-FEDERATION/identity_providers/{idp}/protocols/{protocol}/auth`: an unscoped token for who shows a
 * token of the provider or the note of one who was at the consumer of `adfs.ts`, or a request for its provider to who offers to carry one. In Keystone an Apache module stands in front of this path; here nothing does.
 */
import type { Context } from '../../../context.ts'
import { refuse } from '../../../core/refusal.ts'
import { type DoorIds, type FederatedRequest, openDoor } from '../../../flows/federated-login.ts'
import { bearerLogin, oidcConfigOf } from '../../../flows/oidc-login.ts'
import { beginEcp } from '../../../flows/saml-login.ts'
import { redeemTokenResponse } from '../../../flows/token-response-login.ts'
import type { Incoming, Method } from '../../../http/operation.ts'
import { publicOperation } from '../operation.ts'
import type { TokenStyle } from '../tokens/token-body.ts'
import { noteOf, withoutNote } from './adfs.ts'
import { doorIdsOf } from './federation-ids.ts'
import { ownEntity, tokenReply } from './saml-entity.ts'

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

const signIn = (id: string, method: Method, options: SignInOptions) =>
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
      const { ctx } = call
      const ids = doorIdsOf(call)
      if (call.headers.accept?.includes(PAOS)) {
        const envelope = await beginEcp(ctx, await openDoor(ctx, ids.idpId, ids.protocolId), ownEntity(call))
        return { status: 200, headers: { 'content-type': PAOS, 'cache-control': 'no-store' }, body: envelope }
      }
      const request = requestOf(call, options.ttl, 'program')
      const [text, note] = [bearerOf(call), noteOf(call)]
      if (text !== undefined) return tokenReply(await bearerLogin(ctx, ids, { text }, request), options)
      if (note === undefined) return nothingShown(ctx, ids)
      const { headers, ...reply } = tokenReply(await redeemTokenResponse(ctx, ids, note, request), options)
      return { ...reply, headers: { ...headers, 'set-cookie': withoutNote(call) } }
    },
  })

/** Refuses who shows nothing as who shows too little, where something could have been shown. */
async function nothingShown(ctx: Context, { idpId, protocolId }: DoorIds): Promise<never> {
  await openDoor(ctx, idpId, protocolId)
  if (await oidcConfigOf(ctx, idpId)) return refuse('unauthenticated', 'no bearer token')
  return refuse('unsupported_method', `${idpId} has no configuration to sign in by`)
}

export const signInOperations = (options: SignInOptions) => [
  signIn('federated_login_get', 'GET', options),
  signIn('federated_login', 'POST', options),
]
