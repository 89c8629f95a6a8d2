/** What a WS-Trust provider answers, for tests: in canonical form, with an assertion of SAML 1.1 signed at its end, as AD FS has it. */
import { IDP_ENTITY, samlKey, signedXml } from './saml-idp.ts'

export interface TokenAnswer {
  readonly id?: string
  readonly nameId?: string
  /** By namespace and name, apart at the last `/`. */
  readonly attributes?: Readonly<Record<string, readonly string[]>>
  readonly issuer?: string
  /** null: for anybody. */
  readonly audience?: string | null
  /** Seconds. */
  readonly now: number
  /** null: without an end. */
  readonly lifetime?: number | null
  /** The way the subject is confirmed; null: it does not say. */
  readonly method?: string | null
  /** What else stands in the conditions. */
  readonly conditions?: string
  /** What else stands in the assertion. */
  readonly more?: string
  readonly key?: string
  readonly isSigned?: boolean
}

const time = (seconds: number): string => new Date(seconds * 1000).toISOString()

/** The RequestSecurityTokenResponse as XML. */
export function tokenResponse(answer: TokenAnswer): string {
  const plain = assertionOf(answer)
  const isSigned = answer.isSigned ?? true
  return inTokenResponse(isSigned ? signedXml(plain, answer.key ?? samlKey('idp'), END) : plain)
}

const END = { idAttribute: 'AssertionID', before: '</saml:Assertion>' } as const

/** The same around any token. */
export function inTokenResponse(token: string): string {
  return `<t:RequestSecurityTokenResponse xmlns:t="http://schemas.xmlsoap.org/ws/2005/02/trust"><t:Lifetime><wsu:Created xmlns:wsu="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd">2026-01-01T00:00:00.000Z</wsu:Created></t:Lifetime><t:RequestedSecurityToken>${token}</t:RequestedSecurityToken><t:TokenType>urn:oasis:names:tc:SAML:1.0:assertion</t:TokenType></t:RequestSecurityTokenResponse>`
}

/** The assertion alone, unsigned. */
export function assertionOf(answer: TokenAnswer): string {
  const { now, lifetime = 300, conditions = '', more = '' } = answer
  const audience = answer.audience === undefined ? 'http://tokenhouse.test:5000' : answer.audience
  const method = answer.method === undefined ? 'urn:oasis:names:tc:SAML:1.0:cm:bearer' : answer.method
  const confirmation =
    method === null
      ? ''
      : `<saml:SubjectConfirmation><saml:ConfirmationMethod>${method}</saml:ConfirmationMethod></saml:SubjectConfirmation>`
  const subject = `<saml:Subject><saml:NameIdentifier>${answer.nameId ?? 'bob'}</saml:NameIdentifier>${confirmation}</saml:Subject>`
  const end = lifetime === null ? '' : ` NotOnOrAfter="${time(now + lifetime)}"`
  const attributes = Object.entries(answer.attributes ?? {}).map(([claim, values]) => {
    const cut = claim.lastIndexOf('/')
    const said = values.map((value) => `<saml:AttributeValue>${value}</saml:AttributeValue>`)
    return `<saml:Attribute AttributeName="${claim.slice(cut + 1)}" AttributeNamespace="${claim.slice(0, cut)}">${said.join('')}</saml:Attribute>`
  })
  return [
    `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:1.0:assertion" AssertionID="${answer.id ?? '_t1'}" IssueInstant="${time(now)}" Issuer="${answer.issuer ?? IDP_ENTITY}" MajorVersion="1" MinorVersion="1">`,
    `<saml:Conditions NotBefore="${time(now - 10)}"${end}>`,
    audience === null
      ? ''
      : `<saml:AudienceRestrictionCondition><saml:Audience>${audience}</saml:Audience></saml:AudienceRestrictionCondition>`,
    `${conditions}</saml:Conditions>`,
    `<saml:AttributeStatement>${subject}${attributes.join('')}</saml:AttributeStatement>`,
    `<saml:AuthenticationStatement AuthenticationInstant="${time(now)}" AuthenticationMethod="urn:oasis:names:tc:SAML:1.0:am:password">${subject}</saml:AuthenticationStatement>`,
    `${more}</saml:Assertion>`,
  ].join('')
}
