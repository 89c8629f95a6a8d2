/** OS-OAUTH1's three steps: a consumer asks, a user authorizes some of their roles, the consumer gets an access token. */
import { randomBytes, randomInt } from 'node:crypto'
import { Type } from 'typebox'
import { found, refuse } from '../../../core/refusal.ts'
import { effectiveRolesOf } from '../../../flows/effective-roles.ts'
import { demandOauthSignature, oauthParametersOf } from '../../../flows/oauth1.ts'
import type { Incoming, Reply } from '../../../http/operation.ts'
import { rolesOf } from '../../../store/grants.ts'
import { newId } from '../../../store/ids.ts'
import {
  findRequestToken,
  insertAccessToken,
  putRequestToken,
  type RequestToken,
  takeRequestToken,
} from '../../../store/oauth1.ts'
import { findProject } from '../../../store/projects.ts'
import type { Db } from '../../../store/store.ts'
import { expecting, Name } from '../attributes.ts'
import { refuseDelegated } from '../delegated.ts'
import { type Call, change, operation, publicOperation } from '../operation.ts'
import { microTime } from '../time.ts'

/** Keystone's `[oauth1]` durations, in seconds. */
const REQUEST_TOKEN_TTL = 28_800
const ACCESS_TOKEN_TTL = 86_400

const RoleReference = Type.Object(
  { id: Type.Optional(Type.String({ maxLength: 64 })), name: Type.Optional(Name) },
  { minProperties: 1, maxProperties: 1, additionalProperties: false },
)
const AuthorizeBody = Type.Object({ roles: Type.Optional(Type.Array(RoleReference)) })

function signedBy(call: Incoming) {
  return { method: call.method, url: `${call.baseUrl}${call.url}`, authorization: call.headers.authorization }
}

/** The actor of a step that no session takes: the consumer acts, known by its signature alone. */
function asConsumer<T extends Pick<Call, 'ctx' | 'operationId' | 'requestId'>>(call: T) {
  return { ...call, caller: null }
}

function formReply(id: string, secret: string, expiresAt: number): Reply {
  const body = `oauth_token=${id}&oauth_token_secret=${secret}&oauth_expires_at=${microTime(expiresAt)}`
  return { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body }
}

async function requestTokenOf(db: Db, id: string, now: number): Promise<RequestToken> {
  const token = await findRequestToken(db, id)
  if (!token) return refuse('not_found', 'no request token', { message: 'Request token not found' })
  return token.expiresAt > now ? token : refuse('unauthenticated', 'request token expired')
}

const requestToken = publicOperation({
  id: 'create_request_token',
  method: 'POST',
  path: '/v3/OS-OAUTH1/request_token',
  policy: 'public',
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'not_found'],
  handle: async (call) => {
    const { ctx } = call
    oauthParametersOf(signedBy(call))
    const projectId = call.headers['requested-project-id']
    if (typeof projectId !== 'string' || projectId === '') return expecting('Requested-Project-Id', 'request')
    found(await findProject(ctx.store.db, projectId), 'project', projectId)
    const { oauth_consumer_key } = await demandOauthSignature(ctx, signedBy(call), '')
    const id = newId()
    const secret = randomBytes(16).toString('hex')
    // Expiry at whole seconds, as Keystone writes it.
    const expiresAt = (Math.floor(ctx.now() / 1e6) + REQUEST_TOKEN_TTL) * 1e6
    await change(asConsumer(call), `request_token:${id}`, (tx) =>
      putRequestToken(tx, {
        id,
        sealedSecret: ctx.keys.seal(secret, `request_token:${id}`),
        consumerId: oauth_consumer_key,
        projectId,
        verifier: null,
        authorizingUserId: null,
        roleIds: [],
        expiresAt,
      }),
    )
    return formReply(id, secret, expiresAt)
  },
})

const authorize = operation({
  id: 'authorize_request_token',
  method: 'PUT',
  path: '/v3/OS-OAUTH1/authorize/:request_token_id',
  policy: 'identity:authorize_request_token',
  body: AuthorizeBody,
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    // LP#2142138: what was delegated cannot delegate on through a consumer.
    refuseDelegated(call.caller, 'Cannot authorize a request token with a token issued via delegation.')
    const { ctx } = call
    const token = await requestTokenOf(ctx.store.db, call.params['request_token_id'] ?? '', ctx.now())
    const { byId } = await rolesOf(ctx.store)
    const roleIds = (call.body.roles ?? []).map(({ id, name = '' }) => {
      const named = [...byId.values()].find((role) => role.name === name && role.domainId === '')
      return (
        id ?? (named ?? refuse('not_found', `no role ${name}`, { message: `Role ${name} is not defined` })).id
      )
    })
    const scope = { kind: 'project', id: token.projectId } as const
    const held = await effectiveRolesOf(ctx, { userId: call.caller.user.id }, scope)
    if (!roleIds.every((id) => held.has(id))) refuse('unauthenticated', 'a role the user does not hold')
    const verifier = Array.from({ length: 8 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
    const authorizingUserId = call.caller.user.id
    await change(call, `request_token:${token.id}`, (tx) =>
      putRequestToken(tx, { ...token, verifier, authorizingUserId, roleIds: [...new Set(roleIds)] }),
    )
    return { body: { token: { oauth_verifier: verifier } } }
  },
})

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

const accessToken = publicOperation({
  id: 'create_access_token',
  method: 'POST',
  path: '/v3/OS-OAUTH1/access_token',
  policy: 'public',
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'not_found'],
  handle: async (call) => {
    const { ctx } = call
    const { oauth_token, oauth_verifier } = oauthParametersOf(signedBy(call))
    if (!oauth_token) return expecting('oauth_token', 'request')
    if (!oauth_verifier) return expecting('oauth_verifier', 'request')
    const request = await requestTokenOf(ctx.store.db, oauth_token, ctx.now())
    const requestSecret = ctx.keys.open(request.sealedSecret, `request_token:${request.id}`)
    const { oauth_consumer_key } = await demandOauthSignature(ctx, signedBy(call), requestSecret)
    const { authorizingUserId } = request
    if (
      request.consumerId !== oauth_consumer_key ||
      authorizingUserId === null ||
      request.verifier !== oauth_verifier
    ) {
      return refuse('unauthenticated', 'not this consumer, not authorized, or another verifier')
    }
    const id = newId()
    const secret = randomBytes(16).toString('hex')
    const expiresAt = (Math.floor(ctx.now() / 1e6) + ACCESS_TOKEN_TTL) * 1e6
    await change(asConsumer(call), `access_token:${id}`, async (tx) => {
      // Of two exchanges of one request token, one is made.
      if (!(await takeRequestToken(tx, request.id))) {
        refuse('not_found', 'request token taken', { message: 'Request token not found' })
      }
      const { consumerId, projectId, roleIds } = request
      const sealedSecret = ctx.keys.seal(secret, `access_token:${id}`)
      await insertAccessToken(tx, {
        id,
        sealedSecret,
        consumerId,
        authorizingUserId,
        projectId,
        roleIds,
        expiresAt,
      })
    })
    return formReply(id, secret, expiresAt)
  },
})

export const oauthAuthorizationOperations = [requestToken, authorize, accessToken]
