import { refuse } from '../../../core/refusal.ts'
import type { Issued } from '../../../flows/issue-token.ts'
import type { OwnEntity } from '../../../flows/saml-login.ts'
import type { Incoming, Reply } from '../../../http/operation.ts'
import { tokenBody } from '../tokens/token-body.ts'
import type { SignInOptions } from './sign-in.ts'

export const SSO = '/v3-ext/auth/OS-FEDERATION/SSO'

/** Of everything that takes an answer of a provider. */
export const REFUSALS = [
  'bad_request',
  'unauthenticated',
  'unsupported_method',
  'forbidden',
  'more_factors_needed',
] as const

/**
 * Who we are: the address of the face is the name of the entity. Refuses `bad_request` when only the Host header says that
 * the address is ours: with it an answer meant for somebody else could be brought to us as them.
 */
export function ownEntity(incoming: Pick<Incoming, 'ownUrl'>): OwnEntity {
  const url = incoming.ownUrl()
  if (url === undefined) {
    const message = 'The address of this request is not known to be the service’s own: set public-url.'
    return refuse('bad_request', 'SAML by an address that only the client vouches for', { message })
  }
  return { entityId: url, postUrl: `${url}${SSO}/SAML2/POST`, paosUrl: `${url}${SSO}/SAML2/ECP` }
}

export function tokenReply({ text, session }: Issued, { style }: SignInOptions): Reply {
  return {
    headers: { 'x-subject-token': text, 'content-type': 'application/json' },
    body: tokenBody(session, null, style),
  }
}
