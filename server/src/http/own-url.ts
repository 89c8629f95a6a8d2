import { isIPv4 } from 'node:net'

/** This end of a connection, as Node names it. */
export interface LocalEnd {
  readonly localAddress?: string | undefined
  readonly localPort?: number | undefined
}

/**
 * `baseUrl` when it is the very address the connection was accepted at; undefined when only the client's Host header says so.
 * Whoever signs something for "us" has to mean an address that no client can talk us into.
 */
export function listeningUrl(baseUrl: string, { localAddress, localPort }: LocalEnd): string | undefined {
  if (localAddress === undefined || localPort === undefined) return undefined
  const { hostname, port, protocol } = new URL(baseUrl)
  const standard = protocol === 'https:' ? 443 : 80
  if (Number(port || standard) !== localPort) return undefined
  // Node writes an IPv4 address that came in on an IPv6 socket as `::ffff:a.b.c.d`.
  const address = localAddress.replace(/^::ffff:(?=\d+\.)/i, '')
  const isLoopback = address === '::1' || (isIPv4(address) && address.startsWith('127.'))
  const own = isIPv4(address) ? address : `[${address}]`
  return hostname === own || (isLoopback && hostname === 'localhost') ? baseUrl : undefined
}
