/**
 * EC2-style request signatures: Amazon's Signature Versions 0, 1, 2 and 4, as services hand them to `/v3/ec2tokens`, and
 * the signed texts of S3 that go to `/v3/s3tokens`. Pure: secrets and requests in, a verdict out; the clock is a number.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** A signed request as the service describes it. */
export interface SignedRequest {
  readonly access: string
  readonly signature: string
  readonly verb: string
  readonly host: string
  readonly path: string
  readonly params: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  /** Hex SHA-256 of the body, for version 4. */
  readonly bodyHash: string
}

const hmac = (hash: 'sha1' | 'sha256', key: string | Buffer, text: string): Buffer =>
  createHmac(hash, key).update(text, 'utf8').digest()

/** Compared without telling where they differ. */
function same(a: string, b: string): boolean {
  const [x, y] = [createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest()]
  return timingSafeEqual(x, y)
}

/** Whether the request was signed with `secret`. A host with a port is tried without it too, as old clients sign it. */
export function isSignedBy(secret: string, request: SignedRequest): boolean {
  const hosts = [request.host, request.host.replace(/:\d+$/, '')]
  return [...new Set(hosts)].some((host) => {
    const expected = signatureOf(secret, { ...request, host })
    return expected !== null && same(expected, request.signature)
  })
}

/** The signature the request should have; null when it says of no known version that it is one. */
function signatureOf(secret: string, request: SignedRequest): string | null {
  const { params } = request
  switch (params['SignatureVersion']) {
    case '0':
      return hmac('sha1', secret, `${params['Action'] ?? ''}${params['Timestamp'] ?? ''}`).toString('base64')
    case '1':
      return version1(secret, params)
    case '2':
      return version2(secret, request)
    case undefined:
      return version4(secret, request)
    default:
      return null
  }
}

function version1(secret: string, params: SignedRequest['params']): string {
  const keys = Object.keys(params).sort((a, b) => compare(a.toLowerCase(), b.toLowerCase()))
  return hmac('sha1', secret, keys.map((key) => `${key}${params[key]}`).join('')).toString('base64')
}

function version2(secret: string, { verb, host, path, params }: SignedRequest): string {
  const method = params['SignatureMethod'] === 'HmacSHA1' ? 'sha1' : 'sha256'
  return hmac(method, secret, `${verb}\n${host}\n${path}\n${canonicalQuery(params)}`).toString('base64')
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** RFC 3986: only letters, digits and `-_.~` stay. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}

function canonicalQuery(params: SignedRequest['params'], without?: string): string {
  return Object.keys(params)
    .filter((key) => key !== without)
    .sort(compare)
    .map((key) => `${encode(key)}=${encode(params[key] ?? '')}`)
    .join('&')
}

/** Version 4's parts come in the Authorization header or as `X-Amz-*` parameters. */
function version4(secret: string, request: SignedRequest): string | null {
  const { params, verb, path, bodyHash } = request
  const headers = lowerCased(request.headers)
  const authorization = headers['authorization']
  const part = (name: string): string | undefined =>
    authorization === undefined
      ? params[`X-Amz-${name}`]
      : new RegExp(`${name}=([^,\\s]+)`).exec(authorization)?.[1]
  const algorithm = authorization?.split(' ')[0] ?? params['X-Amz-Algorithm']
  const date = version4Date(params, headers)
  const [, day, region, service] = part('Credential')?.split('/') ?? []
  const signedHeaders = part('SignedHeaders')
  if (algorithm !== 'AWS4-HMAC-SHA256' || !date || !day || !region || !service || !signedHeaders) return null
  if (!date.startsWith(day)) return null
  const canonicalHeaders = signedHeaders
    .split(';')
    .filter((name) => name in headers)
    .map((name) => `${name}:${headers[name]}\n`)
    .join('')
  const query = verb.toUpperCase() === 'POST' ? '' : canonicalQuery(params, 'X-Amz-Signature')
  const canonical = [verb.toUpperCase(), path, query, canonicalHeaders, signedHeaders, bodyHash].join('\n')
  const digest = createHash('sha256').update(canonical).digest('hex')
  const text = `AWS4-HMAC-SHA256\n${date}\n${day}/${region}/${service}/aws4_request\n${digest}`
  return hmac('sha256', signingKey(secret, [day, region, service]), text).toString('hex')
}

function signingKey(secret: string, scope: readonly string[]): Buffer {
  return [...scope, 'aws4_request'].reduce<Buffer>(
    (key, part) => hmac('sha256', key, part),
    Buffer.from(`AWS4${secret}`),
  )
}

function lowerCased(headers: SignedRequest['headers']): Record<string, string> {
  const lower: Record<string, string> = Object.create(null)
  for (const [name, value] of Object.entries(headers)) lower[name.toLowerCase().trim()] = value.trim()
  return lower
}

/** Services whose signatures a storage gateway may ask about. */
const S3_SERVICES = ['s3', 'iam', 'sts']

/** Whether an S3 "string to sign" was signed with `secret`: version 4 when it says so, else the old SHA-1 form. */
export function isS3TextSignedBy(secret: string, text: string, signature: string): boolean {
  if (!text.startsWith('AWS4')) return same(hmac('sha1', secret, text).toString('base64'), signature)
  const [algorithm, , scope, , ...more] = text.split('\n')
  const parts = scope?.split('/') ?? []
  const [day = '', region = '', service = '', end] = parts
  if (algorithm !== 'AWS4-HMAC-SHA256' || more.length > 0 || parts.length !== 4) return false
  if (end !== 'aws4_request' || !S3_SERVICES.includes(service)) return false
  return same(hmac('sha256', signingKey(secret, [day, region, service]), text).toString('hex'), signature)
}

/**
 * When a request says it was signed, in seconds; undefined when it does not say or not so that it can be read. Read from
 * what its version signs and from nothing beside it: a parameter of a posted version 4 is not signed, nor is a header of
 * the older ones, and could be put there later.
 */
export function signedAt({ params, headers }: Pick<SignedRequest, 'params' | 'headers'>): number | undefined {
  const text = params['SignatureVersion'] === undefined ? version4Date(params, headers) : params['Timestamp']
  return text === undefined ? undefined : timeOf(text)
}

function version4Date(
  params: SignedRequest['params'],
  headers: SignedRequest['headers'],
): string | undefined {
  return lowerCased(headers)['x-amz-date'] ?? params['X-Amz-Date']
}

/** When an S3 text was signed: the second line of version 4, the date line of the old form. */
export function s3SignedAt(text: string): number | undefined {
  const lines = text.split('\n')
  if (text.startsWith('AWS4')) return timeOf(lines[1] ?? '')
  const amz = lines.find((line) => line.startsWith('x-amz-date:'))?.slice('x-amz-date:'.length)
  const date = amz ?? lines[3] ?? ''
  // A pre-signed URL carries the second it expires at instead of a date.
  return /^\d+$/.test(date) ? undefined : timeOf(date)
}

/** The longest that a pre-signed URL of version 4 lasts, in seconds: a week, the most that `X-Amz-Expires` may say. */
const SIGNED_AHEAD = 604_800

/**
 * The last second at which an S3 text is good; undefined when its own time does not say. A pre-signed URL of the old form
 * carries it. A text of version 4 is the same for a URL and for a request: which of them it is, and how long that URL
 * lasts, stands in the query that the gateway holds it to, so any may be as old as the longest-lived URL.
 */
export function s3ExpiresAt(text: string): number | undefined {
  if (text.startsWith('AWS4')) {
    const signedAt = s3SignedAt(text)
    return signedAt === undefined ? undefined : signedAt + SIGNED_AHEAD
  }
  const end = text.split('\n')[3] ?? ''
  return /^\d{1,15}$/.test(end) ? Number(end) : undefined
}

function timeOf(text: string): number | undefined {
  const extended = text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z')
  const time = Date.parse(extended)
  return Number.isNaN(time) ? undefined : time / 1000
}
