/**
 * The credentials URI of Alibaba's SDKs (`ALIBABA_CLOUD_CREDENTIALS_URI`, provider `credentials_uri`): a plain GET that
 * answers a temporary key. It listens on loopback alone, at a path that nobody guesses, and answers nobody whom a browser
 * sent: a name that a web page had resolved to this machine is not ours, and pages say where they come from.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Refusal } from '../core/refusal.ts'
import type { TemporaryKey } from '../flows/key-session.ts'

const LOOPBACK = '127.0.0.1'
/** Of a web page's request: no program sends them. */
const OF_BROWSERS = ['origin', 'referer', 'sec-fetch-mode', 'sec-fetch-site']

export interface CredentialsServer {
  /** For the environment of programs; whoever knows it has the keys. */
  readonly url: string
  close(): Promise<void>
}

/** `port`: 0 for a free one. `issue` is asked once a request may have a key; what it refuses is a 403. */
export async function startCredentialsServer(options: {
  readonly port: number
  readonly issue: () => Promise<TemporaryKey>
  readonly onFault: (error: unknown) => void
}): Promise<CredentialsServer> {
  const path = `/${randomBytes(24).toString('base64url')}`
  const server = createServer((request, response) => {
    const fault = faultOf(request, path, port)
    if (fault) return answer(response, fault.status, { Code: fault.code, Message: fault.message })
    options.issue().then(
      (key) => answer(response, 200, bodyOf(key)),
      (error: unknown) => {
        if (error instanceof Refusal) {
          return answer(response, 403, { Code: 'NoPermission', Message: 'The role cannot be assumed.' })
        }
        options.onFault(error)
        answer(response, 500, { Code: 'InternalError', Message: 'The key could not be made.' })
      },
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: LOOPBACK, port: options.port }, resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${LOOPBACK}:${port}${path}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

interface Fault {
  readonly status: number
  readonly code: string
  readonly message: string
}

function faultOf(
  { headers, method, url = '' }: IncomingMessage,
  path: string,
  port: number,
): Fault | undefined {
  const isOurs = [`${LOOPBACK}:${port}`, `localhost:${port}`].includes(headers.host ?? '')
  if (!isOurs || OF_BROWSERS.some((name) => headers[name] !== undefined)) {
    return { status: 403, code: 'Forbidden', message: 'This address is for programs of this machine.' }
  }
  if (!isSame(url, path)) return { status: 404, code: 'NotFound', message: 'There is nothing here.' }
  if (method === 'GET') return undefined
  return { status: 405, code: 'MethodNotAllowed', message: 'Only GET is answered.' }
}

function isSame(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

const bodyOf = (key: TemporaryKey) => ({
  Code: 'Success',
  AccessKeyId: key.access,
  AccessKeySecret: key.secret,
  SecurityToken: key.securityToken,
  Expiration: new Date(key.expiresAt * 1000).toISOString().replace('.000', ''),
})

function answer(response: ServerResponse, status: number, body: object): void {
  response
    .writeHead(status, {
      'content-type': 'application/json;charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    .end(JSON.stringify(body))
}
