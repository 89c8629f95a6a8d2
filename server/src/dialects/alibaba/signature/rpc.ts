/**
 * RPC, HMAC-SHA1 ("Signature method of RPC-style requests"): every parameter, of query and form body together, is
 * signed, and `Signature` is one of them. The key is the secret with `&` behind it.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { missingParameter, refuseGateway } from '../errors.ts'
import { byName, percentEncoded, sorted } from './parameters.ts'
import { formPairs, queryPairs, type RawRequest, type SignedRequest } from './signed-request.ts'
import { isoSeconds } from './times.ts'

/** Takes an RPC request apart. Refuses what is missing. */
export function readRpc(request: RawRequest): SignedRequest {
  const pairs = [...queryPairs(request), ...formPairs(request)]
  const parameters = byName(pairs)
  const given = (name: string): string => parameters[name] || missingParameter(name)
  const signature = given('Signature')
  const accessKeyId = given('AccessKeyId')
  const nonce = given('SignatureNonce')
  const signedAt = isoSeconds(given('Timestamp'))
  const [action, version] = [given('Action'), given('Version')]
  if (given('SignatureMethod') !== 'HMAC-SHA1' || given('SignatureVersion') !== '1.0') {
    refuseGateway('IncompleteSignature', 'a signature method of another kind')
  }
  const canonical = sorted(pairs)
    .filter(([name]) => name !== 'Signature')
    .map(([name, value]) => `${percentEncoded(name)}=${percentEncoded(value)}`)
    .join('&')
  const stringToSign = `${request.method}&%2F&${percentEncoded(canonical)}`
  return {
    scheme: 'rpc',
    accessKeyId,
    securityToken: parameters['SecurityToken'] || undefined,
    signedAt,
    nonce,
    action,
    version,
    parameters,
    stringToSign,
    isSignedWith: (key) => {
      if (!('secret' in key)) return false
      const expected = Buffer.from(createHmac('sha1', `${key.secret}&`).update(stringToSign).digest('base64'))
      const actual = Buffer.from(signature)
      return expected.length === actual.length && timingSafeEqual(expected, actual)
    },
  }
}
