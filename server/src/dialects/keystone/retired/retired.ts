/** What Keystone still answers for, though its time has passed: revocation events, PKI lists and certificates. */
import { refuse } from '../../../core/refusal.ts'
import { listRevocations } from '../../../store/revocations.ts'
import { one, selfLink } from '../collection.ts'
import { operation, publicOperation } from '../operation.ts'
import { microTime } from '../time.ts'

/** Under which name an event tells what it is about. */
const NAMES: Readonly<Record<string, string | undefined>> = { token: 'audit_id', chain: 'audit_chain_id' }

const events = operation({
  id: 'list_revoke_events',
  method: 'GET',
  path: '/v3/OS-REVOKE/events',
  policy: 'identity:list_revoke_events',
  success: 200,
  refusals: ['bad_request', 'unauthenticated', 'forbidden'],
  handle: async (call) => {
    const since = one(call.query, 'since')
    const from = since === undefined ? 0 : Date.parse(since) * 1000
    if (Number.isNaN(from)) {
      refuse('bad_request', 'no date', { message: `invalidate date format ${since}` })
    }
    const revocations = await listRevocations(call.ctx.store.db, from)
    const members = revocations.flatMap(({ kind, id, revokedAt }) => {
      const name = NAMES[kind]
      const at = microTime(Math.floor(revokedAt / 1e6) * 1e6)
      return name === undefined ? [] : [{ [name]: id, issued_before: at, revoked_at: at }]
    })
    const links = { next: null, ...selfLink(call, 'OS-REVOKE/events'), previous: null }
    return { body: { events: members, links } }
  },
})

const pkiRevoked = operation({
  id: 'list_pki_revoked',
  method: 'GET',
  path: '/v3/auth/tokens/OS-PKI/revoked',
  policy: 'authenticated',
  success: 200,
  refusals: ['unauthenticated', 'forbidden'],
  handle: async () => refuse('forbidden', 'there is no PKI list any more'),
})

const certificates = (['ca', 'certificates'] as const).map((name) =>
  publicOperation({
    id: `get_simple_cert_${name}`,
    method: 'GET',
    path: `/v3/OS-SIMPLE-CERT/${name}`,
    policy: 'public',
    success: 200,
    refusals: ['gone'],
    handle: async () => {
      const message = 'This API is no longer available due to the removal of support for PKI tokens.'
      return refuse('gone', 'PKI', { message })
    },
  }),
)

export const retiredOperations = [events, pkiRevoked, ...certificates]
