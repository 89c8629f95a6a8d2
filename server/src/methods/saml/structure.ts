import { below, children, type Document, DSIG, type Element, SAML, SAMLP, SamlFault } from './document.ts'

const SIGNATURES = ['rsa-sha256', 'rsa-sha384', 'rsa-sha512'].map(
  (name) => `http://www.w3.org/2001/04/xmldsig-more#${name}`,
)
const DIGESTS = [
  'http://www.w3.org/2001/04/xmlenc#sha256',
  'http://www.w3.org/2001/04/xmldsig-more#sha384',
  'http://www.w3.org/2001/04/xmlenc#sha512',
]
const TRANSFORMS = [
  'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
  'http://www.w3.org/2001/10/xml-exc-c14n#',
  'http://www.w3.org/2001/10/xml-exc-c14n#WithComments',
]

/**
 * The one shape of a response that is looked at further: one Response at the root, one Assertion right below it and none
 * anywhere else, every signature a child of what it signs, with one SignedInfo, one Reference to its parent's own id, and
 * algorithms of a short list. Every wrapping attack (XSW 1 to 8) needs another shape. Throws a `SamlFault`.
 */
export function demandPlainShape(parsed: Document): Element {
  const root = parsed.documentElement
  if (root?.localName !== 'Response' || root.namespaceURI !== SAMLP) throw new SamlFault('no Response')
  const assertions = below(parsed, SAML, 'Assertion')
  const [assertion] = assertions
  if (below(parsed, SAML, 'EncryptedAssertion').length > 0) throw new SamlFault('an encrypted assertion')
  if (!assertion || assertions.length > 1) throw new SamlFault(`${assertions.length} assertions`)
  if (assertion.parentNode !== root) throw new SamlFault('an assertion that is not the Response’s own')
  if (below(parsed, SAMLP, 'Response').length > 1) throw new SamlFault('a Response inside')
  const signatures = below(parsed, DSIG, 'Signature')
  if (signatures.length === 0) throw new SamlFault('no signature')
  for (const signature of signatures) demandOwnSignature(signature, [root, assertion])
  if (new Set(signatures.map((signature) => signature.parentNode)).size !== signatures.length) {
    throw new SamlFault('two signatures of one element')
  }
  if (below(parsed, DSIG, 'Object').length > 0) throw new SamlFault('an Object in a signature')
  return assertion
}

function demandOwnSignature(signature: Element, owners: readonly Element[]): void {
  const owner = owners.find((element) => signature.parentNode === element)
  if (!owner) throw new SamlFault('a signature of something else')
  const infos = below(signature, DSIG, 'SignedInfo')
  const [info] = infos
  if (!info || infos.length > 1) throw new SamlFault(`${infos.length} SignedInfo`)
  const references = below(signature, DSIG, 'Reference')
  const [reference] = references
  if (!reference || references.length > 1) throw new SamlFault(`${references.length} References`)
  const id = owner.getAttribute('ID')
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

function demandAmong(elements: readonly Element[], allowed: readonly string[]): void {
  const [element] = elements
  const algorithm = element?.getAttribute('Algorithm') ?? ''
  if (elements.length !== 1 || !allowed.includes(algorithm)) throw new SamlFault(`algorithm ${algorithm}`)
}
