/**
 * Verifies what WS-Trust and WS-Federation providers (AD FS) answer: a RequestSecurityTokenResponse with an assertion of
 * SAML 1.1 (OASIS saml-core-1.1; WS-Federation 1.2, 13). As with SAML 2.0 the shape is held first, then everything is read
 * from the bytes that were signed. What stands around the assertion (lifetime, AppliesTo) is signed by nobody and not read.
 */
import { readable, type SaidAttribute } from './attributes.ts'
import { demandConditions } from './conditions.ts'
import { children, type Element, parseXml, SAML1, SamlFault, textOf } from './document.ts'
import type { ProviderMetadata } from './metadata.ts'
import { signedText } from './signature.ts'
import { demandPlainToken } from './structure.ts'
import type { VerifiedSaml } from './verify.ts'

export interface TokenExpectation {
  readonly provider: ProviderMetadata
  /** Names of ours, one of which the assertion has to be for. */
  readonly audiences: readonly string[]
  /** Microseconds. */
  readonly now: number
}

const BEARER = 'urn:oasis:names:tc:SAML:1.0:cm:bearer'

/** What the answer proves, or a `SamlFault`. `text` is the XML itself. */
export async function verifyTokenResponse(text: string, expected: TokenExpectation): Promise<VerifiedSaml> {
  const { provider, audiences, now } = expected
  const sent = text.replace(/\r\n?/g, '\n')
  const { signature } = demandPlainToken(await parseXml(sent))
  const signed = await signedText(sent, signature, provider.certificates, 'AssertionID')
  const assertion = (await parseXml(signed)).documentElement
  if (assertion?.localName !== 'Assertion' || assertion.namespaceURI !== SAML1)
    throw new SamlFault('no Assertion signed')
  if (assertion.getAttribute('MajorVersion') !== '1') throw new SamlFault('another version')
  const issuer = assertion.getAttribute('Issuer') ?? ''
  if (issuer !== provider.entityId) throw new SamlFault('issuer', issuer)
  const notOnOrAfter = demandConditions(assertion, { audiences, seconds: now / 1e6 })
  if (notOnOrAfter === Number.POSITIVE_INFINITY) throw new SamlFault('without an end')
  if (children(assertion, SAML1, 'AuthenticationStatement').length === 0)
    throw new SamlFault('no AuthenticationStatement')
  return {
    attributes: readable(issuer, subjectOf(assertion), attributesOf(assertion)),
    assertionId: assertion.getAttribute('AssertionID') ?? '',
    notOnOrAfter,
    sessionNotOnOrAfter: null,
  }
}

/** Whom the statements are about: one subject in all of them, '' when it has no name. Only its bearer is asked for no more. */
function subjectOf(assertion: Element): string {
  const statements = ['AuthenticationStatement', 'AttributeStatement', 'AuthorizationDecisionStatement']
  const subjects = statements
    .flatMap((name) => children(assertion, SAML1, name))
    .map((statement) => children(statement, SAML1, 'Subject'))
  const names = new Set<string>()
  for (const [subject, ...others] of subjects) {
    if (!subject || others.length > 0) throw new SamlFault('a statement about nobody')
    names.add(textOf(children(subject, SAML1, 'NameIdentifier')[0]))
    const methods = children(subject, SAML1, 'SubjectConfirmation').flatMap((confirmation) =>
      children(confirmation, SAML1, 'ConfirmationMethod').map(textOf),
    )
    if (methods.some((method) => method !== BEARER)) throw new SamlFault('a confirmation that is no bearer’s')
  }
  const [name = '', ...others] = names
  if (others.length > 0) throw new SamlFault('statements about several subjects')
  return name
}

/** Attributes by namespace and name, as claim URIs are written, and by name alone where only one namespace has it. */
function attributesOf(assertion: Element): readonly SaidAttribute[] {
  const found = children(assertion, SAML1, 'AttributeStatement')
    .flatMap((statement) => children(statement, SAML1, 'Attribute'))
    .map((attribute) => ({
      name: attribute.getAttribute('AttributeName') ?? '',
      namespace: attribute.getAttribute('AttributeNamespace') ?? '',
      values: children(attribute, SAML1, 'AttributeValue').map(textOf),
    }))
  return found.map(({ name, namespace, values }) => {
    const isAlone = found.every((other) => other.name !== name || other.namespace === namespace)
    return { names: [`${namespace}/${name}`, isAlone ? name : null], values }
  })
}
