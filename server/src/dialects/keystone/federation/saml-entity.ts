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
 * The address of the face. Refuses `bad_request` when only the Host header says that it is ours: with it an answer meant for
 * somebody else could be brought to us as them, and a browser's code be sent to them.
 */
export function ownUrl(incoming: Pick<Incoming, 'ownUrl'>): string {
  const url = incoming.ownUrl()
  if (url !== undefined) return url
  const message = 'The address of this request is not known to be the service’s own: set public-url.'
  return refuse('bad_request', 'a sign-in by an address that only the client vouches for', { message })
}

/** Who we are in SAML: the address of the face is the name of the entity. Refuses as `ownUrl`. */
export function ownEntity(incoming: Pick<Incoming, 'ownUrl'>): OwnEntity {
  const url = ownUrl(incoming)
  return { entityId: url, postUrl: `${url}${SSO}/SAML2/POST`, paosUrl: `${url}${SSO}/SAML2/ECP` }
}

export function tokenReply({ text, session }: Issued, { style }: SignInOptions): Reply {
  return {
    headers: { 'x-subject-token': text, 'content-type': 'application/json' },
    body: tokenBody(session, null, style),
  }
}
