/**
 * Requests to addresses that a configuration names. They cannot be steered into the house: every address a name resolves
 * to is held against a list, and the connection goes to the very address that was held (a name that resolves differently
 * the next moment changes nothing). Redirects are not followed, answers are bounded in size and time.
 */
import { lookup as resolve } from 'node:dns'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { checkServerIdentity, type DetailedPeerCertificate } from 'node:tls'

export interface EgressOptions {
  /** Loopback and private addresses and plain HTTP are meant. */
  readonly allowPrivate: boolean
  /** Which addresses are not asked all the same; those of the link unless given. */
  readonly isRefused?: (address: string) => boolean
  /** SHA-1 of certificates (hex), one of which a TLS chain has to hold besides being trusted; none: any that is. */
  readonly fingerprints?: readonly string[]
}

/** Why nothing was asked, or nothing came back. */
export class EgressError extends Error {}

const MOST_BYTES = 1 << 20
const MOST_MS = 10_000

type Net = readonly [string, number]

function listOf(nets: readonly Net[]): BlockList {
  const list = new BlockList()
  for (const [net, bits] of nets) list.addSubnet(net, bits, net.includes(':') ? 'ipv6' : 'ipv4')
  return list
}

// Two lists: in one, a range of IPv6 that carries IPv4 addresses would match every IPv4 address.
const inside4 = listOf([
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
])
// Beside the private ranges: what carries an IPv4 address inside (NAT64, 6to4, Teredo, mapped and compatible ones).
const inside6 = listOf([
  ['::', 96],
  ['::ffff:0:0', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
])
const loopback = listOf([
  ['127.0.0.0', 8],
  ['::1', 128],
])
const link = listOf([
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 3],
  ['::', 128],
  ['64:ff9b::a9fe:0', 112],
  ['fd00:ec2::', 32],
  ['fe80::', 10],
  ['ff00::', 8],
])

/** What is no address, or names an interface, counts as listed. */
function isListed(address: string, list4: BlockList, list6: BlockList): boolean {
  const family = isIP(address)
  if (family === 0 || address.includes('%')) return true
  return family === 6 ? list6.check(address, 'ipv6') : list4.check(address, 'ipv4')
}

/** Whether an address is one of this house's, or stands for one. What is no address counts as inside. */
export const isInside = (address: string): boolean => isListed(address, inside4, inside6)

/** Whether an address is this very machine. */
export const isLoopback = (address: string): boolean => isListed(address, loopback, loopback)

/**
 * Whether an address is nobody's that could be meant, even where private ones are: the machine's own link, where clouds
 * keep the credentials of their machines, groups, and "any".
 */
export const isLinkLocal = (address: string): boolean => isListed(address, link, link)

/** `resolver` of Node's DNS, with every answer held against the list; one bad address refuses them all. */
export function guardedLookup(resolver: typeof resolve, isRefused = isInside): LookupFunction {
  return (hostname, options, callback) => {
    resolver(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0)
      const bad = addresses.find(({ address }) => isRefused(address))
      if (bad) return callback(new EgressError(`${hostname} is at ${bad.address}, an address inside`), '', 0)
      if (options.all) return callback(null, addresses)
      const [first] = addresses
      return first
        ? callback(null, first.address, first.family)
        : callback(new EgressError('no address'), '', 0)
    })
  }
}

/** What keeps a chain from being one that the fingerprints name; undefined when nothing does, or none are named. */
export function pinFault(
  certificate: Pick<DetailedPeerCertificate, 'fingerprint'> & { readonly issuerCertificate?: unknown },
  fingerprints: readonly string[],
): EgressError | undefined {
  if (fingerprints.length === 0) return undefined
  const seen = new Set<string>()
  let link: typeof certificate | undefined = certificate
  // A root names itself as its issuer.
  while (link?.fingerprint !== undefined && !seen.has(link.fingerprint)) {
    if (fingerprints.includes(link.fingerprint.replaceAll(':', '').toLowerCase())) return undefined
    seen.add(link.fingerprint)
    link = link.issuerCertificate as typeof certificate | undefined
  }
  return new EgressError('no certificate of the chain has one of the fingerprints')
}

/** `fetch` within these bounds; what the OpenID libraries are given in its place. */
export function guardedFetch({ allowPrivate, isRefused = isLinkLocal, fingerprints = [] }: EgressOptions) {
  const isBad = allowPrivate ? isRefused : isInside
  return (
    url: string,
    init: { method?: string; headers?: unknown; body?: unknown } = {},
  ): Promise<Response> => {
    const { method = 'GET', headers, body } = init
    const target = new URL(url)
    const host = target.hostname.replace(/^\[|\]$/g, '')
    const isSecure = target.protocol === 'https:'
    if (!isSecure && !(allowPrivate && target.protocol === 'http:')) {
      return Promise.reject(new EgressError(`${target.protocol} is not asked`))
    }
    if (isIP(host) !== 0 && isBad(host)) {
      return Promise.reject(new EgressError(`${host} is an address inside`))
    }
    const options = {
      method,
      headers: plain(headers),
      // No connection outlives its request: one opened with leave to go inside is not for who has none.
      agent: false as const,
      signal: AbortSignal.timeout(MOST_MS),
      lookup: guardedLookup(resolve, isBad),
      checkServerIdentity: (name: string, certificate: DetailedPeerCertificate) =>
        checkServerIdentity(name, certificate) ?? pinFault(certificate, fingerprints),
    }
    return new Promise((fulfil, reject) => {
      const request = (isSecure ? httpsRequest : httpRequest)(target, options, (answer) => {
        const chunks: Buffer[] = []
        let size = 0
        answer.on('data', (chunk: Buffer) => {
          size += chunk.length
          if (size > MOST_BYTES)
            answer.destroy(new EgressError(`${host} answers with more than ${MOST_BYTES} bytes`))
          else chunks.push(chunk)
        })
        answer.on('error', reject)
        answer.on('end', () => {
          // What is thrown in here reaches nobody, and would end the process: the provider chose what is read.
          try {
            fulfil(responseOf(answer, Buffer.concat(chunks)))
          } catch (error) {
            reject(new EgressError(`${host} answers what is no answer: ${(error as Error).message}`))
          }
        })
      })
      request.on('error', reject)
      // Whoever wants another protocol is hung up on without an error.
      request.on('close', () => reject(new EgressError(`${host} gives no answer`)))
      request.end(body === undefined || body === null ? undefined : String(body))
    })
  }
}

/** Throws for what is no answer, such as a status that HTTP does not have. */
function responseOf(
  { statusCode: status = 500, headers }: IncomingMessage,
  content: Buffer<ArrayBuffer>,
): Response {
  const shown = new Headers()
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) shown.set(name, Array.isArray(value) ? value.join(', ') : value)
  }
  return new Response([204, 205, 304].includes(status) ? null : content, { status, headers: shown })
}

function plain(headers: unknown): Record<string, string> {
  return Object.fromEntries(new Headers((headers ?? {}) as Record<string, string>))
}
