/**
 * SDK-HMAC-SHA256, as Huawei Cloud's clients sign requests ("AK/SK signing and authentication"). Pure. Clients differ in
 * which headers they sign, so exactly the list they name is checked; only `x-sdk-date` has to be in it.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Incoming } from '../../http/operation.ts'

export interface Signature {
  readonly access: string
  readonly signedHeaders: readonly string[]
  readonly signature: string
  /** Seconds since the epoch that the client says it signed at. */
  readonly signedAt: number
  readonly date: string
}

const AUTHORIZATION =
  /^SDK-HMAC-SHA256\s+Access=([^,\s]{1,128}),\s*SignedHeaders=([^,\s]{1,2048}),\s*Signature=([0-9a-fA-F]{64})\s*$/
const DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/

/** True when a request says it is signed in this way or one of its relatives, whether or not it can be read. */
export function looksSigned({ headers }: Pick<Incoming, 'headers'>): boolean {
  return /^(SDK|V11)-/.test(headers.authorization ?? '')
}

/** What the Authorization header says, or undefined when it cannot be read. */
export function parseSignature({ headers }: Pick<Incoming, 'headers'>): Signature | undefined {
  const [, access, list, signature] = AUTHORIZATION.exec(headers.authorization ?? '') ?? []
  const date = one(headers, 'x-sdk-date')
  const [, year, month, day, hour, minute, second] = DATE.exec(date ?? '') ?? []
  if (!access || !list || !signature || date === undefined || year === undefined) return undefined
  const signedHeaders = list.split(';')
  const ordered = [...signedHeaders].sort()
  if (signedHeaders.some((name, i) => name !== name.toLowerCase() || name !== ordered[i])) return undefined
  if (new Set(signedHeaders).size !== signedHeaders.length) return undefined
  if (!signedHeaders.includes('x-sdk-date')) return undefined
  const signedAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) / 1000
  return Number.isNaN(signedAt) ? undefined : { access, signedHeaders, signature, signedAt, date }
}

/** Whether the request was signed with `secret`, body and all. */
export function isSignedWith(secret: string, signature: Signature, incoming: Incoming): boolean {
  const payload = payloadHash(signature, incoming)
  if (payload === undefined) return false
  const host = one(incoming.headers, 'host') ?? ''
  // Some clients sign the host without its port.
  const hosts = signature.signedHeaders.includes('host')
    ? [...new Set([host, host.replace(/:\d+$/, '')])]
    : [host]
  return hosts.some((signedHost) => {
    const canonical = canonicalRequest(
      signature,
      { ...incoming, headers: { ...incoming.headers, host: signedHost } },
      payload,
    )
    if (canonical === undefined) return false
    const text = `SDK-HMAC-SHA256\n${signature.date}\n${sha256(canonical)}`
    const expected = createHmac('sha256', secret).update(text).digest()
    return timingSafeEqual(expected, Buffer.from(signature.signature, 'hex'))
  })
}

/**
 * The hash of the body as it arrived. A header may say another only when it is signed, only the same hash again, or for
 * a request that changes nothing `UNSIGNED-PAYLOAD`.
 */
function payloadHash(
  { signedHeaders }: Signature,
  { headers, method, rawBody }: Incoming,
): string | undefined {
  const actual = sha256(rawBody)
  const said = one(headers, 'x-sdk-content-sha256')
  if (said === undefined || !signedHeaders.includes('x-sdk-content-sha256')) return actual
  if (said === 'UNSIGNED-PAYLOAD') return method === 'GET' || method === 'HEAD' ? said : undefined
  return said === actual ? said : undefined
}

function canonicalRequest(
  { signedHeaders }: Signature,
  { method, url, headers }: Pick<Incoming, 'method' | 'url' | 'headers'>,
  payload: string,
): string | undefined {
  const cut = url.indexOf('?')
  const path = canonicalPath(cut === -1 ? url : url.slice(0, cut))
  const query = canonicalQuery(cut === -1 ? '' : url.slice(cut + 1))
  if (path === undefined || query === undefined) return undefined
  const lines: string[] = []
  for (const name of signedHeaders) {
    const value = one(headers, name)
    if (value === undefined) return undefined
    lines.push(`${name}:${value.trim()}\n`)
  }
  return [method, path, query, lines.join(''), signedHeaders.join(';'), payload].join('\n')
}

function canonicalPath(path: string): string | undefined {
  // The router ends a path here, so it would go elsewhere than what was signed.
  if (path.includes('#')) return undefined
  const segments = path.split('/').map(decoded)
  if (segments.includes(undefined)) return undefined
  const encoded = segments.map((segment) => encode(segment ?? '')).join('/')
  return encoded.endsWith('/') ? encoded : `${encoded}/`
}

function canonicalQuery(query: string): string | undefined {
  const pairs: [string, string][] = []
  for (const part of query.split('&')) {
    if (part === '') continue
    const cut = part.indexOf('=')
    const name = decodedTerm(cut === -1 ? part : part.slice(0, cut))
    const value = decodedTerm(cut === -1 ? '' : part.slice(cut + 1))
    if (name === undefined || value === undefined) return undefined
    pairs.push([name, value])
  }
  return pairs
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join('&')
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** As operations read it, where `+` is a space: what was signed is what is asked for. */
const decodedTerm = (text: string): string | undefined => decoded(text.replaceAll('+', ' '))

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** RFC 3986: only letters, digits and `-_.~` stay. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex')

function one(headers: Incoming['headers'], name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : undefined
}
