/**
 * Where browsers go for a sign-in by SAML and where they come back to: the assertion consumer service. An answer to a request
 * needs the cookie of the browser that asked; one that nobody asked for (IdP-initiated) comes without.
 */
import { refuse } from '../../../core/refusal.ts'
import type { Door } from '../../../flows/federated-login.ts'
import { beginSamlLogin, finishSamlLogin } from '../../../flows/saml-browser.ts'
import { answersRequest, REQUEST_SECONDS, unsolicitedLogin } from '../../../flows/saml-login.ts'
import type { Incoming, Reply } from '../../../http/operation.ts'
import { type Call, publicOperation } from '../operation.ts'
import { type BrowserCookie, demandCookie, readCookie, setCookie } from './browser-cookie.ts'
import { formField, optionalFormField } from './form.ts'
import { postingPage } from './posting-page.ts'
import { ownEntity, REFUSALS, SSO, tokenReply } from './saml-entity.ts'
import { requestOf, type SignInOptions } from './sign-in.ts'

const COOKIE: BrowserCookie = { name: 'tokenhouse-saml', path: SSO }
/** Marks what this house's own page posted again. */
const AGAIN = 'again'

type PublicCall = Pick<Call, 'ctx'> & Incoming

/** Off to the provider; undefined when the door is none of SAML's. */
export async function beginSaml(call: PublicCall, door: Door, origin: string): Promise<Reply | undefined> {
  const begun = await beginSamlLogin(call.ctx, door, { own: () => ownEntity(call), origin })
  if (!begun) return undefined
  const { errand } = begun
  const cookie = setCookie(COOKIE, call, begun.cookie, REQUEST_SECONDS)
  if ('fields' in errand) return postingPage({ action: errand.url, fields: errand.fields, cookie })
  const headers = { location: errand.url, 'cache-control': 'no-store', 'set-cookie': cookie }
  return { status: 302, headers }
}

/** The assertion consumer service for what a browser brings. */
export const samlConsumer = (options: SignInOptions) =>
  publicOperation({
    id: 'saml_post',
    method: 'POST',
    path: `${SSO}/SAML2/POST`,
    policy: 'public',
    success: 201,
    refusals: [...REFUSALS],
    handle: async (call) => {
      const xml = samlResponseOf(call)
      if (await answersRequest(xml)) return finish(call, xml, options)
      const request = requestOf(call, options.ttl, 'program')
      return tokenReply(await unsolicitedLogin(call.ctx, { xml, own: ownEntity(call) }, request), options)
    },
  })

async function finish(call: PublicCall, xml: string, { ttl }: SignInOptions): Promise<Reply> {
  const own = ownEntity(call)
  const relayState = optionalFormField(call, 'RelayState') ?? ''
  // The provider's page posts from another site, and so without our cookie; a page of ours posts the same with it.
  if (readCookie(COOKIE, call) === undefined && optionalFormField(call, AGAIN) === undefined) {
    const fields = { SAMLResponse: formField(call, 'SAMLResponse'), RelayState: relayState, [AGAIN]: '1' }
    return postingPage({ action: own.postUrl, fields, onlyTo: "'self'", cookie: undefined })
  }
  const brought = { xml, relayState, cookie: demandCookie(COOKIE, call), own }
  const request = requestOf(call, ttl, 'console')
  const { issued, origin } = await finishSamlLogin(call.ctx, brought, request)
  return handOver(call, { origin, token: issued.text, cookie: setCookie(COOKIE, call, '', 0) })
}

/** A page that posts the token to the dashboard. Refuses `unauthenticated` when it is not a trusted one (any more). */
export function handOver(
  { ctx }: Pick<Call, 'ctx'>,
  { origin, token, cookie }: { readonly origin: string; readonly token: string; readonly cookie: string },
): Reply {
  if (!ctx.settings.trustedDashboards.includes(origin))
    refuse('unauthenticated', `${origin} is no longer trusted`)
  return postingPage({ action: origin, fields: { token }, onlyTo: new URL(origin).origin, cookie })
}

/** The response of a form, a base64 text, as XML. */
export function samlResponseOf(incoming: Incoming): string {
  const encoded = formField(incoming, 'SAMLResponse').replace(/\s+/g, '')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) {
    return refuse('bad_request', 'SAMLResponse is not base64', { message: 'SAMLResponse is not base64.' })
  }
  return Buffer.from(encoded, 'base64').toString('utf8')
}
