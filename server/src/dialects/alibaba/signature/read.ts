import { missingParameter, refuseGateway } from '../errors.ts'
import { byName, type Parameters } from './parameters.ts'
import { readRoa } from './roa.ts'
import { readRpc } from './rpc.ts'
import { formPairs, headerOf, queryPairs, type RawRequest, type SignedRequest } from './signed-request.ts'
import { readV3 } from './v3.ts'

/**
 * Takes a signed request apart, in whichever scheme it comes; `roaParameters` as for `readRoa`. Refuses unsigned ones
 * and other schemes.
 */
export function readSignedRequest(request: RawRequest, roaParameters: ReadonlySet<string>): SignedRequest {
  const authorization = headerOf(request, 'authorization')
  if (authorization.startsWith('ACS3-')) return readV3(request)
  if (authorization.startsWith('acs ')) return readRoa(request, roaParameters)
  if (authorization !== '') return refuseGateway('IncompleteSignature', 'an Authorization of another scheme')
  if (!('Signature' in allParameters(request))) return missingParameter('AccessKeyId')
  return readRpc(request)
}

/** Of a request that need not be signed: its parameters, wherever they stand. */
export function allParameters(request: RawRequest): Parameters {
  return byName([...queryPairs(request), ...formPairs(request)])
}
