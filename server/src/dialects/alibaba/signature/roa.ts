/**
 * ROA, HMAC-SHA1 ("Signature method of ROA-style requests"): `Authorization: acs KEY:<base64>`, what pop-core's
 * ROAClient and SDKs of other languages from before V3 send. Neither Host nor, without Content-MD5, the body is covered, so parameters
 * come from the query alone.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { invalidParameter, missingParameter, refuseGateway } from '../errors.ts'
import { byName, type Pair, sorted } from './parameters.ts'
import {
  acsHeaders,
  headerOf,
  pathOf,
  queryPairs,
  type RawRequest,
  type SignedRequest,
} from './signed-request.ts'
import { httpSeconds } from './times.ts'

const FORM = /^acs ([^:\s]+):([A-Za-z0-9+/]+={0,2})$/

/**
 * Takes an ROA request apart; `known` are the names of all parameters of ROA operations. Refuses what is missing,
 * unknown, ambiguous, or signed for another body.
 */
export function readRoa(request: RawRequest, known: ReadonlySet<string>): SignedRequest {
  const [, accessKeyId = '', signature = ''] =
    FORM.exec(headerOf(request, 'authorization')) ??
    refuseGateway('IncompleteSignature', 'an Authorization of another form')
  const given = (name: string): string => headerOf(request, name) || missingParameter(name)
  if (given('x-acs-signature-method') !== 'HMAC-SHA1' || given('x-acs-signature-version') !== '1.0') {
    refuseGateway('IncompleteSignature', 'a signature method of another kind')
  }
  const nonce = given('x-acs-signature-nonce')
  const version = given('x-acs-version')
  const signedAt = httpSeconds(given('date'))
  checkBodyHash(request)
  const pairs = sorted(queryPairs(request))
  const stringToSign = [
    request.method,
    ...['accept', 'content-md5', 'content-type', 'date'].map((name) => headerOf(request, name)),
    ...acsHeaders(request).map((name) => `${name}:${headerOf(request, name).replace(/[\t\n\r\f]/g, ' ')}`),
    pathOf(request) + unambiguous(pairs, known),
  ].join('\n')
  return {
    scheme: 'roa',
    accessKeyId,
    securityToken: headerOf(request, 'x-acs-security-token') || undefined,
    signedAt,
    nonce,
    version,
    action: headerOf(request, 'x-acs-action') || undefined,
    parameters: byName(pairs),
    stringToSign,
    isSignedWith: (key) => {
      if (!('secret' in key)) return false
      const expected = Buffer.from(createHmac('sha1', key.secret).update(stringToSign).digest('base64'))
      const actual = Buffer.from(signature)
      return expected.length === actual.length && timingSafeEqual(expected, actual)
    },
  }
}

function checkBodyHash(request: RawRequest): void {
  const signed = headerOf(request, 'content-md5')
  if (signed === '') return
  if (createHash('md5').update(request.rawBody).digest('base64') !== signed) {
    refuseGateway('SignatureDoesNotMatch', 'the body is not the one that was signed')
  }
}

/**
 * `?k=v&k=v` of decoded pairs, as this scheme signs them. Since nothing is encoded, `Description=hi%26Id%3D7` and
 * `Description=hi&Id=7` carry one signature, and whoever sits on the way could turn a create into a change. So there may
 * be one reading only: every name is a known one, and no value holds `&` before a known one.
 */
function unambiguous(pairs: readonly Pair[], known: ReadonlySet<string>): string {
  for (const [name, value] of pairs) {
    if (!known.has(name)) invalidParameter(name.slice(0, 64), 'is not known')
    const hidden = value.split('&').slice(1)
    if (hidden.some((part) => known.has(part.split('=')[0]!))) {
      refuseGateway('IncompleteSignature', 'a signature of more than one request', {
        message: 'The parameters cannot be told apart in a signature of this version; sign with V3.',
      })
    }
  }
  const joined = pairs.map(([name, value, bare]) => (bare ? name : `${name}=${value}`)).join('&')
  return joined === '' ? '' : `?${joined}`
}
