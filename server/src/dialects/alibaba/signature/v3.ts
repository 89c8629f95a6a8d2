/**
 * V3, what every current SDK sends ("Request syntax and signature method V3"): `Authorization: ACS3-HMAC-SHA256
 * Credential=...,SignedHeaders=...,Signature=<hex>`. The key is the secret itself, no derived one. Variants: HMAC and
 * hash with SM3; RSA-SHA256 (PKCS #1 v1.5), where we hold the public key of the pair.
 */
import { createHash, createHmac, timingSafeEqual, verify } from 'node:crypto'
import { missingParameter, refuseGateway } from '../errors.ts'
import { byName, percentEncoded, sorted } from './parameters.ts'
import {
  acsHeaders,
  formPairs,
  headerOf,
  pathOf,
  queryPairs,
  type RawRequest,
  type SignedRequest,
} from './signed-request.ts'
import { isoSeconds } from './times.ts'

const FORM =
  /^(ACS3-HMAC-SHA256|ACS3-HMAC-SM3|ACS3-RSA-SHA256) Credential=([^,\s]+), ?SignedHeaders=([a-z0-9;_-]+), ?Signature=([0-9a-f]+)$/

/** Takes a V3 request apart. Refuses what is missing, not covered by the signature, or signed for another body. */
export function readV3(request: RawRequest): SignedRequest {
  const [, algorithm = '', accessKeyId = '', listed = '', signature = ''] =
    FORM.exec(headerOf(request, 'authorization')) ??
    refuseGateway('IncompleteSignature', 'an Authorization of another form')
  const hash = algorithm.endsWith('SM3') ? 'sm3' : 'sha256'
  const given = (name: string): string => headerOf(request, name) || missingParameter(name)
  const signedHeaders = coveredHeaders(request, listed)
  const signedAt = isoSeconds(given('x-acs-date'))
  const nonce = given('x-acs-signature-nonce')
  const version = given('x-acs-version')
  const bodyHash = createHash(hash).update(request.rawBody).digest('hex')
  const securityToken = headerOf(request, 'x-acs-security-token') || undefined
  const pairs = queryPairs(request)
  const canonical = [
    request.method,
    canonicalPath(pathOf(request)),
    sorted(pairs)
      .map(([name, value]) => `${percentEncoded(name)}=${percentEncoded(value)}`)
      .join('&'),
    ...signedHeaders.map((name) => `${name}:${headerOf(request, name)}`),
    '',
    listed,
    bodyHash,
  ].join('\n')
  const stringToSign = `${algorithm}\n${createHash(hash).update(canonical).digest('hex')}`
  if (given('x-acs-content-sha256') !== bodyHash) {
    refuseGateway('SignatureDoesNotMatch', 'the body is not the one that was signed')
  }
  if ((headerOf(request, 'x-acs-accesskey-id') || accessKeyId) !== accessKeyId) {
    refuseGateway('IncompleteSignature', 'two access keys')
  }
  return {
    scheme: 'v3',
    accessKeyId,
    securityToken,
    signedAt,
    nonce,
    version,
    action: headerOf(request, 'x-acs-action') || undefined,
    parameters: byName([...pairs, ...formPairs(request)]),
    stringToSign,
    isSignedWith: (key) =>
      algorithm === 'ACS3-RSA-SHA256'
        ? 'publicKey' in key && isSignedByPair(key.publicKey, stringToSign, signature)
        : 'secret' in key && isSignedBySecret(hash, key.secret, { stringToSign, signature }),
  }
}

/** The names in SignedHeaders, which have to cover whatever a server acts on. */
function coveredHeaders(request: RawRequest, listed: string): readonly string[] {
  const names = listed.split(';')
  const type = headerOf(request, 'content-type') === '' ? [] : ['content-type']
  const needed = ['host', ...acsHeaders(request), ...type]
  const uncovered = needed.find((name) => !names.includes(name))
  if (uncovered !== undefined) refuseGateway('IncompleteSignature', `${uncovered} is not signed`)
  if (new Set(names).size !== names.length) refuseGateway('IncompleteSignature', 'a header is signed twice')
  return names
}

function canonicalPath(path: string): string {
  return path.replaceAll('+', '%20').replaceAll('*', '%2A').replaceAll('%7E', '~')
}

function isSignedBySecret(
  hash: string,
  secret: string,
  { stringToSign, signature }: { readonly stringToSign: string; readonly signature: string },
): boolean {
  const expected = Buffer.from(createHmac(hash, secret).update(stringToSign).digest('hex'))
  const actual = Buffer.from(signature)
  return expected.length === actual.length && timingSafeEqual(expected, actual)
}

function isSignedByPair(publicKey: string, stringToSign: string, signature: string): boolean {
  const bytes = Buffer.from(signature, 'hex')
  // Reading hex drops half a byte at its end, and a signature has one spelling.
  if (bytes.length * 2 !== signature.length) return false
  return verify('sha256', Buffer.from(stringToSign), publicKey, bytes)
}
