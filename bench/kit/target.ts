/**
 * A Keystone v3 server under measurement: Tokenhouse from its bundle in a process of its own, or a peer that runs already.
 * Everything is made through the wire, with an administrator's password, so that both are prepared alike.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningServer, startServer } from '../../tools/running-server.ts'
import { root, runNode } from '../../tools/step.ts'
import { REVOKED, REVOKING } from './load.ts'

export interface Target {
  readonly name: string
  /** Ends in `/v3`. */
  readonly url: string
  /** Its processes; empty for a peer whose PEER_PIDS is not set. */
  readonly pids: readonly number[]
  readonly admin: Administrator
  readonly stop: () => Promise<void>
}

export interface Administrator {
  readonly user: string
  readonly password: string
  readonly project: string
  readonly domainId: string
}

// So that an interrupted measurement leaves no server behind: `exit` ends what was started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

export const bundle = join(root, 'server', 'dist', 'tokenhouse.mjs')
/** As `npm start` has them. */
export const nodeFlags: readonly string[] = ['--min-semi-space-size=6']
const ADMIN: Administrator = {
  user: 'admin',
  password: 'Bench-Password-1',
  project: 'admin',
  domainId: 'default',
}

/** Builds the bundle and starts it on a new data folder, or on one that is given and kept. */
export async function startTokenhouse(
  flags: readonly string[] = [],
  keptDataDir?: string,
): Promise<Target & { readonly server: RunningServer }> {
  if (!runNode(['-C', 'development', 'tools/build.ts'])) throw new Error('the bundle does not build')
  const dataDir = keptDataDir ?? mkdtempSync(join(tmpdir(), 'tokenhouse-bench-'))
  const program = [...nodeFlags, bundle]
  const server = await startServer({ dataDir, adminPassword: ADMIN.password, flags, program })
  return {
    name: 'tokenhouse',
    url: server.url,
    pids: [server.pid],
    admin: ADMIN,
    server,
    async stop() {
      await server.stop()
      if (keptDataDir === undefined) rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/** The server that `--peer URL` names, with PEER_PASSWORD and, when they differ, PEER_USER, PEER_PROJECT, PEER_DOMAIN_ID. */
export function peerFrom(args: readonly string[]): Target | undefined {
  const at = args.indexOf('--peer')
  const url = at === -1 ? undefined : args[at + 1]
  if (url === undefined) return undefined
  const {
    PEER_PASSWORD,
    PEER_USER = 'admin',
    PEER_PROJECT = 'admin',
    PEER_DOMAIN_ID = 'default',
    PEER_PIDS = '',
  } = process.env
  if (PEER_PASSWORD === undefined) throw new Error('set PEER_PASSWORD')
  return {
    name: 'peer',
    url: url.replace(/\/+$/, ''),
    pids: PEER_PIDS.split(/[\s,]+/)
      .filter(Boolean)
      .map(Number),
    admin: { user: PEER_USER, password: PEER_PASSWORD, project: PEER_PROJECT, domainId: PEER_DOMAIN_ID },
    stop: async () => undefined,
  }
}

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

export async function ask(
  target: Target,
  method: string,
  path: string,
  more: { headers?: Record<string, string>; body?: unknown } = {},
): Promise<Answered> {
  const response = await fetch(target.url + path, {
    method,
    headers: { ...more.headers, ...(more.body !== undefined && { 'Content-Type': 'application/json' }) },
    ...(more.body !== undefined && { body: JSON.stringify(more.body) }),
  })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

export function passwordBody({ admin }: Target): unknown {
  const domain = { id: admin.domainId }
  const user = { name: admin.user, password: admin.password, domain }
  const scope = { project: { name: admin.project, domain } }
  return { auth: { identity: { methods: ['password'], password: { user } }, scope } }
}

/** Exchanges a token for one on the administrator's project. */
export function rescopeBody({ admin }: Target, token: string): unknown {
  const scope = { project: { name: admin.project, domain: { id: admin.domainId } } }
  return { auth: { identity: { methods: ['token'], token: { id: token } }, scope } }
}

/** Logs the administrator in; the token. */
export async function login(target: Target): Promise<string> {
  return issued(await ask(target, 'POST', '/auth/tokens', { body: passwordBody(target) }))
}

/** Different tokens of one session, each revocable alone. */
export async function manyTokens(target: Target, token: string, count: number): Promise<string[]> {
  const tokens: string[] = []
  while (tokens.length < count) {
    tokens.push(issued(await ask(target, 'POST', '/auth/tokens', { body: rescopeBody(target, token) })))
  }
  return tokens
}

function issued({ status, headers, text }: Answered): string {
  const token = headers.get('x-subject-token')
  if (status !== 201 || token === null) throw new Error(`no token: ${status} ${text.slice(0, 200)}`)
  return token
}

/** The services of a small cloud, with three endpoints each: a catalog as users have it. */
const SERVICES = [
  'compute',
  'volumev3',
  'image',
  'network',
  'placement',
  'object-store',
  'orchestration',
  'dns',
]

export async function fillCatalog(target: Target, adminToken: string): Promise<void> {
  const headers = { 'X-Auth-Token': adminToken }
  const make = async (path: string, body: unknown): Promise<{ service?: { id: string } }> => {
    const { status, text } = await ask(target, 'POST', path, { headers, body })
    if (status !== 201) throw new Error(`no ${path}: ${status} ${text.slice(0, 200)}`)
    return JSON.parse(text)
  }
  for (const type of SERVICES) {
    const { service } = await make('/services', { service: { type, name: type } })
    for (const interface_ of ['public', 'internal', 'admin']) {
      const url = `https://${type}.cloud.example/v1/%(project_id)s`
      await make('/endpoints', { endpoint: { service_id: service?.id, interface: interface_, url } })
    }
  }
}

/** Revokes one of the tokens under load and tells the generator: from the acknowledgement on, accepting it is an error. */
export async function revoke(
  target: Target,
  adminToken: string,
  revoked: { token: string; index: number; states: SharedArrayBuffer },
): Promise<void> {
  const states = new Int32Array(revoked.states)
  Atomics.store(states, revoked.index, REVOKING)
  const { status } = await ask(target, 'DELETE', '/auth/tokens', {
    headers: { 'X-Auth-Token': adminToken, 'X-Subject-Token': revoked.token },
  })
  if (status !== 204) throw new Error(`the revocation was answered ${status}`)
  Atomics.store(states, revoked.index, REVOKED)
}
