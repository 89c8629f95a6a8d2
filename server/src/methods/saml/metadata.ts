/** What a provider says of itself (SAML 2.0 Metadata), and what we say of ourselves. */
import { X509Certificate } from 'node:crypto'
import { OAEP_MGF1P, OFFERED_CIPHERS } from './decrypt.ts'
import { below, children, DSIG, type Element, METADATA, parseXml, SamlFault, textOf } from './document.ts'

export interface ProviderMetadata {
  readonly entityId: string
  /** Base64 of DER, as they stand there. */
  readonly certificates: readonly string[]
  /** Where a sign-in begins, by binding; undefined where it is not offered. */
  readonly redirectUrl: string | undefined
  readonly postUrl: string | undefined
  readonly soapUrl: string | undefined
  /** The provider answers signed requests only. */
  readonly wantsSignedRequests: boolean
}

/** Reads metadata: of the provider's role in SAML 2.0, else of its role as a token service. Throws a `SamlFault` for what is none, has several providers, or no key to verify signatures with. */
export async function readMetadata(text: string): Promise<ProviderMetadata> {
  const parsed = await parseXml(withoutComments(text))
  const entities = below(parsed, METADATA, 'EntityDescriptor')
  const [entity] = entities
  if (!entity || entities.length > 1) throw new SamlFault(`${entities.length} entities`)
  const entityId = entity.getAttribute('entityID') ?? ''
  const idp = children(entity, METADATA, 'IDPSSODescriptor')[0] ?? tokenService(entity)
  if (!idp || entityId === '' || entityId.length > 1024) throw new SamlFault('no identity provider')
  const certificates = children(idp, METADATA, 'KeyDescriptor')
    .filter((key) => key.getAttribute('use') !== 'encryption')
    .flatMap((key) => below(key, DSIG, 'X509Certificate'))
    .map((certificate) => textOf(certificate).replace(/\s+/g, ''))
  if (certificates.length === 0 || certificates.length > 8)
    throw new SamlFault(`${certificates.length} certificates`)
  for (const certificate of certificates) demandUsable(certificate)
  const services = children(idp, METADATA, 'SingleSignOnService')
  const at = (binding: string): string | undefined => {
    const name = `urn:oasis:names:tc:SAML:2.0:bindings:${binding}`
    const service = services.find((each) => each.getAttribute('Binding') === name)
    return service && webAddress(service.getAttribute('Location') ?? '')
  }
  return {
    entityId,
    certificates,
    redirectUrl: at('HTTP-Redirect'),
    postUrl: at('HTTP-POST'),
    soapUrl: at('SOAP'),
    wantsSignedRequests: /^(true|1)$/.test(idp.getAttribute('WantAuthnRequestsSigned') ?? ''),
  }
}

/** Shibboleth's own metadata begins with a comment. What a comment may not hold stays, and is refused with it. */
function withoutComments(text: string): string {
  const [first = '', ...others] = text.split('<!--')
  const rest = others.map((part) => {
    const end = part.indexOf('-->')
    return end < 0 ? `<!--${part}` : part.slice(end + 3)
  })
  return first + rest.join('')
}

/** A provider of WS-Federation and WS-Trust alone says so with a role of its own (WS-Federation 1.2, 3.1.2.2). */
function tokenService(entity: Element): Element | undefined {
  const isService = (role: Element): boolean =>
    /^([\w.-]+:)?SecurityTokenServiceType$/.test(role.getAttribute('xsi:type') ?? '')
  return children(entity, METADATA, 'RoleDescriptor').find(isService)
}

/** Browsers are sent there: no other scheme than the web's. */
function webAddress(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text
  throw new SamlFault('address', text)
}

function demandUsable(certificate: string): void {
  let key: X509Certificate['publicKey']
  try {
    key = new X509Certificate(Buffer.from(certificate, 'base64')).publicKey
  } catch {
    throw new SamlFault('a certificate that is none')
  }
  const bits = key.asymmetricKeyDetails?.modulusLength
  if (key.asymmetricKeyType === 'rsa' && bits !== undefined && bits >= 2048) return
  throw new SamlFault(`a ${key.asymmetricKeyType} key${bits === undefined ? '' : ` of ${bits} bits`}`)
}

/** Who we are to a provider, and where answers go. */
export interface OwnEntity {
  readonly entityId: string
  /** HTTP-POST: answers that a browser brings. */
  readonly postUrl: string
  /** PAOS: answers that a program brings (ECP). */
  readonly paosUrl: string
}

/**
 * Our metadata as XML. `certificates`: of our keys (base64 of DER), the current one first: requests are signed with it, and
 * assertions may be encrypted for it.
 */
export function ownMetadata(
  { entityId, postUrl, paosUrl }: OwnEntity,
  certificates: readonly string[],
): string {
  const service = (binding: string, url: string, index: number): string =>
    `<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:${binding}" Location="${xmlText(url)}" index="${index}"${index === 0 ? ' isDefault="true"' : ''}/>`
  const method = (algorithm: string): string => `<md:EncryptionMethod Algorithm="${algorithm}"/>`
  const info = (certificate: string): string =>
    `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`
  const signing = certificates.map(
    (each) => `<md:KeyDescriptor use="signing">${info(each)}</md:KeyDescriptor>`,
  )
  // Retired keys still open what was sealed for them; nothing new should be.
  const encryption = certificates
    .slice(0, 1)
    .map(
      (each) =>
        `<md:KeyDescriptor use="encryption">${info(each)}${[...OFFERED_CIPHERS, OAEP_MGF1P].map(method).join('')}</md:KeyDescriptor>`,
    )
  const keys = [...signing, ...encryption].join('')
  return `<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="${METADATA}" xmlns:ds="${DSIG}" entityID="${xmlText(entityId)}"><md:SPSSODescriptor AuthnRequestsSigned="false" WantAssertionsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">${keys}${service('HTTP-POST', postUrl, 0)}${service('PAOS', paosUrl, 1)}</md:SPSSODescriptor></md:EntityDescriptor>
`
}

export function xmlText(text: string): string {
  const names: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&apos;',
  }
  return text.replace(/[&<>"']/g, (mark) => names[mark] ?? mark)
}
