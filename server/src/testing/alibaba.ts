/** The Alibaba face of a house, with a client that signs as the SDKs do (V3 with secrets and RSA keys, ROA and RPC). */
import { createHash, createHmac, randomUUID, sign } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { Settings } from '../config.ts'
import { keystonePolicy } from '../core/policy/keystone-rules/index.ts'
import { percentEncoded } from '../dialects/alibaba/signature/parameters.ts'
import { alibabaFace } from '../faces.ts'
import { createAccessKey } from '../flows/access-keys.ts'
import { ensureUser } from '../store/bootstrap.ts'
import { findUser } from '../store/identity.ts'
import { newId } from '../store/ids.ts'
import { attachPolicy, insertStatementPolicy, type PolicyActor } from '../store/statement-policies.ts'
import { type Answer, type House, openHouse } from './house.ts'

export interface SigningKey {
  readonly accessKeyId: string
  /** For `rsa` a private key in PEM. */
  readonly accessKeySecret: string
  readonly securityToken?: string
}

export interface AlibabaCall {
  readonly method?: string
  readonly path?: string
  readonly version?: string
  readonly action?: string
  readonly parameters?: Readonly<Record<string, string>>
  readonly scheme?: 'v3' | 'rsa' | 'roa' | 'rpc'
  /** null: unsigned. */
  readonly key?: SigningKey | null
  readonly nonce?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Seconds that the client's clock is ahead. */
  readonly ahead?: number
}

export interface AlibabaHouse extends House {
  readonly alibaba: FastifyInstance
  /** The account's own key: of the first admin. */
  readonly root: SigningKey
  /** Everything that was told as a fault. */
  readonly faults: readonly unknown[]
  send(call: AlibabaCall): Promise<Answer>
  /** GetSecureToken, by `key` (the account's own unless given). */
  secureToken(namespaceId: string, more?: AlibabaCall): Promise<Answer>
  /** A user of the first account with a key, holding these RAM statements. */
  person(name: string, ...statements: readonly unknown[]): Promise<SigningKey & { readonly userId: string }>
  attach(actor: PolicyActor, ...statements: readonly unknown[]): Promise<string>
  keyOf(userId: string): Promise<SigningKey>
}

const HOST = 'alibaba.test:5002'

/** Close it at the end of the test. */
export async function openAlibabaHouse(settings: Partial<Settings> = {}): Promise<AlibabaHouse> {
  const house = await openHouse(settings)
  const { ctx } = house
  const faults: unknown[] = []
  const alibaba = alibabaFace(ctx, keystonePolicy(), { onFault: (error) => faults.push(error) })
  const by = { session: null, action: 'test', requestId: '' }
  const keyOf = async (userId: string): Promise<SigningKey> => {
    const { access, secret } = await createAccessKey(ctx, by, { userId, description: '', limit: 10 })
    return { accessKeyId: access, accessKeySecret: secret }
  }
  const attach = async (actor: PolicyActor, ...statements: readonly unknown[]): Promise<string> => {
    const id = newId()
    const now = ctx.now()
    await ctx.store.write(async (tx) => {
      await insertStatementPolicy(tx, {
        id,
        domainId: 'default',
        language: 'ram',
        kind: 'custom',
        name: `policy-${id.slice(0, 8)}`,
        description: '',
        defaultVersion: 'v1',
        document: { Version: '1', Statement: statements },
        extra: {},
        createdAt: now,
        updatedAt: now,
      })
      await attachPolicy(tx, {
        policyId: id,
        actor,
        scope: { kind: 'account', id: '' },
        createdAt: now,
      })
    })
    return id
  }
  const admin = await findUser(ctx.store.db, { name: 'admin', domain: { id: 'default' } })
  const root = await keyOf(admin!.id)
  const send = async (call: AlibabaCall): Promise<Answer> => {
    const { method, url, headers } = signedCall(call, call.key === undefined ? root : call.key, ctx.now())
    const answer = await alibaba.inject({ method: method as 'GET', url, headers })
    return {
      status: answer.statusCode,
      headers: answer.headers as Record<string, string>,
      text: answer.payload,
      body: answer.payload.startsWith('{') ? JSON.parse(answer.payload) : undefined,
    }
  }
  return {
    ...house,
    alibaba,
    root,
    faults,
    send,
    secureToken: (namespaceId, more = {}) =>
      send({
        method: 'GET',
        path: '/pop/v5/secure_token',
        action: 'GetSecureToken',
        parameters: { NamespaceId: namespaceId },
        ...more,
      }),
    person: async (name, ...statements) => {
      const userId = await ctx.store.write((tx) => ensureUser(tx, name, 'default', ctx.now()))
      if (statements.length > 0) await attach({ kind: 'user', id: userId }, ...statements)
      return { ...(await keyOf(userId)), userId }
    },
    attach,
    keyOf,
    close: async () => {
      await alibaba.close()
      await house.close()
    },
  }
}

interface Signed {
  readonly method: string
  readonly url: string
  readonly headers: Record<string, string>
}

function signedCall(call: AlibabaCall, key: SigningKey | null, now: number): Signed {
  const { scheme = 'v3', parameters = {}, version = '2017-08-01', path = '/' } = call
  const at = new Date(Math.floor(now / 1e6) * 1000 + (call.ahead ?? 0) * 1000)
  const nonce = call.nonce ?? randomUUID()
  const method = call.method ?? 'POST'
  const iso = at.toISOString().replace(/\.\d+/, '')
  const given = { host: HOST, ...call.headers }
  const encoded = (pairs: Readonly<Record<string, string>>): string =>
    Object.entries(pairs)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${percentEncoded(name)}=${percentEncoded(value)}`)
      .join('&')
  const urlOf = (query: string): string => (query === '' ? path : `${path}?${query}`)
  if (!key) {
    const action = call.action === undefined ? {} : { Action: call.action }
    return { method, url: urlOf(encoded({ ...parameters, ...action, Version: version })), headers: given }
  }
  const { accessKeyId, accessKeySecret, securityToken } = key
  if (scheme === 'rpc') {
    const all: Record<string, string> = {
      ...parameters,
      Action: call.action ?? '',
      Version: version,
      Timestamp: iso,
      SignatureNonce: nonce,
      SignatureMethod: 'HMAC-SHA1',
      SignatureVersion: '1.0',
      AccessKeyId: accessKeyId,
      ...(securityToken === undefined ? {} : { SecurityToken: securityToken }),
    }
    const text = `${method}&%2F&${percentEncoded(encoded(all))}`
    all['Signature'] = createHmac('sha1', `${accessKeySecret}&`).update(text).digest('base64')
    return { method, url: urlOf(encoded(all)), headers: given }
  }
  const token: Record<string, string> =
    securityToken === undefined ? {} : { 'x-acs-security-token': securityToken }
  const acs: Record<string, string> = {
    'x-acs-version': version,
    'x-acs-signature-nonce': nonce,
    ...(call.action === undefined ? {} : { 'x-acs-action': call.action }),
    ...token,
  }
  const names = (headers: object): string[] => Object.keys(headers).sort()
  if (scheme === 'roa') {
    const date = at.toUTCString()
    const own: Record<string, string> = {
      ...acs,
      'x-acs-signature-method': 'HMAC-SHA1',
      'x-acs-signature-version': '1.0',
    }
    const query = Object.entries(parameters)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name}=${value}`)
      .join('&')
    const accept = call.headers?.['accept'] ?? 'application/json'
    const lines = [method, accept, '', '', date, ...names(own).map((n) => `${n}:${own[n]}`), urlOf(query)]
    const signature = createHmac('sha1', accessKeySecret).update(lines.join('\n')).digest('base64')
    const authorization = `acs ${accessKeyId}:${signature}`
    return {
      method,
      url: urlOf(encoded(parameters)),
      headers: { accept, date, ...own, authorization, ...given },
    }
  }
  const hash = createHash('sha256').update('').digest('hex')
  const covered: Record<string, string> = {
    ...acs,
    ...given,
    'x-acs-date': iso,
    'x-acs-content-sha256': hash,
  }
  const listed = names(covered)
    .filter((name) => name === 'host' || name.startsWith('x-acs-'))
    .join(';')
  const canonical = [
    method,
    path,
    encoded(parameters),
    ...listed.split(';').map((name) => `${name}:${covered[name]}`),
    '',
    listed,
    hash,
  ].join('\n')
  const algorithm = scheme === 'rsa' ? 'ACS3-RSA-SHA256' : 'ACS3-HMAC-SHA256'
  const text = `${algorithm}\n${createHash('sha256').update(canonical).digest('hex')}`
  const signature =
    scheme === 'rsa'
      ? sign('sha256', Buffer.from(text), accessKeySecret).toString('hex')
      : createHmac('sha256', accessKeySecret).update(text).digest('hex')
  const authorization = `${algorithm} Credential=${accessKeyId},SignedHeaders=${listed},Signature=${signature}`
  return { method, url: urlOf(encoded(parameters)), headers: { ...covered, authorization } }
}
