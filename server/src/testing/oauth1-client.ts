/** An OAuth 1.0a client (RFC 5849, HMAC-SHA1), as tests need one. */
import { createHmac, randomUUID } from 'node:crypto'

const encode = (text: string) => encodeURIComponent(text)

export interface OauthRequest {
  /** Scheme, host and path. */
  readonly url: string
  /** `oauth_*` parameters beside those every request has. */
  readonly fields: Readonly<Record<string, string>>
  /** Of the consumer, and of the token if there is one. */
  readonly secrets: readonly [consumer: string, token: string]
  /** Seconds. */
  readonly now: number
}

/** The Authorization header of a POST. */
export function oauthHeader({ url, fields, secrets, now }: OauthRequest): string {
  const parameters: Record<string, string> = {
    oauth_nonce: randomUUID().replaceAll('-', ''),
    oauth_signature_method: 'HMAC-SHA1',
    oauth_timestamp: String(Math.floor(now)),
    oauth_version: '1.0',
    ...fields,
  }
  const pairs = Object.keys(parameters)
    .sort()
    .map((key) => `${key}=${encode(parameters[key] ?? '')}`)
  const base = ['POST', encode(url), encode(pairs.join('&'))].join('&')
  parameters['oauth_signature'] = createHmac('sha1', secrets.join('&')).update(base).digest('base64')
  return `OAuth ${Object.entries(parameters)
    .map(([key, value]) => `${key}="${encode(value)}"`)
    .join(', ')}`
}
