/** OAuth 1.0 request signatures (RFC 5849), HMAC-SHA1 in the Authorization header, as OS-OAUTH1 uses them. Pure. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

export interface OauthParameters {
  readonly oauth_consumer_key: string
  readonly oauth_signature: string
  readonly oauth_signature_method: string
  readonly oauth_timestamp: string
  readonly oauth_nonce: string
  readonly oauth_version?: string
  readonly oauth_token?: string
  readonly oauth_verifier?: string
  readonly oauth_callback?: string
}

const DEMANDED = [
  'oauth_consumer_key',
  'oauth_signature',
  'oauth_signature_method',
  'oauth_timestamp',
  'oauth_nonce',
] as const

/** The parameters of an `Authorization: OAuth ...` header; undefined when it is none, or names one twice. */
export function oauthParameters(header: string | undefined): OauthParameters | undefined {
  const list = /^OAuth\s+(.*)$/is.exec(header ?? '')?.[1]
  if (list === undefined) return undefined
  const parameters: Record<string, string> = Object.create(null)
  for (const part of list.split(',')) {
    const match = /^\s*([A-Za-z_]+)="([^"]*)"\s*$/.exec(part)
    if (!match?.[1] || match[2] === undefined || match[1] in parameters) return undefined
    try {
      parameters[match[1]] = decodeURIComponent(match[2])
    } catch {
      return undefined
    }
  }
  delete parameters['realm']
  if (!DEMANDED.every((name) => parameters[name] !== undefined)) return undefined
  return parameters as unknown as OauthParameters
}

/** Whether the request was signed with the two secrets (the token's is '' where there is no token yet). */
export function isOauthSignedBy(
  secrets: { readonly consumer: string; readonly token: string },
  request: { readonly method: string; readonly url: string; readonly parameters: OauthParameters },
): boolean {
  const { parameters } = request
  if (parameters.oauth_signature_method !== 'HMAC-SHA1') return false
  const url = new URL(request.url)
  const pairs = [
    ...Object.entries(parameters as unknown as Record<string, string>).filter(
      ([name]) => name !== 'oauth_signature',
    ),
    ...url.searchParams,
  ].map(([name, value]) => [encode(name), encode(value)] as const)
  pairs.sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1))
  const base = [
    request.method.toUpperCase(),
    encode(`${url.protocol}//${url.host}${url.pathname}`),
    encode(pairs.map((pair) => pair.join('=')).join('&')),
  ].join('&')
  const key = `${encode(secrets.consumer)}&${encode(secrets.token)}`
  return same(createHmac('sha1', key).update(base).digest('base64'), parameters.oauth_signature)
}

function same(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}
