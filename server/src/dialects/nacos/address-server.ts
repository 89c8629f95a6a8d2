/**
 * The address server: where clients of EDAS, ACM and Nacos look up the servers of their data. Asked by everybody, it says
 * nothing but that.
 */
import type { Operation } from './wire.ts'
import { publicOperation } from './wire.ts'

export interface Addresses {
  /** `HOST:PORT` of every Nacos server; empty: this host, at `nacosPort`. */
  readonly servers: readonly string[]
  /** The port that Nacos' clients are answered on here; undefined when they are not. */
  readonly nacosPort: () => number | undefined
}

const TEXT = { 'content-type': 'text/plain' }

/**
 * Servers one a line. Lines are parted by CRLF with none at the end: nacos-naming splits at CRLF alone, nacos-config at LF,
 * and an empty last line would be a server to both.
 */
const lines = (servers: readonly string[]): string => servers.join('\r\n')

export function addressOperations({ servers, nacosPort }: Addresses): readonly Operation[] {
  const hostOf = (baseUrl: string): string => new URL(baseUrl).hostname
  const nacosServers = (baseUrl: string): readonly string[] => {
    const port = nacosPort()
    if (servers.length > 0) return servers
    return port === undefined ? [] : [`${hostOf(baseUrl)}:${port}`]
  }
  const list = (id: string, path: string, body: (baseUrl: string) => string): Operation =>
    publicOperation({
      id,
      method: 'GET',
      path,
      policy: 'public',
      success: 200,
      refusals: [],
      handle: async ({ baseUrl }) => ({ headers: TEXT, body: body(baseUrl) }),
    })
  return [
    list('nacos_serverlist', '/nacos/serverlist', (baseUrl) => lines(nacosServers(baseUrl))),
    // ACM's clients add the port themselves: 8080, where this server is looked for as well.
    list('diamond_servers', '/diamond-server/diamond', hostOf),
    // No units, in the words of who asks: a client then goes to the servers above.
    list('address_env', '/env', () => ''),
  ]
}
