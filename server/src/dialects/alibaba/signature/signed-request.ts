/**
 * Signatures of the Alibaba Cloud gateway, in the three schemes that its official SDKs send: V3 (`ACS3-...`), ROA
 * (`acs KEY:...`) and RPC (`Signature=` among the parameters). A reader takes a request apart without knowing any
 * secret; whoever knows it asks `isSignedWith`. No clock, no store: freshness, nonces and keys are the caller's
 * (`identify.ts`).
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { CheckingKey } from '../../../flows/access-keys.ts'
import { type Pair, type Parameters, pairsOf } from './parameters.ts'

/** The parts of a request that signatures cover. */
export interface RawRequest {
  readonly method: string
  /** Path and query as sent. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly rawBody: Buffer
}

export interface SignedRequest {
  readonly scheme: 'v3' | 'roa' | 'rpc'
  readonly accessKeyId: string
  /** Of a temporary key. */
  readonly securityToken: string | undefined
  /** Seconds since the epoch. */
  readonly signedAt: number
  readonly nonce: string
  /** undefined where method and path tell it. */
  readonly action: string | undefined
  readonly version: string
  /** Covered by the signature, each name once. */
  readonly parameters: Parameters
  /** What the signature was calculated from, for the refusal. */
  readonly stringToSign: string
  /** Compares in constant time. */
  isSignedWith(key: CheckingKey): boolean
}

/** A header's only value, trimmed; '' when it is not there. */
export function headerOf(request: RawRequest, name: string): string {
  const value = request.headers[name]
  return (Array.isArray(value) ? [...value].sort().join(',') : (value ?? '')).trim()
}

export function pathOf({ url }: RawRequest): string {
  const cut = url.indexOf('?')
  return cut === -1 ? url : url.slice(0, cut)
}

export function queryPairs({ url }: RawRequest): readonly Pair[] {
  const cut = url.indexOf('?')
  return cut === -1 ? [] : pairsOf(url.slice(cut + 1))
}

/** The pairs of a form body; none when the body is something else. */
export function formPairs(request: RawRequest): readonly Pair[] {
  const isForm = /^application\/x-www-form-urlencoded\s*(;|$)/i.test(headerOf(request, 'content-type'))
  return isForm ? pairsOf(request.rawBody.toString('utf8')) : []
}

/** Names of the `x-acs-` headers of a request, sorted. */
export function acsHeaders(request: RawRequest): readonly string[] {
  return Object.keys(request.headers)
    .filter((name) => name.startsWith('x-acs-'))
    .sort()
}
