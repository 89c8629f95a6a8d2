/** What we send to providers: a request to say who somebody is, in the binding they take it by. */
import { sign } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { SAML, SAMLP } from './document.ts'
import { type OwnEntity, type ProviderMetadata, xmlText } from './metadata.ts'

const PAOS = 'urn:liberty:paos:2003-08'
const ECP = 'urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp'
const SOAP = 'http://schemas.xmlsoap.org/soap/envelope/'
const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'

export interface NewRequest {
  /** An XML name: it comes back as `InResponseTo`. */
  readonly id: string
  /** Microseconds. */
  readonly now: number
}

/** Where a browser goes with a request: to an address, or with a form that it posts there. */
export type Errand =
  | { readonly url: string }
  | { readonly url: string; readonly fields: Readonly<Record<string, string>> }

/**
 * A browser's errand to the provider (SAML 2.0 Bindings, 3.4 and 3.5); undefined when it offers neither binding. The answer
 * is asked for at `postUrl`. `relayState`: at most 80 bytes. `key` brings the key (PEM) that signs for providers that want it.
 */
export async function browserRequest(
  own: OwnEntity,
  provider: ProviderMetadata,
  request: NewRequest & { readonly relayState: string; readonly key: () => Promise<string> },
): Promise<Errand | undefined> {
  const { redirectUrl, postUrl, wantsSignedRequests } = provider
  const { relayState, key } = request
  const answer = { url: own.postUrl, binding: 'HTTP-POST' }
  if (redirectUrl !== undefined) {
    const xml = authnRequest(own, request, { ...answer, destination: redirectUrl })
    const query = new URLSearchParams({
      SAMLRequest: deflateRawSync(xml).toString('base64'),
      RelayState: relayState,
    })
    if (wantsSignedRequests) {
      query.set('SigAlg', RSA_SHA256)
      query.set('Signature', sign('sha256', Buffer.from(`${query}`), await key()).toString('base64'))
    }
    // Metadata has addresses with any character; a header takes them as a browser would send them.
    const { href } = new URL(redirectUrl)
    return { url: `${href}${href.includes('?') ? '&' : '?'}${query}` }
  }
  if (postUrl === undefined) return undefined
  const plain = authnRequest(own, request, { ...answer, destination: postUrl })
  const xml = wantsSignedRequests ? await signedRequest(plain, await key()) : plain
  return {
    url: postUrl,
    fields: { SAMLRequest: Buffer.from(xml).toString('base64'), RelayState: relayState },
  }
}

/** A request of that id, answered at `paosUrl`, in the envelope a program carries to its provider (SAML 2.0 ECP). */
export function ecpRequest(own: OwnEntity, request: NewRequest): string {
  const url = xmlText(own.paosUrl)
  const actor = 'S:mustUnderstand="1" S:actor="http://schemas.xmlsoap.org/soap/actor/next"'
  const body = authnRequest(own, request, { url: own.paosUrl, binding: 'PAOS' })
  return `<S:Envelope xmlns:S="${SOAP}"><S:Header><paos:Request xmlns:paos="${PAOS}" responseConsumerURL="${url}" service="${ECP}" ${actor}/><ecp:Request xmlns:ecp="${ECP}" IsPassive="0" ${actor}>${issuer(own)}</ecp:Request><ecp:RelayState xmlns:ecp="${ECP}" ${actor}>${xmlText(request.id)}</ecp:RelayState></S:Header><S:Body>${body}</S:Body></S:Envelope>`
}

function authnRequest(
  own: OwnEntity,
  { id, now }: NewRequest,
  answer: { readonly url: string; readonly binding: string; readonly destination?: string },
): string {
  const issued = `${new Date(now / 1000).toISOString().slice(0, 19)}Z`
  const destination = answer.destination === undefined ? '' : ` Destination="${xmlText(answer.destination)}"`
  return `<samlp:AuthnRequest xmlns:samlp="${SAMLP}" ID="${xmlText(id)}" Version="2.0" IssueInstant="${issued}"${destination} AssertionConsumerServiceURL="${xmlText(answer.url)}" ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:${answer.binding}">${issuer(own)}<samlp:NameIDPolicy AllowCreate="true"/></samlp:AuthnRequest>`
}

function issuer(own: OwnEntity): string {
  return `<saml:Issuer xmlns:saml="${SAML}">${xmlText(own.entityId)}</saml:Issuer>`
}

/** With an enveloped signature behind the Issuer, where the schema wants it. */
async function signedRequest(xml: string, privateKey: string): Promise<string> {
  const { SignedXml } = (await import('xml-crypto')).default
  const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#'
  const signed = new SignedXml({
    privateKey,
    signatureAlgorithm: RSA_SHA256,
    canonicalizationAlgorithm: exclusive,
  })
  signed.addReference({
    xpath: '/*',
    transforms: ['http://www.w3.org/2000/09/xmldsig#enveloped-signature', exclusive],
    digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha256',
  })
  const location = { reference: "/*/*[local-name(.)='Issuer']", action: 'after' } as const
  signed.computeSignature(xml, { prefix: 'ds', location })
  return signed.getSignedXml()
}

/** In two steps, each of them one walk: who sends the envelope has proved nothing, and may choose all of it. */
const OPENING_TAG = /<([\w.-]+:)?Response(?=[\s>])[^<>]*>/g
const OF_SAML = /\bxmlns(?::[\w.-]+)?="urn:oasis:names:tc:SAML:2\.0:protocol"/

/** The Response inside an envelope, as the very text that was sent; undefined when there is none, or more than one. */
export function responseIn(envelope: string): string | undefined {
  const starts = [...envelope.matchAll(OPENING_TAG)].filter(([tag]) => OF_SAML.test(tag))
  const [start] = starts
  if (!start || starts.length > 1) return undefined
  const close = `</${start[1] ?? ''}Response>`
  const end = envelope.lastIndexOf(close)
  return end < start.index ? undefined : envelope.slice(start.index, end + close.length)
}
