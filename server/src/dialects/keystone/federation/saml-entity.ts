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

/** Who we are: the address of the face is the name of the entity. */
export function ownEntity({ baseUrl }: Pick<Incoming, 'baseUrl'>): OwnEntity {
  return { entityId: baseUrl, postUrl: `${baseUrl}${SSO}/SAML2/POST`, paosUrl: `${baseUrl}${SSO}/SAML2/ECP` }
}

export function tokenReply({ text, session }: Issued, { style }: SignInOptions): Reply {
  return {
    headers: { 'x-subject-token': text, 'content-type': 'application/json' },
    body: tokenBody(session, null, style),
  }
}
