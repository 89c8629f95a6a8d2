import type { KeyLike } from 'node:crypto'
import type { SignatureAlgorithm } from 'xml-crypto'
import { type Element, SamlFault } from './document.ts'

/**
 * What `signature` signs in `text`, as the very bytes that were digested: nothing else of the document is proved by it. The
 * keys are the provider's certificates (base64 of DER); what the signature says about its key counts for nothing. The shape
 * is held before (`structure.ts`). `idAttribute`: by which a signature names what it signs, where that is not `ID`.
 * Throws a `SamlFault`.
 */
export async function signedText(
  text: string,
  signature: Element,
  certificates: readonly string[],
  idAttribute?: 'AssertionID',
): Promise<string> {
  // As in `document.ts`: of a CommonJS package only the default export survives bundling.
  const { SignedXml } = (await import('xml-crypto')).default
  const [first, ...others] = certificates.map(
    (certificate) => `-----BEGIN CERTIFICATE-----\n${certificate}\n-----END CERTIFICATE-----\n`,
  )
  if (first === undefined)
    throw new SamlFault('not signed by the provider:', 'a signature without a certificate')
  const signed = new SignedXml({
    publicCert: first,
    getCertFromKeyInfo: () => null,
    // Besides the spellings of `ID`.
    ...(idAttribute === undefined ? {} : { idAttribute }),
  })
  const algorithms = signed.SignatureAlgorithms
  for (const [name, Algorithm] of Object.entries(algorithms)) algorithms[name] = byAnyOf(Algorithm, others)
  let why = 'a signature of other bytes'
  try {
    // The type it declares is a browser's; what it works on is what our parser made.
    signed.loadSignature(signature as never)
    if (signed.checkSignature(text)) return onlyOne(signed.getSignedReferences())
  } catch (error) {
    why = (error as Error).message
  }
  throw new SamlFault('not signed by the provider:', why)
}

type Algorithm = new () => SignatureAlgorithm

/**
 * An algorithm of the library's that knows `others` beside the certificate it is asked about. Whatever else is checked of a
 * signature does not depend on the key and is what costs: so it is checked once, not once for each certificate.
 */
function byAnyOf(Algorithm: Algorithm, others: readonly string[]): Algorithm {
  return function byAny(): SignatureAlgorithm {
    const one = new Algorithm()
    const verifySignature = (material: string, certificate: KeyLike, value: string): boolean =>
      [certificate, ...others].some((key) => one.verifySignature(material, key, value) === true)
    return { ...one, verifySignature }
  } as unknown as Algorithm
}

function onlyOne(references: readonly string[]): string {
  const [reference, ...others] = references
  if (reference === undefined || others.length > 0)
    throw new SamlFault(`${references.length} signed references`)
  return reference
}
