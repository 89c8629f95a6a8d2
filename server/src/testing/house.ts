/** A whole service in this process for tests: in-memory database, real wire, a clock that tests may set. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { loadSettings, type Settings } from '../config.ts'
import { type Context, closeContext, openContext } from '../context.ts'
import { keystonePolicy } from '../core/policy/keystone-rules/index.ts'
import { openstackFace } from '../faces.ts'
import { bootstrap } from '../flows/bootstrap.ts'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly text: string
  /** The parsed body; undefined when it is not JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into any body.
  readonly body: any
}

export interface CallOptions {
  readonly token?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface House {
  readonly ctx: Context
  readonly face: FastifyInstance
  readonly adminPassword: string
  /** Moves the clock of everything in this house. */
  advance(seconds: number): void
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
  /** A token by password; `scope` as in the request's body, `name@domainId` or an id for the user. */
  login(user: string, password: string, scope?: unknown): Promise<string>
  /** A token of the first admin on project `admin`. */
  admin(): Promise<string>
  close(): Promise<void>
}

/** Opens a house with fast password hashing; `settings` override. Close it at the end of the test. */
export async function openHouse(settings: Partial<Settings> = {}): Promise<House> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tokenhouse-'))
  const read = loadSettings({ env: {}, cwd: dataDir, flags: { dataDir } })
  const chosen: Settings = {
    ...read,
    databaseUrl: 'sqlite::memory:',
    passwordHash: 'bcrypt',
    bcryptRounds: 4,
    ...settings,
  }
  const opened = await openContext(chosen)
  let shift = 0
  const ctx: Context = { ...opened, now: () => opened.now() + shift }
  const adminPassword = 'first admin password'
  await bootstrap(ctx, { password: adminPassword, identityUrl: 'http://127.0.0.1:5000/v3' })
  const face = openstackFace(ctx, keystonePolicy(), {
    onFault: (error) => {
      // A fault in a test is worth seeing.
      console.error(error)
    },
  })

  const call = async (method: string, path: string, options: CallOptions = {}): Promise<Answer> => {
    const { token, body } = options
    const answer = await face.inject({
      method: method as 'GET',
      url: path,
      headers: {
        host: 'tokenhouse.test:5000',
        ...(token === undefined ? {} : { 'x-auth-token': token }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = answer.payload
    return {
      status: answer.statusCode,
      headers: answer.headers as Record<string, string>,
      text,
      body: parsed(text),
    }
  }
  const login = async (user: string, password: string, scope?: unknown): Promise<string> => {
    const [name = '', domain] = user.split('@')
    const reference = domain === undefined ? { id: user } : { name, domain: { id: domain } }
    const identity = { methods: ['password'], password: { user: { ...reference, password } } }
    const answer = await call('POST', '/v3/auth/tokens', {
      body: { auth: { identity, ...(scope === undefined ? {} : { scope }) } },
    })
    if (answer.status !== 201) throw new Error(`login ${user}: ${answer.status} ${answer.text}`)
    return String(answer.headers['x-subject-token'])
  }
  return {
    ctx,
    face,
    adminPassword,
    advance: (seconds) => {
      shift += seconds * 1e6
    },
    call,
    login,
    admin: () =>
      login('admin@default', adminPassword, { project: { name: 'admin', domain: { id: 'default' } } }),
    close: async () => {
      await face.close()
      await closeContext(ctx)
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
