/** OS-OAUTH1's signed requests: who signed, once, freshly, and with the secrets that are theirs. */
import type { Context } from '../context.ts'
import { refuse } from '../core/refusal.ts'
import { isOauthSignedBy, type OauthParameters, oauthParameters } from '../methods/oauth1/signature.ts'
import { findUser } from '../store/identity.ts'
import { findAccessToken, findConsumer } from '../store/oauth1.ts'
import { useOnce } from '../store/used-once.ts'
import type { Proof } from './proof.ts'

/** Seconds a signed request may be old or early. */
const FRESH = 600

export interface SignedOauthRequest {
  readonly method: string
  /** As the client signed it: scheme, host, path and query. */
  readonly url: string
  readonly authorization: string | undefined
}

/** The OAuth parameters of a request, or a `bad_request`. */
export function oauthParametersOf(request: Pick<SignedOauthRequest, 'authorization'>): OauthParameters {
  const message = 'Expecting to find an OAuth Authorization header in request.'
  return oauthParameters(request.authorization) ?? refuse('bad_request', 'no OAuth header', { message })
}

/** Refuses `unauthenticated` unless the consumer (and the token's secret, where there is one) signed the request. */
export async function demandOauthSignature(
  ctx: Context,
  request: SignedOauthRequest,
  tokenSecret: string,
): Promise<OauthParameters> {
  const parameters = oauthParametersOf(request)
  const consumer = await findConsumer(ctx.store.db, parameters.oauth_consumer_key)
  if (!consumer) return refuse('not_found', 'no such consumer', { message: 'Consumer not found' })
  const secrets = {
    consumer: ctx.keys.open(consumer.sealedSecret, `consumer:${consumer.id}`),
    token: tokenSecret,
  }
  if (!isOauthSignedBy(secrets, { ...request, parameters }))
    return refuse('unauthenticated', 'OAuth signature')
  const age = Math.abs(Number(parameters.oauth_timestamp) - ctx.now() / 1e6)
  if (!(age <= FRESH)) return refuse('unauthenticated', 'OAuth signature of another time')
  const once = {
    space: `oauth1:${consumer.id}`,
    value: `${parameters.oauth_timestamp}:${parameters.oauth_nonce}:${parameters.oauth_token ?? ''}`,
    expiresAt: ctx.now() + 2 * FRESH * 1e6,
  }
  if (!(await ctx.store.record((tx) => useOnce(tx, once, ctx.now())))) {
    return refuse('unauthenticated', 'OAuth nonce used twice')
  }
  return parameters
}

/** The method `oauth1`: the request for a token is itself signed with an access token. */
export async function proveOauth1(ctx: Context, request: SignedOauthRequest): Promise<Proof> {
  const id = oauthParametersOf(request).oauth_token ?? ''
  const token = await findAccessToken(ctx.store.db, id)
  const secret = token ? ctx.keys.open(token.sealedSecret, `access_token:${token.id}`) : ''
  const parameters = await demandOauthSignature(ctx, request, secret)
  if (!token || token.consumerId !== parameters.oauth_consumer_key) {
    return refuse('unauthenticated', `access token ${id} is gone or another consumer's`)
  }
  const user = await findUser(ctx.store.db, { id: token.authorizingUserId })
  return {
    user: user ?? refuse('unauthenticated', 'the authorizing user is gone'),
    methods: ['oauth1'],
    via: [{ kind: 'oauth1', id: token.id }],
    expiresAt: null,
    chain: null,
    parent: null,
    onlyScope: { kind: 'project', id: token.projectId },
  }
}
