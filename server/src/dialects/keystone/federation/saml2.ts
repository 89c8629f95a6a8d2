/**
 * Assertions for other clouds (Keystone to Keystone). This server is not set up to make them and says so, after the
 * checks that come first: what Keystone without an own signing certificate answers.
 */
import { Type } from 'typebox'
import { found, Refusal, refuse } from '../../../core/refusal.ts'
import type { Session } from '../../../core/session.ts'
import { validateToken } from '../../../flows/validate-token.ts'
import { findServiceProvider } from '../../../store/service-providers.ts'
import { type Call, publicOperation } from '../operation.ts'
import { notFoundText } from '../tokens/issue.ts'

const Id = Type.Object({ id: Type.String() }, { additionalProperties: false })
const Body = Type.Object({
  auth: Type.Object(
    {
      identity: Type.Object(
        { token: Id, methods: Type.Optional(Type.Array(Type.Unknown())) },
        { additionalProperties: false },
      ),
      scope: Type.Object({ service_provider: Id }, { additionalProperties: false }),
    },
    { additionalProperties: false },
  ),
})

const showMetadata = publicOperation({
  id: 'get_saml2_metadata',
  method: 'GET',
  path: '/v3/OS-FEDERATION/saml2/metadata',
  policy: 'public',
  success: 200,
  refusals: ['not_implemented'],
  handle: async () =>
    refuse('not_implemented', 'no metadata as an identity provider', {
      message: 'This server is no identity provider for other clouds.',
    }),
})

const makeAssertion = (id: string, path: string) =>
  publicOperation({
    id,
    method: 'POST',
    path,
    policy: 'public',
    body: Body,
    success: 200,
    refusals: ['bad_request', 'forbidden', 'not_found'],
    handle: async ({ ctx, body: { auth } }) => {
      const { id: providerId } = auth.scope.service_provider
      const stored = await findServiceProvider(ctx.store.db, providerId)
      const provider = found(stored, 'Service Provider', providerId)
      if (!provider.enabled) {
        refuse('forbidden', 'service provider is disabled', {
          message: `Service Provider ${providerId} is disabled`,
        })
      }
      const session = await sessionOf(ctx, auth.identity.token.id)
      if (session.scope.kind !== 'project') {
        refuse('forbidden', 'not a project-scoped token', {
          message: 'Use a project scoped token when attempting to create a SAML assertion',
        })
      }
      return refuse('bad_request', 'no assertions are made here', {
        message: 'This server makes no assertions for service providers.',
      })
    },
  })

async function sessionOf(ctx: Call['ctx'], token: string): Promise<Session> {
  try {
    return await validateToken(ctx, token)
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'unauthenticated') throw error
    throw new Refusal('not_found', error.reason, { message: notFoundText(error) })
  }
}

export const saml2Operations = [
  showMetadata,
  makeAssertion('create_saml_assertion', '/v3/auth/OS-FEDERATION/saml2'),
  makeAssertion('create_ecp_assertion', '/v3/auth/OS-FEDERATION/saml2/ecp'),
]
