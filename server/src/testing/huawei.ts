/** The Huawei Cloud face of a house in a test, and signing as its clients do. */
import { createHash, createHmac } from 'node:crypto'
import { keystonePolicy } from '../core/policy/keystone-rules/index.ts'
import { huaweiFace } from '../faces.ts'
import type { Answer, CallOptions, House } from './house.ts'
import { PASSWORD, seedDomain, seedGrant, seedProject, seedUser } from './seed.ts'

export interface HuaweiFace {
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
  /** The request signed with a key; `signed` names the headers that are. */
  signed(method: string, path: string, key: Key, options?: SignedOptions): Promise<Answer>
  /** A token by password, scoped as the request says. */
  token(user: { readonly name: string; readonly domain: string }, scope?: unknown): Promise<string>
  close(): Promise<void>
}

export interface Key {
  readonly access: string
  readonly secret: string
  readonly securityToken?: string
}

export interface SignedOptions {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Beside `x-sdk-date`. */
  readonly signed?: readonly string[]
  /** Seconds off the true time. */
  readonly skew?: number
  /** Sent in place of the signed body. */
  readonly sentBody?: unknown
  /** Sent in place of the signed path and query. */
  readonly sentPath?: string
  /** Sent in place of the signed headers of the same names. */
  readonly sentHeaders?: Readonly<Record<string, string>>
  /** The signature in upper case. */
  readonly upper?: boolean
}

const HOST = 'iam.tokenhouse.test:5001'
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

export function openHuawei(house: House): HuaweiFace {
  const face = huaweiFace(house.ctx, keystonePolicy(), {
    onFault: (error) => {
      console.error(error)
    },
  })
  const call = async (method: string, path: string, options: CallOptions = {}): Promise<Answer> => {
    const { token, body } = options
    const answer = await face.inject({
      method: method as 'GET',
      url: path,
      headers: {
        host: HOST,
        ...(token === undefined ? {} : { 'x-auth-token': token }),
        ...(body === undefined ? {} : { 'content-type': 'application/json;charset=utf8' }),
        ...options.headers,
      },
      ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = answer.payload
    let parsed: unknown
    try {
      parsed = JSON.parse(text)
    } catch {}
    return {
      status: answer.statusCode,
      headers: answer.headers as Record<string, string>,
      text,
      body: parsed,
    }
  }
  const signed: HuaweiFace['signed'] = (method, path, key, options = {}) => {
    const date = new Date(house.ctx.now() / 1000 + (options.skew ?? 0) * 1000)
    const now = `${date.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
    const stamp = options.headers?.['x-sdk-date'] || now
    const body = options.body === undefined ? '' : JSON.stringify(options.body)
    const security = key.securityToken === undefined ? {} : { 'x-security-token': key.securityToken }
    const headers: Record<string, string> = {
      host: HOST,
      'x-sdk-date': stamp,
      ...(body === '' ? {} : { 'content-type': 'application/json' }),
      ...security,
      ...options.headers,
    }
    const names = ['x-sdk-date', ...(options.signed ?? ['host'])].sort()
    const [bare = '', query = ''] = path.split('?')
    const canonical = [
      method,
      bare.endsWith('/') ? bare : `${bare}/`,
      query.split('&').sort().join('&'),
      names.map((name) => `${name}:${headers[name] ?? ''}\n`).join(''),
      names.join(';'),
      headers['x-sdk-content-sha256'] ?? sha256(body),
    ].join('\n')
    const text = `SDK-HMAC-SHA256\n${stamp}\n${sha256(canonical)}`
    const hex = createHmac('sha256', key.secret).update(text).digest('hex')
    const signature = options.upper ? hex.toUpperCase() : hex
    const sent = options.sentBody === undefined ? body : JSON.stringify(options.sentBody)
    return call(method, options.sentPath ?? path, {
      headers: {
        ...headers,
        ...options.sentHeaders,
        authorization: `SDK-HMAC-SHA256 Access=${key.access}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
      },
      ...(sent === '' ? {} : { body: sent }),
    })
  }
  return {
    call,
    signed,
    token: async ({ name, domain }, scope) => {
      const identity = {
        methods: ['password'],
        password: { user: { name, password: PASSWORD, domain: { id: domain } } },
      }
      const auth = { identity, ...(scope === undefined ? {} : { scope }) }
      const answer = await call('POST', '/v3/auth/tokens', { body: { auth } })
      if (answer.status !== 201) throw new Error(`token of ${name}: ${answer.status} ${answer.text}`)
      return String(answer.headers['x-subject-token'])
    },
    close: () => face.close(),
  }
}

/** Two accounts: A with a project and a Security Administrator, B with a user who may act as agencies. */
export interface TwoAccounts {
  readonly a: string
  readonly b: string
  readonly projectA: string
  readonly projectB: string
  readonly adminA: string
  readonly userB: string
}

export async function seedTwoAccounts(house: House): Promise<TwoAccounts> {
  const a = await seedDomain(house, 'IAMDomainA')
  const b = await seedDomain(house, 'IAMDomainB')
  const projectA = await seedProject(house, 'ap-southeast-1', a)
  const projectB = await seedProject(house, 'ap-southeast-1', b)
  const adminA = await seedUser(house, 'IAMUserA', a)
  const userB = await seedUser(house, 'IAMUserB', b)
  await seedGrant(house, adminA, 'secu_admin', { domain: a })
  await seedGrant(house, userB, 'te_agency', { domain: b })
  await seedGrant(house, userB, 'te_admin', { project: projectB })
  return { a, b, projectA, projectB, adminA, userB }
}
