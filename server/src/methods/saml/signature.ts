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
  let why = 'a signature without a certificate'
  for (const certificate of certificates) {
    const signed = new SignedXml({
      publicCert: `-----BEGIN CERTIFICATE-----\n${certificate}\n-----END CERTIFICATE-----\n`,
      getCertFromKeyInfo: () => null,
      // Besides the spellings of `ID`.
      ...(idAttribute === undefined ? {} : { idAttribute }),
    })
    try {
      // The type it declares is a browser's; what it works on is what our parser made.
      signed.loadSignature(signature as never)
      if (signed.checkSignature(text)) return onlyOne(signed.getSignedReferences())
      why = 'a signature of other bytes'
    } catch (error) {
      why = (error as Error).message
    }
  }
  throw new SamlFault('not signed by the provider:', why)
}

function onlyOne(references: readonly string[]): string {
  const [reference, ...others] = references
  if (reference === undefined || others.length > 0)
    throw new SamlFault(`${references.length} signed references`)
  return reference
}
