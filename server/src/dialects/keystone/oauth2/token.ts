/** `POST /v3/OS-OAUTH2/token`: client credentials (RFC 6749, 4.4), the client being an application credential. */
import { Refusal } from '../../../core/refusal.ts'
import { issueToken } from '../../../flows/issue-token.ts'
import type { Incoming, Reply } from '../../../http/operation.ts'
import { publicOperation } from '../operation.ts'

const PATH = '/v3/OS-OAUTH2/token'
const NOT_ADMITTED: readonly string[] = ['unauthenticated', 'more_factors_needed']
const REQUIRED = 'OAuth2.0 client authorization is required.'

function oauthError(status: number, error: string, error_description: string, headers = {}): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: { error, error_description },
  }
}

function invalidClient(incoming: Incoming, description: string): Reply {
  const headers = { 'www-authenticate': `Keystone uri="${incoming.baseUrl}/v3"` }
  return oauthError(401, 'invalid_client', description, headers)
}

/** Id and secret of HTTP Basic (RFC 7617); undefined when there is none. */
function basicCredentials(header: string | undefined): { id: string; secret: string } | undefined {
  const encoded = /^Basic\s+([A-Za-z0-9+/]+=*)$/i.exec(header ?? '')?.[1]
  if (encoded === undefined) return undefined
  const [id, ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':')
  return id && rest.length > 0 ? { id, secret: rest.join(':') } : undefined
}

export function oauth2TokenOperations(ttl: number) {
  const issue = publicOperation({
    id: 'create_oauth2_token',
    method: 'POST',
    path: PATH,
    policy: 'public',
    success: 200,
    // Those that are not in OAuth's own form.
    refusals: ['forbidden', 'busy'],
    handle: async (call) => {
      const client = basicCredentials(call.headers.authorization)
      if (!client) return invalidClient(call, REQUIRED)
      const grant = new URLSearchParams(call.rawBody.toString('utf8')).get('grant_type')
      if (!grant) return oauthError(400, 'invalid_request', 'The parameter grant_type is required.')
      if (grant !== 'client_credentials') {
        return oauthError(
          400,
          'unsupported_grant_type',
          `The parameter grant_type ${grant} is not supported.`,
        )
      }
      const payloads = { application_credential: { id: client.id, secret: client.secret } }
      const request = {
        identity: { methods: ['application_credential'], payloads },
        scope: { kind: 'default' } as const,
        presenter: { session: null, left: call.left },
        ttl,
        requestId: call.requestId,
        address: call.remoteAddress,
      }
      try {
        const { text, session } = await issueToken(call.ctx, request)
        const expires_in = session.claims.expiresAt - session.claims.issuedAt
        return { body: { access_token: text, expires_in, token_type: 'Bearer' } }
      } catch (error) {
        // Nor is there a way in this protocol to go on with another factor.
        if (!(error instanceof Refusal) || !NOT_ADMITTED.includes(error.code)) throw error
        return invalidClient(call, 'The request you have made requires authentication.')
      }
    },
  })
  // This path answers other methods in OAuth's form, not in Keystone's.
  const others = (['GET', 'PUT', 'PATCH', 'DELETE'] as const).map((method) =>
    publicOperation({
      id: `oauth2_token_${method.toLowerCase()}`,
      method,
      path: PATH,
      policy: 'public',
      success: 405,
      refusals: [],
      handle: async () => oauthError(405, 'other_error', 'The method is not allowed for the requested URL.'),
    }),
  )
  return [issue, ...others]
}
