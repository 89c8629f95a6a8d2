/**
 * Temporary keys: `POST /v3.0/OS-CREDENTIAL/securitytokens`, by token and by agency, and the login tokens that are had
 * with them. A key ends with the session it was had from at the latest.
 */
import { timingSafeEqual } from 'node:crypto'
import { type Static, Type } from 'typebox'
import type { Context } from '../../../context.ts'
import { refuse } from '../../../core/refusal.ts'
import type { Session } from '../../../core/session.ts'
import { accessSecret, isTemporaryAccess } from '../../../flows/access-keys.ts'
import { demandAddress } from '../../../flows/account-security.ts'
import {
  issueAgencyKey,
  issueLoginToken,
  issueTemporaryKey,
  openKeySession,
  type TemporaryKey,
} from '../../../flows/key-session.ts'
import { splitSecurityToken } from '../../../flows/role-session.ts'
import { sessionPolicyText } from '../../../flows/session-policy.ts'
import { validateToken } from '../../../flows/validate-token.ts'
import type { Incoming } from '../../../http/operation.ts'
import { identify } from '../identify.ts'
import { publicOperation } from '../operation.ts'
import { zonedTime } from '../time.ts'

const Duration = Type.Optional(Type.Integer({ minimum: 900, maximum: 86_400 }))
const DEFAULT_SECONDS = 900

const Body = Type.Object({
  auth: Type.Object({
    identity: Type.Object({
      methods: Type.Tuple([Type.Union([Type.Literal('token'), Type.Literal('assume_role')])]),
      token: Type.Optional(Type.Object({ id: Type.Optional(Type.String()), duration_seconds: Duration })),
      assume_role: Type.Optional(
        Type.Object({
          agency_name: Type.Optional(Type.String()),
          xrole_name: Type.Optional(Type.String()),
          domain_id: Type.Optional(Type.String()),
          domain_name: Type.Optional(Type.String()),
          duration_seconds: Duration,
          'duration-seconds': Duration,
          external_id: Type.Optional(Type.String()),
          session_user: Type.Optional(
            Type.Object({
              name: Type.Optional(
                Type.String({ minLength: 5, maxLength: 64, pattern: '^[^0-9][A-Za-z0-9 _.-]*$' }),
              ),
            }),
          ),
        }),
      ),
      policy: Type.Optional(Type.Unknown()),
    }),
  }),
})

const create = publicOperation({
  id: 'createTemporaryAccessKey',
  method: 'POST',
  path: '/v3.0/OS-CREDENTIAL/securitytokens',
  policy: 'public',
  body: Body,
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async (call) => {
    const { identity } = call.body.auth
    const key =
      identity.methods[0] === 'token' ? await byToken(call, identity) : await byAgency(call, identity)
    return { body: { credential: keyBody(key) } }
  },
})

type Identity = Static<typeof Body>['auth']['identity']

function keyBody({ access, secret, securityToken, expiresAt }: TemporaryKey): Record<string, unknown> {
  return { expires_at: zonedTime(expiresAt * 1e6), access, secret, securitytoken: securityToken }
}

/** The caller's session, or where no header says who calls that of the token in the body. */
async function byToken(
  call: Incoming & { readonly ctx: Context },
  { token, policy: given }: Identity,
): Promise<TemporaryKey> {
  const { headers, ctx, requestId } = call
  const named = headers['x-auth-token'] !== undefined || headers.authorization !== undefined
  const session =
    !named && token?.id !== undefined ? await bearerOf(call, token.id) : await identify(ctx, call)
  const policy = given === undefined ? undefined : sessionPolicyText(given)
  return issueTemporaryKey(ctx, session, {
    ttl: token?.duration_seconds ?? DEFAULT_SECONDS,
    policy,
    requestId,
  })
}

/** The session of a token in the body, held to the addresses that a token in the header is held to. */
async function bearerOf(call: Incoming & { readonly ctx: Context }, token: string): Promise<Session> {
  const session = await validateToken(call.ctx, token)
  await demandAddress(call.ctx, session, call.remoteAddress)
  return session
}

async function byAgency(
  call: Incoming & { readonly ctx: Context },
  { assume_role: sent = {}, policy }: Identity,
): Promise<TemporaryKey> {
  const session = await identify(call.ctx, call)
  const { agency_name, xrole_name, domain_id, domain_name } = sent
  const agency = agency_name || xrole_name
  if (!agency || (agency_name && xrole_name && agency_name !== xrole_name)) {
    return refuse('bad_request', 'no agency', { message: 'The agency_name is required in the request body.' })
  }
  if (!domain_id && !domain_name) {
    return refuse('bad_request', 'no account', { message: 'The domain_id is required in the request body.' })
  }
  const account = domain_id ? { id: domain_id, name: domain_name || undefined } : { name: domain_name ?? '' }
  return issueAgencyKey(call.ctx, session, {
    payload: {
      account,
      agency,
      onlyRoles: [],
      externalId: sent.external_id,
      sourceIdentity: sent.session_user?.name,
      address: call.remoteAddress,
    },
    ttl: sent.duration_seconds ?? sent['duration-seconds'] ?? DEFAULT_SECONDS,
    policy: policy === undefined ? undefined : sessionPolicyText(policy),
    requestId: call.requestId,
  })
}

const createLogin = publicOperation({
  id: 'createLoginToken',
  method: 'POST',
  path: '/v3.0/OS-AUTH/securitytoken/logintokens',
  policy: 'public',
  body: Type.Object({
    auth: Type.Object({
      securitytoken: Type.Object({
        access: Type.String(),
        secret: Type.String(),
        id: Type.String(),
        duration_seconds: Type.Optional(Type.Integer({ minimum: 600, maximum: 43_200 })),
      }),
    }),
  }),
  success: 201,
  refusals: ['bad_request', 'unauthenticated', 'forbidden'],
  handle: async ({ ctx, body, requestId, remoteAddress }) => {
    const { access, secret, id, duration_seconds: ttl = 600 } = body.auth.securitytoken
    const session = await sessionOf(ctx, { access, secret, id })
    await demandAddress(ctx, session, remoteAddress)
    const { text, expiresAt } = await issueLoginToken(ctx, session, ttl, requestId)
    const { user, delegation } = session
    const by = delegation.agency?.assumedBy
    return {
      headers: { 'x-subject-logintoken': text },
      body: {
        logintoken: {
          domain_id: user.domain.id,
          expires_at: zonedTime(expiresAt * 1e6),
          method: delegation.federation ? 'federation_proxy' : 'token',
          user_id: user.id,
          user_name: user.name,
          session_id: session.claims.auditIds[0],
          ...(by
            ? {
                assumed_by: {
                  user: {
                    domain: { name: by.domain.name, id: by.domain.id },
                    name: by.name,
                    password_expires_at: '',
                    id: by.id,
                  },
                },
              }
            : {}),
        },
      },
    }
  },
})

async function sessionOf(
  ctx: Context,
  key: { readonly access: string; readonly secret: string; readonly id: string },
): Promise<Session> {
  const { token, policy } = splitSecurityToken(key.id)
  const expected = isTemporaryAccess(key.access) ? await accessSecret(ctx, key.access, policy) : undefined
  const [right, given] = [Buffer.from(expected ?? ''), Buffer.from(key.secret)]
  if (right.length === 0 || right.length !== given.length || !timingSafeEqual(right, given)) {
    return refuse('unauthenticated', 'not the secret of the temporary key')
  }
  return openKeySession(ctx, { access: key.access, securityToken: token, policy, hint: {} })
}

export const temporaryKeyOperations = [create, createLogin]
