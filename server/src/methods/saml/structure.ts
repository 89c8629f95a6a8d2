import {
  below,
  children,
  type Document,
  DSIG,
  type Element,
  SAML,
  SAML1,
  SAMLP,
  SamlFault,
} from './document.ts'

const SIGNATURES = ['rsa-sha256', 'rsa-sha512'].map(
  (name) => `http://www.w3.org/2001/04/xmldsig-more#${name}`,
)
const DIGESTS = ['http://www.w3.org/2001/04/xmlenc#sha256', 'http://www.w3.org/2001/04/xmlenc#sha512']
const TRANSFORMS = [
  'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
  'http://www.w3.org/2001/10/xml-exc-c14n#',
  'http://www.w3.org/2001/10/xml-exc-c14n#WithComments',
]

/** A response in parts: exactly one of `assertion` and `encrypted`, and the signatures there are. */
export interface PlainShape {
  readonly response: Element
  readonly responseSignature: Element | undefined
  readonly assertion: Element | undefined
  readonly assertionSignature: Element | undefined
  /** The EncryptedAssertion; whether what is in it has a plain shape is asked when it is open. */
  readonly encrypted: Element | undefined
}

/**
 * The one shape of a response that is looked at further: one Response at the root, one assertion right below it (encrypted or
 * not) and none anywhere else, every signature a child of what it signs, with one SignedInfo, one Reference to its parent's
 * own id, and algorithms of a short list. Every wrapping attack (XSW 1 to 8) needs another shape. Throws a `SamlFault`.
 */
export function demandPlainShape(parsed: Document): PlainShape {
  const response = parsed.documentElement
  if (response?.localName !== 'Response' || response.namespaceURI !== SAMLP)
    throw new SamlFault('no Response')
  if (below(parsed, SAMLP, 'Response').length > 1) throw new SamlFault('a Response inside')
  const assertions = below(parsed, SAML, 'Assertion')
  const encrypted = below(parsed, SAML, 'EncryptedAssertion')
  const [only, ...others] = [...assertions, ...encrypted]
  if (!only || others.length > 0) throw new SamlFault(`${others.length + (only ? 1 : 0)} assertions`)
  if (only.parentNode !== response) throw new SamlFault('an assertion that is not the Response’s own')
  const [assertion] = assertions
  const signatures = demandOwnSignatures(parsed, assertion ? [response, assertion] : [response])
  if (assertion && signatures.size === 0) throw new SamlFault('no signature')
  return {
    response,
    responseSignature: signatures.get(response),
    assertion,
    assertionSignature: assertion && signatures.get(assertion),
    encrypted: encrypted[0],
  }
}

/** The same of an assertion that came out of an encrypted one. `signature`: undefined when it has none of its own. */
export function demandPlainAssertion(parsed: Document): {
  readonly assertion: Element
  readonly signature: Element | undefined
} {
  const assertion = parsed.documentElement
  if (assertion?.localName !== 'Assertion' || assertion.namespaceURI !== SAML)
    throw new SamlFault('no Assertion')
  const inside =
    below(parsed, SAML, 'Assertion').length - 1 + below(parsed, SAML, 'EncryptedAssertion').length
  if (inside > 0) throw new SamlFault('an assertion inside an assertion')
  return { assertion, signature: demandOwnSignatures(parsed, [assertion]).get(assertion) }
}

/** Of an answer that names its token by WS-Trust 2005/02 or 1.3. */
const TRUST = [
  'http://schemas.xmlsoap.org/ws/2005/02/trust',
  'http://docs.oasis-open.org/ws-sx/ws-trust/200512',
]

/**
 * The one shape of a WS-Trust answer that is looked at further: one RequestSecurityTokenResponse at the root with one
 * RequestedSecurityToken, in it one assertion of SAML 1.1 and nowhere another, signed itself and with nothing else signed.
 */
export function demandPlainToken(parsed: Document): {
  readonly assertion: Element
  readonly signature: Element
} {
  const root = parsed.documentElement
  const trust = TRUST.find((namespace) => namespace === root?.namespaceURI)
  if (!root || trust === undefined || root.localName !== 'RequestSecurityTokenResponse')
    throw new SamlFault('no RequestSecurityTokenResponse')
  const tokens = children(root, trust, 'RequestedSecurityToken')
  const [assertion, ...others] = [
    ...below(parsed, SAML1, 'Assertion'),
    ...below(parsed, SAML, 'Assertion'),
    ...below(parsed, SAML, 'EncryptedAssertion'),
  ]
  if (tokens.length !== 1) throw new SamlFault(`${tokens.length} tokens`)
  if (!assertion || others.length > 0)
    throw new SamlFault(`${others.length + (assertion ? 1 : 0)} assertions`)
  if (assertion.parentNode !== tokens[0] || assertion.namespaceURI !== SAML1)
    throw new SamlFault('an assertion that is not the token')
  const signature = demandOwnSignatures(parsed, [assertion], 'AssertionID').get(assertion)
  if (!signature) throw new SamlFault('no signature')
  return { assertion, signature }
}

/** Every signature by whom it signs. */
function demandOwnSignatures(
  parsed: Document,
  owners: readonly Element[],
  idAttribute = 'ID',
): ReadonlyMap<Element, Element> {
  if (below(parsed, DSIG, 'Object').length > 0) throw new SamlFault('an Object in a signature')
  const found = new Map<Element, Element>()
  for (const signature of below(parsed, DSIG, 'Signature')) {
    const owner = owners.find((element) => signature.parentNode === element)
    if (!owner) throw new SamlFault('a signature of something else')
    if (found.has(owner)) throw new SamlFault('two signatures of one element')
    demandPlainSignature(signature, owner.getAttribute(idAttribute))
    found.set(owner, signature)
  }
  return found
}

function demandPlainSignature(signature: Element, id: string | null): void {
  const infos = below(signature, DSIG, 'SignedInfo')
  const [info] = infos
  if (!info || infos.length > 1) throw new SamlFault(`${infos.length} SignedInfo`)
  const references = below(signature, DSIG, 'Reference')
  const [reference] = references
  if (!reference || references.length > 1) throw new SamlFault(`${references.length} References`)
  if (!id || reference.getAttribute('URI') !== `#${id}`) throw new SamlFault('a Reference to something else')
  if (
    below(signature, DSIG, 'DigestValue').length !== 1 ||
    below(signature, DSIG, 'SignatureValue').length !== 1
  ) {
    throw new SamlFault('several digests or signature values')
  }
  demandAmong(children(info, DSIG, 'SignatureMethod'), SIGNATURES)
  demandAmong(below(reference, DSIG, 'DigestMethod'), DIGESTS)
  demandAmong(children(info, DSIG, 'CanonicalizationMethod'), TRANSFORMS)
  const transforms = below(reference, DSIG, 'Transform')
  if (transforms.length > 2) throw new SamlFault('too many transforms')
  for (const transform of transforms) demandAmong([transform], TRANSFORMS)
}

/** Refuses anything but one element whose `Algorithm` is one of the list. */
export function demandAmong(elements: readonly Element[], allowed: readonly string[]): string {
  const [element] = elements
  const algorithm = element?.getAttribute('Algorithm') ?? ''
  if (elements.length !== 1 || !allowed.includes(algorithm)) throw new SamlFault('algorithm', algorithm)
  return algorithm
}
