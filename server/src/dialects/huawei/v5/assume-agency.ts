/** STS v5: `POST /v5/agencies/assume` and who one is (`GET /v5/caller-identity`). */
import { Type } from 'typebox'
import { refuse } from '../../../core/refusal.ts'
import { issueAgencyKey } from '../../../flows/key-session.ts'
import { sessionPolicyText } from '../../../flows/session-policy.ts'
import { accountOf } from '../access.ts'
import { operation } from '../operation.ts'
import { zonedTime } from '../time.ts'

const DEFAULT_SECONDS = 3600

/** `iam::<account id>:agency:<name>`, with any path before the name. */
const URN = /^iam::([^:]{1,64}):agency:((?:[^/:]{1,64}\/)*)([^/:]{1,64})$/

const assume = operation({
  id: 'AssumeAgency',
  method: 'POST',
  path: '/v5/agencies/assume',
  policy: 'authenticated',
  body: Type.Object({
    agency_urn: Type.String({ maxLength: 1500 }),
    agency_session_name: Type.String({ minLength: 2, maxLength: 64, pattern: '^[A-Za-z0-9=,.@_-]+$' }),
    duration_seconds: Type.Optional(Type.Integer({ minimum: 900, maximum: 43_200 })),
    external_id: Type.Optional(Type.String({ maxLength: 128 })),
    source_identity: Type.Optional(Type.String({ maxLength: 64, pattern: '^[A-Za-z0-9=,.@_-]+$' })),
    policy: Type.Optional(Type.String()),
    policy_ids: Type.Optional(Type.Unknown()),
    tags: Type.Optional(Type.Unknown()),
    transitive_tag_keys: Type.Optional(Type.Unknown()),
  }),
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden', 'not_found'],
  handle: async ({ ctx, caller, body, requestId, remoteAddress }) => {
    const [, accountId = '', path = '', name = ''] = URN.exec(body.agency_urn) ?? []
    if (name === '') return refuse('bad_request', 'agency_urn', { message: 'agency_urn is invalid.' })
    // Stored policies change, and a key cannot say which version it was had with.
    if (body.policy_ids !== undefined) {
      return refuse('bad_request', 'policy_ids', { message: 'policy_ids is not supported.' })
    }
    const seconds = body.duration_seconds ?? DEFAULT_SECONDS
    const key = await issueAgencyKey(ctx, caller, {
      payload: {
        account: { id: accountId },
        agency: name,
        onlyRoles: [],
        externalId: body.external_id,
        sourceIdentity: body.source_identity,
        address: remoteAddress,
        v5: { path, seconds },
      },
      ttl: seconds,
      policy: body.policy === undefined ? undefined : sessionPolicyText(body.policy),
      requestId,
    })
    return {
      body: {
        ...(body.source_identity === undefined ? {} : { source_identity: body.source_identity }),
        assumed_agency: {
          urn: `sts::${accountId}:assumed-agency:${path}${name}/${body.agency_session_name}`,
          id: `${key.session.user.id}:${body.agency_session_name}`,
        },
        credentials: {
          access_key_id: key.access,
          expiration: zonedTime(key.expiresAt * 1e6),
          secret_access_key: key.secret,
          security_token: key.securityToken,
        },
      },
    }
  },
})

const identity = operation({
  id: 'GetCallerIdentity',
  method: 'GET',
  path: '/v5/caller-identity',
  policy: 'authenticated',
  success: 200,
  refusals: ['unauthenticated'],
  handle: async ({ caller }) => {
    const account = accountOf(caller)
    const { user, delegation } = caller
    // A name that only a provider vouches for may be that of a user of IAM's, and others go by this URN.
    const urn = delegation.agency
      ? `sts::${account}:assumed-agency:${delegation.agency.name}`
      : `iam::${account}:user:${user.kind === 'local' ? user.name : user.id}`
    return { body: { account_id: account, principal_urn: urn, principal_id: user.id } }
  },
})

export const stsOperations = [assume, identity]
