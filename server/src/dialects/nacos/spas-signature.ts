/** Spas signatures: base64 of an HMAC-SHA1, by the secret itself or, in version 4, by a key derived from it. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { v4Chain } from '../../core/spas.ts'

/** How a signature was made. `region`: where a version 4 key is derived for. */
export interface SpasSigning {
  readonly secretKey: string
  readonly timestamp: string
  readonly region?: string | undefined
}

/** The signature of `text`. */
export function spasSignature(text: string, { secretKey, timestamp, region }: SpasSigning): string {
  const key = region === undefined ? secretKey : derivedKey(secretKey, v4Chain(timestamp, region))
  return createHmac('sha1', key).update(text, 'utf8').digest('base64')
}

/** Whether `signature` is that of one of `texts`. Takes the same time whichever byte differs. */
export function isSignedBy(signature: string, texts: readonly string[], signing: SpasSigning): boolean {
  const given = Buffer.from(signature, 'utf8')
  let matches = false
  for (const text of texts) {
    const right = Buffer.from(spasSignature(text, signing), 'utf8')
    if (given.length === right.length && timingSafeEqual(given, right)) matches = true
  }
  return matches
}

function derivedKey(secretKey: string, chain: readonly string[]): string {
  let key = Buffer.from(`aliyun_v4${secretKey}`, 'utf8')
  for (const step of chain) key = createHmac('sha256', key).update(step, 'utf8').digest()
  return key.toString('base64')
}
