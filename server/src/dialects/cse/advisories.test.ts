/** Advisories of ServiceComb and Nacos, by name: what each got wrong, tried here. */
import assert from 'node:assert/strict'
import { createHash, createSecretKey } from 'node:crypto'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { createNacosVerifier } from '@tokenhouse/client'
import { jwsKey, signCompact } from '@tokenhouse/tokens'
import type { FastifyInstance } from 'fastify'
import { createAccounts, removeAccount, setAccountPassword } from '../../flows/engine-accounts.ts'
import { exportEngineKeys } from '../../flows/engine-keys.ts'
import { createEngine, importPrincipal } from '../../flows/engine-lifecycle.ts'
import { engineToken } from '../../flows/engine-tokens.ts'
import { buildFace } from '../../http/face.ts'
import { findEngineAccount } from '../../store/engine-accounts.ts'
import type { EngineRecord } from '../../store/engines.ts'
import { type House, openHouse } from '../../testing/house.ts'
import { seedProject, seedUser } from '../../testing/seed.ts'
import { engineWires } from './engine-face/index.ts'
import { cseDialect } from './index.ts'

const BY = { session: null, action: 'test', requestId: '' }
const MAGIC = {
  'user-agent': 'Nacos-Server',
  serveridentity: 'security',
  'server-identity': 'security',
  authkey: 'nacos',
  'x-forwarded-for': '127.0.0.1',
  'x-original-url': '/v4/token',
  'x-rewrite-url': '/health',
}

const faults: unknown[] = []
let house: House
let engines: FastifyInstance
let cloud: FastifyInstance
let comb: EngineRecord
let nacos: EngineRecord

before(async () => {
  house = await openHouse()
  const common = { ctx: house.ctx, maxBodyBytes: 10_000, onFault: (error: unknown) => faults.push(error) }
  engines = buildFace({ ...common, wires: engineWires })
  cloud = buildFace({ ...common, wires: [cseDialect()] })
  const projectId = await seedProject(house, 'mall')
  const make = async (name: string, specType: 'CSE2' | 'Nacos2') =>
    (
      await createEngine(
        house.ctx,
        { projectId, enterpriseProjectId: '0', name, specType, authType: 'RBAC' },
        BY,
      )
    ).engine
  comb = await make('comb', 'CSE2')
  nacos = await make('nacos', 'Nacos2')
  const uma = { id: await seedUser(house, 'uma'), name: 'uma' }
  await importPrincipal(house.ctx, comb, { principal: uma, roles: ['developer'] }, BY)
})
after(async () => {
  await engines.close()
  await cloud.close()
  await house.close()
})

const PLACES = { ':project_id': 'p', ':engine_id': 'e', ':job_id': '1', ':name': 'uma' }

function guarded(
  wires: readonly { readonly operations: readonly { policy: string; method: string; path: string }[] }[],
) {
  return wires
    .flatMap(({ operations }) => operations)
    .filter(({ policy }) => policy !== 'public')
    .map(({ method, path }) => ({
      method: method as 'GET',
      url: Object.entries(PLACES).reduce((text, [place, value]) => text.replace(place, value), path),
    }))
}

describe('advisories of ServiceComb and Nacos', () => {
  it('CVE-2021-29441 and Nacos #9732: no header stands for a token, on any route', async () => {
    for (const { method, url } of guarded(engineWires)) {
      const { statusCode } = await engines.inject({
        method,
        url,
        headers: { ...MAGIC, 'x-engine-id': comb.id },
      })
      assert.equal(statusCode, 401, `${method} ${url}`)
    }
    for (const { method, url } of guarded([cseDialect()])) {
      const { statusCode } = await cloud.inject({ method, url, headers: MAGIC })
      assert.equal(statusCode, 401, `${method} ${url}`)
    }
  })

  it('Nacos 1.4.1 AuthFilter: another way to write a path is no way around the token', async () => {
    for (const url of [
      '/v4/accounts/',
      '//v4/accounts',
      '/v4//accounts',
      '/v4/accounts/.',
      '/x/../v4/accounts',
      '/v4/accounts;a=b',
      '/v4%2faccounts',
      '/v4/accounts/%2e',
      '/V4/accounts',
      '/v4/accounts?/health',
    ]) {
      const { statusCode, payload } = await engines.inject({
        method: 'GET',
        url,
        headers: { ...MAGIC, 'x-engine-id': comb.id },
      })
      assert.ok([401, 404, 400].includes(statusCode), `${url}: ${statusCode}`)
      assert.doesNotMatch(payload, /uma/)
    }
  })

  it('Nacos default token.secret.key (QVD-2023-6271, #9830, #10060): every engine has a secret of its own', async () => {
    const { engine: second } = await createEngine(
      house.ctx,
      {
        projectId: nacos.projectId,
        enterpriseProjectId: '0',
        name: 'nacos-b',
        specType: 'Nacos2',
        authType: 'RBAC',
      },
      BY,
    )
    const secrets = await Promise.all([nacos, second].map((engine) => exportEngineKeys(house.ctx, engine)))
    const [one, two] = secrets.map(([key]) => key?.secret ?? '')
    assert.notEqual(one, two)
    assert.ok(Buffer.from(one!, 'base64').length >= 32)
  })

  it('Nacos default token.secret.key (QVD-2023-6271, #9830, #10060): known keys sign nothing that is taken', async () => {
    const [{ secret } = { secret: '' }] = await exportEngineKeys(house.ctx, nacos)
    const nacosUser = createNacosVerifier(secret)
    const exp = Math.floor(Date.now() / 1000) + 900
    const claims = { sub: 'nacos', exp, account: 'uma', roles: ['admin'] }
    const shipped = [
      'SecretKey012345678901234567890123456789012345678901234567890123456789',
      'VGhpc0lzTXlDdXN0b21TZWNyZXRLZXkwMTIzNDU2Nzg=',
      Buffer.alloc(32).toString('base64'),
    ]
    for (const known of shipped.flatMap((text) => [Buffer.from(text, 'base64'), Buffer.from(text)])) {
      const text = signCompact(claims, jwsKey('HS256', createSecretKey(known)), { typ: null })
      assert.equal(nacosUser(text), undefined)
      const headers = { 'x-engine-id': comb.id, authorization: `Bearer ${text}` }
      const { statusCode } = await engines.inject({ url: '/v4/self-perms', headers })
      assert.equal(statusCode, 401)
    }
  })

  it('Nacos JRaft Hessian (before 2.2.3): what is no request is refused and breaks nothing', async () => {
    const address = new URL(await engines.listen({ port: 0, host: '127.0.0.1' }))
    const frames = [
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0',
      Buffer.from('aced0005737200116a6176612e7574696c2e486173684d6170', 'hex'),
      Buffer.from('480200430c636f6d2e73756e2e726f77736574', 'hex'),
      Buffer.from('63020048', 'hex'),
      ...Array.from({ length: 40 }, (_, at) => createHash('sha512').update(`frame ${at}`).digest()),
    ]
    for (const frame of frames) {
      const said = await new Promise<string>((done, failed) => {
        let text = ''
        const socket = connect(Number(address.port), address.hostname, () => socket.end(frame))
        socket.on('data', (chunk) => {
          text += chunk.toString('latin1')
        })
        socket.on('close', () => done(text)).on('error', failed)
      })
      assert.match(said, /^(?:HTTP\/1\.1 4\d\d .*)?$/s)
    }
    for (const type of [
      'application/hessian',
      'x-application/hessian',
      'application/grpc',
      'application/json',
    ]) {
      for (const url of ['/v4/token', '/v4/accounts', '/nacos/v1/auth/login', '/nacos/v1/raft/vote']) {
        const headers = { 'x-engine-id': comb.id, 'content-type': type }
        const { statusCode } = await engines.inject({ method: 'POST', url, headers, payload: frames[1]! })
        assert.ok(statusCode >= 400 && statusCode < 500, `${url} as ${type}: ${statusCode}`)
      }
    }
    assert.deepEqual(faults, [])
  })

  it('Nacos #14862: who was imported has no password, and none that can be guessed', async () => {
    for (const password of ['nacos', 'uma', 'developer', ' ']) {
      const { statusCode } = await engines.inject({
        method: 'POST',
        url: '/v4/token',
        headers: { 'x-engine-id': comb.id, 'content-type': 'application/json' },
        remoteAddress: `192.0.2.${password.length}`,
        payload: JSON.stringify({ name: 'uma', password }),
      })
      assert.equal(statusCode, 401)
    }
  })

  it('the first login of a Nacos with nacos and nacos is refused', async () => {
    const { statusCode } = await engines.inject({
      method: 'POST',
      url: '/nacos/v1/auth/login?username=nacos&password=nacos',
      headers: { 'x-engine-id': nacos.id },
    })
    assert.equal(statusCode, 403)
  })

  it('CVE-2023-44312: an engine is made at no address by whoever makes it on the wire', async () => {
    const { authType, address } = comb
    assert.deepEqual([authType, address], ['RBAC', null])
    for (const address of ['http://169.254.169.254', 'http://127.0.0.1:30100', 'http://[::1]', 'http://sc']) {
      const wanted = { enterpriseProjectId: '0', specType: 'CSE2', authType: 'RBAC', address } as const
      await assert.rejects(
        createEngine(house.ctx, { ...wanted, projectId: comb.projectId, name: 'ssrf' }, BY),
        /not listed|bad_request/,
        address,
      )
    }
  })

  it('service-center 8c358031: a token that is missing is no token, on whatever changes anything', async () => {
    for (const { method, url } of guarded(engineWires)) {
      for (const authorization of [undefined, '', 'Bearer', 'Bearer ', 'Bearer null', 'Bearer undefined']) {
        const headers = { 'x-engine-id': comb.id, ...(authorization !== undefined && { authorization }) }
        const { statusCode } = await engines.inject({ method, url, headers })
        assert.equal(statusCode, 401, `${method} ${url} with ${authorization}`)
      }
    }
    assert.ok(await findEngineAccount(house.ctx.store.db, comb.id, { name: 'uma' }))
  })

  it('service-center 9c8ce411: no verdict is remembered, neither of a good token nor of a thousand bad ones', async () => {
    const [account] = await createAccounts(house.ctx, comb, [{ name: 'temp', roles: ['developer'] }], BY)
    const origin = { id: 's', expiresAt: Number.POSITIVE_INFINITY }
    const { text } = await engineToken(house.ctx, comb, { account: account!, life: 900, origin })
    const ask = async (token: string) =>
      (
        await engines.inject({
          url: '/v4/self-perms',
          headers: { 'x-engine-id': comb.id, authorization: `Bearer ${token}` },
        })
      ).statusCode
    assert.equal(await ask(text), 200)
    await removeAccount(house.ctx, comb, { name: 'temp', self: '' }, BY)
    assert.equal(await ask(text), 401)
    const [header, payload] = text.split('.')
    for (let i = 0; i < 1000; i++) {
      assert.equal(await ask(`${header}.${payload}.${Buffer.alloc(384, i).toString('base64url')}`), 401)
    }
    const { text: other } = await engineToken(house.ctx, comb, {
      account: (await findEngineAccount(house.ctx.store.db, comb.id, { name: 'uma' }))!,
      life: 900,
      origin,
    })
    assert.equal(await ask(other), 200)
  })

  it('service-center 2a92f4e2: a password is good alike, however it was set', async () => {
    const [first, second] = ['First-Pass-1', 'Second-Pass-2']
    await createAccounts(house.ctx, comb, [{ name: 'made', password: first, roles: ['developer'] }], BY)
    const principal = { id: 'u2', name: 'imported' }
    await importPrincipal(house.ctx, comb, { principal, roles: ['developer'] }, BY)
    await setAccountPassword(house.ctx, comb, { name: 'imported', password: first }, BY)
    const login = async (name: string, password: string) =>
      (
        await engines.inject({
          method: 'POST',
          url: '/v4/token',
          headers: { 'x-engine-id': comb.id, 'content-type': 'application/json' },
          payload: JSON.stringify({ name, password }),
        })
      ).statusCode
    for (const name of ['made', 'imported']) {
      assert.equal(await login(name, first), 200, name)
      await setAccountPassword(house.ctx, comb, { name, password: second }, BY)
      assert.equal(await login(name, second), 200, name)
      assert.equal(await login(name, first), 401, name)
    }
  })

  it('memory of tokens is bounded', async () => {
    const [account] = await createAccounts(house.ctx, nacos, [{ name: 'many', roles: ['r'] }], BY)
    const wish = { account: account!, life: 900 }
    const origin = (i: number) => ({ id: `session-${i}`, expiresAt: Number.POSITIVE_INFINITY })
    const first = await engineToken(house.ctx, nacos, { ...wish, origin: origin(0) })
    assert.equal(await engineToken(house.ctx, nacos, { ...wish, origin: origin(0) }), first)
    for (let i = 1; i <= 10_000; i++) await engineToken(house.ctx, nacos, { ...wish, origin: origin(i) })
    assert.notEqual(await engineToken(house.ctx, nacos, { ...wish, origin: origin(0) }), first)
    assert.ok(await findEngineAccount(house.ctx.store.db, nacos.id, { name: 'many' }))
  })
})
