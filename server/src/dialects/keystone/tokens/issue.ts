import type { Context } from '../../../context.ts'
import { Refusal } from '../../../core/refusal.ts'
import type { Session } from '../../../core/session.ts'
import { issueToken } from '../../../flows/issue-token.ts'
import type { SignedOauthRequest } from '../../../flows/oauth1.ts'
import type { Incoming } from '../../../http/operation.ts'
import { catalogOf } from '../../../store/catalog.ts'
import { publicOperation } from '../operation.ts'
import { AuthBody, accountScopeFrom, identityFrom, scopeFrom } from './auth-request.ts'
import { type TokenStyle, tokenBody } from './token-body.ts'

export interface IssueOptions {
  readonly style: TokenStyle
  /** Seconds a token lives. */
  readonly ttl: number
  /** Who calls, where a method stands on that (`assume_role`). */
  readonly identify: (ctx: Context, incoming: Incoming) => Promise<Session>
  /** Whether a scope is the account's own unless it says otherwise (Huawei Cloud), or names its domain (Keystone). */
  readonly accountScopes?: boolean
  /** A bad token as method `token` is Keystone's 404 unless the face says 401. */
  readonly badTokenIs?: 'unauthenticated'
}

/** `POST /v3/auth/tokens` (Identity API v3, "Authentication and token management"). */
export function issueOperation(options: IssueOptions) {
  return publicOperation({
    id: 'issue_token',
    method: 'POST',
    path: '/v3/auth/tokens',
    policy: 'public',
    body: AuthBody,
    success: 201,
    refusals: [
      'bad_request',
      'unauthenticated',
      'unsupported_method',
      'password_expired',
      'more_factors_needed',
      'forbidden',
      'not_found',
      'busy',
    ],
    handle: async (call) => {
      const { ctx, body, query, headers, requestId } = call
      const identity = identityFrom(body.auth, signedBy(call))
      const assumes = identity.methods.includes('assume_role')
      const request = {
        identity,
        scope: options.accountScopes || assumes ? accountScopeFrom(body.auth) : scopeFrom(body.auth),
        presenter: { session: assumes ? await options.identify(ctx, call) : null, left: call.left },
        // Sent without a value it is not sent.
        receipt: headers['openstack-auth-receipt']?.toString() || undefined,
        ttl: options.ttl,
        requestId,
        address: call.remoteAddress,
      }
      const { text, session } = await issueToken(ctx, request).catch((error: unknown) =>
        options.badTokenIs ? rethrow(error) : tokenNotFound(error),
      )
      const shown = { catalog: await catalogOf(ctx.store), nocatalog: query['nocatalog'] !== undefined }
      return {
        headers: { 'x-subject-token': text, 'content-type': 'application/json' },
        body: tokenBody(session, shown, options.style),
      }
    },
  })
}

/** What the method `oauth1` proves is in the headers: the request itself is signed. */
function signedBy(call: Incoming): SignedOauthRequest {
  return { method: call.method, url: `${call.baseUrl}${call.url}`, authorization: call.headers.authorization }
}

function rethrow(error: unknown): never {
  throw error
}

/** A bad token shown to the `token` method is a 404 in Keystone, as it is when validated. */
function tokenNotFound(error: unknown): never {
  if (
    error instanceof Refusal &&
    error.code === 'unauthenticated' &&
    error.detail.subject?.kind === 'token'
  ) {
    throw new Refusal('not_found', error.reason, { message: notFoundText(error) })
  }
  throw error
}

/** Keystone tells a text that is no token of its own from one that no longer holds. */
export function notFoundText(refusal: Refusal): string {
  return refusal.detail.subject?.id === 'unreadable'
    ? 'Could not recognize Fernet token'
    : 'Failed to validate token'
}
