/** A SAML provider for tests: writes responses in canonical form, so that signing them is one digest and one signature. */
import { createHash, createSign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '../methods/saml/vectors')
export const samlKey = (name: 'idp' | 'other'): string =>
  readFileSync(join(folder, `${name}.key.pem`), 'utf8')
export const samlCertificate = (name: 'idp' | 'other' | 'weak'): string =>
  readFileSync(join(folder, `${name}.cert.pem`), 'utf8').replace(/-----[A-Z ]+-----|\s/g, '')

export const IDP_ENTITY = 'https://idp.test/metadata'

/** Metadata of that provider. */
export function samlMetadata(certificate = samlCertificate('idp'), entityId = IDP_ENTITY): string {
  return `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="${entityId}"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>${certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.test/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>`
}

export interface SamlAnswer {
  readonly id?: string
  readonly nameId?: string
  readonly attributes?: Readonly<Record<string, readonly string[]>>
  readonly issuer?: string
  readonly audience?: string | null
  readonly recipient: string
  readonly destination?: string
  readonly inResponseTo?: string
  /** Seconds. */
  readonly now: number
  readonly lifetime?: number
  /** Of the conditions, when it is not the confirmation's. */
  readonly conditionsLifetime?: number
  readonly sessionEnd?: number
  readonly method?: string
  readonly status?: string
  readonly key?: string
  readonly sign?: 'assertion' | 'response' | 'both' | 'none'
  /** What becomes of the assertion before the response is signed: encryption. */
  readonly seal?: (assertion: string) => string
}

const time = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000', '')
const text = (value: string): string => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/** The response as XML. */
export function samlResponse(answer: SamlAnswer): string {
  const sign = answer.sign ?? 'assertion'
  const plain = samlAssertion(answer)
  const open = sign === 'assertion' || sign === 'both' ? signedXml(plain, answer.key) : plain
  const assertion = answer.seal ? answer.seal(open) : open
  const { inResponseTo, destination, now } = answer
  const head = [
    destination === undefined ? '' : ` Destination="${destination}"`,
    ' ID="_response"',
    inResponseTo === undefined ? '' : ` InResponseTo="${inResponseTo}"`,
    ` IssueInstant="${time(now)}" Version="2.0"`,
  ].join('')
  const status = `<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:${answer.status ?? 'Success'}"></samlp:StatusCode></samlp:Status>`
  const issuer = `<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${answer.issuer ?? IDP_ENTITY}</saml:Issuer>`
  const response = `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"${head}>${issuer}${status}${assertion}</samlp:Response>`
  return sign === 'response' || sign === 'both' ? signedXml(response, answer.key) : response
}

/** The assertion alone, unsigned. */
export function samlAssertion(answer: SamlAnswer): string {
  const { now, lifetime = 300, conditionsLifetime = lifetime, recipient, inResponseTo, sessionEnd } = answer
  const issuer = answer.issuer ?? IDP_ENTITY
  const audience = answer.audience === undefined ? 'http://tokenhouse.test:5000' : answer.audience
  const answers = inResponseTo === undefined ? '' : ` InResponseTo="${inResponseTo}"`
  const attributes = Object.entries(answer.attributes ?? {})
    .map(
      ([name, values]) =>
        `<saml:Attribute Name="${name}">${values.map((value) => `<saml:AttributeValue>${text(value)}</saml:AttributeValue>`).join('')}</saml:Attribute>`,
    )
    .join('')
  return [
    `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${answer.id ?? '_a1'}" IssueInstant="${time(now)}" Version="2.0">`,
    `<saml:Issuer>${issuer}</saml:Issuer>`,
    `<saml:Subject><saml:NameID>${text(answer.nameId ?? 'bob')}</saml:NameID>`,
    `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:${answer.method ?? 'bearer'}">`,
    `<saml:SubjectConfirmationData${answers} NotOnOrAfter="${time(now + lifetime)}" Recipient="${recipient}"></saml:SubjectConfirmationData>`,
    '</saml:SubjectConfirmation></saml:Subject>',
    `<saml:Conditions NotBefore="${time(now - 10)}" NotOnOrAfter="${time(now + conditionsLifetime)}">`,
    audience === null
      ? ''
      : `<saml:AudienceRestriction><saml:Audience>${audience}</saml:Audience></saml:AudienceRestriction>`,
    '</saml:Conditions>',
    `<saml:AuthnStatement AuthnInstant="${time(now)}"${sessionEnd === undefined ? '' : ` SessionNotOnOrAfter="${time(sessionEnd)}"`}><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`,
    attributes === '' ? '' : `<saml:AttributeStatement>${attributes}</saml:AttributeStatement>`,
    '</saml:Assertion>',
  ].join('')
}

export interface SigningPlace {
  /** The attribute with the id of what is signed. */
  readonly idAttribute: string
  /** The signature is put before the last of these; behind the Issuer when it is not given. */
  readonly before?: string
}

/** Canonical XML with an enveloped signature put behind its Issuer, or where `place` says. */
export function signedXml(
  xml: string,
  key = samlKey('idp'),
  { idAttribute, before }: SigningPlace = { idAttribute: 'ID' },
): string {
  const id = new RegExp(`\\b${idAttribute}="([^"]+)"`).exec(xml)?.[1] ?? ''
  const digest = createHash('sha256').update(xml).digest('base64')
  const info = (xmlns: string): string =>
    `<ds:SignedInfo${xmlns}><ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></ds:SignatureMethod><ds:Reference URI="#${id}"><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform><ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod><ds:DigestValue>${digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>`
  const xmlns = ' xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'
  const value = createSign('sha256').update(info(xmlns)).sign(key, 'base64')
  const signature = `<ds:Signature${xmlns}>${info('')}<ds:SignatureValue>${value}</ds:SignatureValue></ds:Signature>`
  const behindIssuer = xml.indexOf('</saml:Issuer>') + '</saml:Issuer>'.length
  const at = before === undefined ? behindIssuer : xml.lastIndexOf(before)
  return `${xml.slice(0, at)}${signature}${xml.slice(at)}`
}
