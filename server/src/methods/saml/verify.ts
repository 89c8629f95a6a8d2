/**
 * Verifies a SAML response (SAML 2.0 Profiles, 4.1.4.3 and 4.2). The signature is a maintained library's business; before
 * it the shape is held (`structure.ts`), after it everything is read from the bytes that were signed and from nothing else.
 */
import type { Assertion } from '../../core/federation/mapping.ts'
import { readable } from './attributes.ts'
import { demandConditions, SKEW, timeOf } from './conditions.ts'
import { decryptAssertion } from './decrypt.ts'
import { children, type Element, parseXml, SAML, SAMLP, SamlFault, textOf } from './document.ts'
import type { ProviderMetadata } from './metadata.ts'
import { signedText } from './signature.ts'
import { demandPlainAssertion, demandPlainShape } from './structure.ts'

export interface SamlExpectation {
  readonly provider: ProviderMetadata
  /** Our entity id: the audience. */
  readonly audience: string
  /** Where the response was brought: the recipient. */
  readonly recipient: string
  /** The request it has to answer; null for one that nobody asked for (IdP-initiated). */
  readonly inResponseTo: string | null
  /** Our private keys as PEM, for encrypted assertions. */
  readonly keys: readonly string[]
  /** Microseconds. */
  readonly now: number
}

export interface VerifiedSaml {
  readonly attributes: Assertion
  readonly assertionId: string
  /** Seconds: the assertion is worth nothing after that. */
  readonly notOnOrAfter: number
  /** Seconds, or null when the provider does not end the session; of several the first. */
  readonly sessionNotOnOrAfter: number | null
}

/** What the response proves, or a `SamlFault`. `text` is the XML itself. */
export async function verifySaml(text: string, expected: SamlExpectation): Promise<VerifiedSaml> {
  const { response, assertion } = await believed(text.replace(/\r\n?/g, '\n'), expected)
  const destination = response.getAttribute('Destination')
  if (destination && destination !== expected.recipient) throw new SamlFault('destination', destination)
  const [status] = children(response, SAMLP, 'Status').flatMap((each) => children(each, SAMLP, 'StatusCode'))
  if (status?.getAttribute('Value') !== 'urn:oasis:names:tc:SAML:2.0:status:Success')
    throw new SamlFault('no success')
  demandAnswer(response, expected)

  if (assertion.localName !== 'Assertion' || assertion.namespaceURI !== SAML)
    throw new SamlFault('no Assertion signed')
  for (const issued of [assertion, response]) demandIssuer(issued, expected.provider.entityId)
  const seconds = expected.now / 1e6
  const end = subjectEnd(assertion, expected)
  const conditionsEnd = demandConditions(assertion, { audiences: [expected.audience], seconds })
  const authn = children(assertion, SAML, 'AuthnStatement')
  if (authn.length === 0) throw new SamlFault('no AuthnStatement')
  const sessionEnds = authn
    .map((statement) => statement.getAttribute('SessionNotOnOrAfter') ?? '')
    .filter((end) => end !== '')
    .map(timeOf)
  const assertionId = assertion.getAttribute('ID') ?? ''
  if (assertionId === '') throw new SamlFault('no ID')
  return {
    attributes: attributesOf(assertion, expected.provider.entityId),
    assertionId,
    notOnOrAfter: Math.min(end, conditionsEnd),
    sessionNotOnOrAfter: sessionEnds.length === 0 ? null : Math.min(...sessionEnds),
  }
}

/**
 * The response and its assertion as they may be read: the assertion always from signed bytes, the response from them when
 * it is signed. Every signature there is has to be good.
 */
async function believed(
  text: string,
  { provider, keys }: SamlExpectation,
): Promise<{ readonly response: Element; readonly assertion: Element }> {
  const shape = demandPlainShape(await parseXml(text))
  const { responseSignature, assertionSignature } = shape
  const read = async (from: string, signature: Element): Promise<Element> =>
    (await parseXml(await signedText(from, signature, provider.certificates))).documentElement as Element
  const response = responseSignature ? await read(text, responseSignature) : shape.response
  if (assertionSignature) return { response, assertion: await read(text, assertionSignature) }
  const [assertion] = children(response, SAML, 'Assertion')
  if (responseSignature && assertion) return { response, assertion }
  const [encrypted] = children(response, SAML, 'EncryptedAssertion')
  if (!encrypted) throw new SamlFault('no assertion')
  const isSigned = responseSignature !== undefined
  const opened = decryptAssertion(encrypted, { keys, isSigned })
  const inner = demandPlainAssertion(await parseXml(opened))
  if (inner.signature) return { response, assertion: await read(opened, inner.signature) }
  if (!isSigned) throw new SamlFault('no signature')
  return { response, assertion: inner.assertion }
}

/** An assertion has to say who made it; a response may. */
function demandIssuer(element: Element, entityId: string): void {
  const [issuer, ...others] = children(element, SAML, 'Issuer')
  if (!issuer && element.localName === 'Response') return
  if (others.length > 0 || textOf(issuer) !== entityId) throw new SamlFault('issuer', textOf(issuer))
}

function demandAnswer(element: Element, { inResponseTo }: SamlExpectation): void {
  const answers = element.getAttribute('InResponseTo') || null
  if (answers !== inResponseTo) throw new SamlFault('answers', `${answers}`)
}

/** When the bearer's confirmation ends; refuses when none of them is for us, now. */
function subjectEnd(assertion: Element, expected: SamlExpectation): number {
  const [subject] = children(assertion, SAML, 'Subject')
  const seconds = expected.now / 1e6
  for (const confirmation of subject ? children(subject, SAML, 'SubjectConfirmation') : []) {
    if (confirmation.getAttribute('Method') !== 'urn:oasis:names:tc:SAML:2.0:cm:bearer') continue
    const [data] = children(confirmation, SAML, 'SubjectConfirmationData')
    if (!data || data.getAttribute('Recipient') !== expected.recipient || data.getAttribute('NotBefore'))
      continue
    const end = timeOf(data.getAttribute('NotOnOrAfter') ?? '')
    const answers = data.getAttribute('InResponseTo') || null
    if (end + SKEW > seconds && answers === expected.inResponseTo) return end
  }
  throw new SamlFault('no confirmation for us')
}

/** Attributes by name and friendly name. */
function attributesOf(assertion: Element, issuer: string): Assertion {
  const [subject] = children(assertion, SAML, 'Subject')
  const nameId = textOf(subject && children(subject, SAML, 'NameID')[0])
  const said = children(assertion, SAML, 'AttributeStatement')
    .flatMap((statement) => children(statement, SAML, 'Attribute'))
    .map((attribute) => ({
      names: [attribute.getAttribute('Name'), attribute.getAttribute('FriendlyName')],
      values: children(attribute, SAML, 'AttributeValue').map(textOf),
    }))
  return readable(issuer, nameId, said)
}
