/**
 * A token service small enough to hold in the hand: real HTTP on a free port, tokens that are plain words, and switches
 * for what can go wrong. For tests of the guard alone; the real service is met in `e2e/example-service`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Seen {
  readonly method: string
  readonly url: string
  readonly subject: string | undefined
  readonly headers: IncomingMessage['headers']
}

export type TokenFields = Readonly<Record<string, unknown>>

export interface KeystoneDouble {
  readonly url: string
  /** Every request, oldest first. */
  readonly seen: Seen[]
  /** Bodies of the logins, parsed. */
  readonly bodies: unknown[]
  /** Validations asked for one token. */
  readonly validations: (token?: string) => number
  readonly logins: () => number
  /** Puts a token in, with the fields that differ from {@link tokenBody}. */
  readonly put: (token: string, more?: TokenFields) => void
  readonly revoke: (token: string) => void
  /** Own tokens given out so far are answered 401 from now on. */
  readonly dropOwnTokens: () => void
  /** Answer in place of the usual one; undefined goes back to it. */
  readonly answerWith: (answer: ((seen: Seen, response: ServerResponse) => boolean) | undefined) => void
  readonly loginLifetimeSeconds: (seconds: number) => void
  readonly sockets: () => number
  readonly close: () => Promise<void>
}

export const PASSWORD = 'correct horse'

/** A project token's body as Keystone has it. */
export function tokenBody(more: TokenFields = {}): TokenFields {
  return {
    methods: ['password'],
    user: { domain: { id: 'default', name: 'Default' }, id: 'u1', name: 'ann', password_expires_at: null },
    audit_ids: ['dTAmZrDtTbO9u7v8Qq1AkQ'],
    expires_at: new Date(Date.now() + 3_600_000).toISOString().replace('Z', '000Z'),
    issued_at: new Date().toISOString().replace('Z', '000Z'),
    project: { domain: { id: 'default', name: 'Default' }, id: 'p1', name: 'alpha' },
    is_domain: false,
    roles: [
      { id: 'r1', name: 'member' },
      { id: 'r2', name: 'reader' },
    ],
    ...more,
  }
}

export async function startKeystoneDouble(port = 0): Promise<KeystoneDouble> {
  const tokens = new Map<string, TokenFields>()
  const own = new Set<string>()
  const seen: Seen[] = []
  const bodies: unknown[] = []
  let override: ((seen: Seen, response: ServerResponse) => boolean) | undefined
  let lifetimeSeconds = 3600
  let logins = 0
  let sockets = 0

  const server = createServer((request, response) => {
    const entry: Seen = {
      method: request.method ?? '',
      url: request.url ?? '',
      subject: one(request.headers['x-subject-token']),
      headers: request.headers,
    }
    seen.push(entry)
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (override?.(entry, response) === true) return
      if (entry.method === 'POST') login(Buffer.concat(chunks).toString(), response)
      else validate(entry, response)
    })
  })
  server.on('connection', () => sockets++)

  function login(text: string, response: ServerResponse): unknown {
    const body = JSON.parse(text)
    bodies.push(body)
    const { password, application_credential } = body.auth.identity
    if (password?.user.password !== PASSWORD && application_credential?.secret !== PASSWORD) {
      return reply(response, 401, { error: { code: 401, message: 'wrong', title: 'Unauthorized' } })
    }
    const token = `own-${++logins}`
    own.add(token)
    response.setHeader('X-Subject-Token', token)
    const expires_at = new Date(Date.now() + lifetimeSeconds * 1000).toISOString()
    return reply(response, 201, { token: tokenBody({ expires_at }) })
  }

  function validate(entry: Seen, response: ServerResponse): unknown {
    if (!own.has(one(entry.headers['x-auth-token']) ?? '')) return reply(response, 401, {})
    const token = tokens.get(entry.subject ?? '')
    if (token === undefined) return reply(response, 404, {})
    const expired = Date.parse(String(token['expires_at'])) <= Date.now()
    if (expired && !entry.url.includes('allow_expired=1')) return reply(response, 404, {})
    if (
      JSON.stringify(token).includes('access_rules') &&
      entry.headers['openstack-identity-access-rules'] !== '1'
    ) {
      return reply(response, 404, {})
    }
    return reply(response, 200, { token })
  }

  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v3`,
    seen,
    bodies,
    validations: (token) =>
      seen.filter(({ method, subject }) => method === 'GET' && (token === undefined || subject === token))
        .length,
    logins: () => logins,
    put: (token, more) => void tokens.set(token, tokenBody(more)),
    revoke: (token) => void tokens.delete(token),
    dropOwnTokens: () => own.clear(),
    answerWith: (answer) => {
      override = answer
    },
    loginLifetimeSeconds: (seconds) => {
      lifetimeSeconds = seconds
    },
    sockets: () => sockets,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export function reply(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body)
  response
    .writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) })
    .end(text)
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
