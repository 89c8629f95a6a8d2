import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { createAccounts } from '../../../flows/engine-accounts.ts'
import { exportEngineKeys } from '../../../flows/engine-keys.ts'
import { createEngine, importPrincipal } from '../../../flows/engine-lifecycle.ts'
import { engineToken } from '../../../flows/engine-tokens.ts'
import { buildFace } from '../../../http/face.ts'
import { insertAgency } from '../../../store/agencies.ts'
import type { EngineRecord } from '../../../store/engines.ts'
import { newId } from '../../../store/ids.ts'
import { removeAgencies } from '../../../store/removal.ts'
import { type House, openHouse } from '../../../testing/house.ts'
import { seedDomain, seedProject, seedUser } from '../../../testing/seed.ts'
import { engineWires } from './index.ts'

const BY = { session: null, action: 'test', requestId: '' }
const ROOT = 'Root-Pass-1'
const PASSWORD = 'Dev-Pass-22'

let house: House
let face: FastifyInstance
let engine: EngineRecord
let other: EngineRecord
let nacos: EngineRecord

interface Asked {
  readonly body?: unknown
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly remoteAddress?: string
}

async function call(method: string, url: string, asked: Asked = {}) {
  const answer = await face.inject({
    method: method as 'GET',
    url,
    remoteAddress: asked.remoteAddress ?? '192.0.2.1',
    headers: {
      host: 'engines.test',
      'x-engine-id': engine.id,
      ...(asked.token !== undefined && { authorization: `Bearer ${asked.token}` }),
      ...(asked.body !== undefined && { 'content-type': 'application/json' }),
      ...asked.headers,
    },
    ...(asked.body !== undefined && { payload: JSON.stringify(asked.body) }),
  })
  const text = answer.payload
  return {
    status: answer.statusCode,
    text,
    headers: answer.headers,
    body: text.startsWith('{') ? JSON.parse(text) : undefined,
  }
}

const login = (name: string, password: string, asked: Asked & { readonly life?: string } = {}) =>
  call('POST', '/v4/token', {
    ...asked,
    body: { name, password, ...(asked.life !== undefined && { tokenExpirationTime: asked.life }) },
  })

async function tokenOf(name: string, password: string): Promise<string> {
  const { status, body, text } = await login(name, password)
  assert.equal(status, 200, text)
  return body.token
}

async function assertRefused(answer: Promise<{ status: number; body: { errorCode: string } }>, code: string) {
  const { status, body } = await answer
  assert.equal(body?.errorCode, code)
  assert.equal(status, Number(code.slice(0, 3)))
  assert.deepEqual(Object.keys(body), ['errorCode', 'errorMessage', 'detail'])
}

const newEngine = (project: string, name: string, specType: 'CSE2' | 'Nacos2' = 'CSE2') =>
  createEngine(
    house.ctx,
    {
      projectId: project,
      enterpriseProjectId: '0',
      name,
      specType,
      authType: 'RBAC',
      ...(specType === 'CSE2' && { rootPassword: ROOT }),
    },
    BY,
  ).then((made) => made.engine)

before(async () => {
  house = await openHouse()
  face = buildFace({
    ctx: house.ctx,
    wires: engineWires,
    maxBodyBytes: 100_000,
    onFault: (error) => console.error(error),
  })
  const project = await seedProject(house, 'mall')
  engine = await newEngine(project, 'engine-a')
  other = await newEngine(project, 'engine-b')
  nacos = await newEngine(project, 'nacos-a', 'Nacos2')
  await createAccounts(house.ctx, engine, [{ name: 'dev', password: PASSWORD, roles: ['developer'] }], BY)
  await createAccounts(house.ctx, nacos, [{ name: 'dev', password: PASSWORD, roles: ['rw'] }], BY)
})
after(async () => {
  await face.close()
  await house.close()
})

describe('POST /v4/token', () => {
  it('200 a token of that account', async () => {
    const token = await tokenOf('root', ROOT)
    assert.equal(Buffer.from(token.split('.')[0]!, 'base64url').toString(), '{"alg":"RS512","typ":"JWT"}')
    const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString())
    assert.equal(claims.account, 'root')
    assert.deepEqual(claims.roles, ['admin'])
    assert.ok(Math.abs(claims.exp - house.ctx.now() / 1e6 - 43_200) < 5)
  })

  for (const [life, seconds] of [
    ['15m', 900],
    ['24h', 86_400],
    ['1h30m', 5400],
    ['900s', 900],
  ] as const) {
    it(`200 tokenExpirationTime ${life}`, async () => {
      const { body } = await login('root', ROOT, { life })
      const { exp } = JSON.parse(Buffer.from(body.token.split('.')[1]!, 'base64url').toString())
      assert.ok(Math.abs(exp - house.ctx.now() / 1e6 - seconds) < 5)
    })
  }

  for (const life of ['14m59s', '24h1s', '10s', '-1h', '1', 'h', '1d', 'x'.repeat(40)]) {
    it(`400 tokenExpirationTime ${life.slice(0, 10)}`, () =>
      assertRefused(login('root', ROOT, { life }), '400001'))
  }

  it('401 a wrong password and an unknown name are told alike', async () => {
    const wrong = await login('dev', 'wrong', { remoteAddress: '192.0.2.9' })
    const unknown = await login('nobody', 'wrong', { remoteAddress: '192.0.2.9' })
    assert.equal(wrong.body.errorCode, '401202')
    assert.deepEqual(wrong.body, unknown.body)
  })

  for (const body of [{}, { name: 'dev' }, { name: 1, password: 'x' }, { name: '', password: '' }]) {
    it(`400 ${JSON.stringify(body)}`, () => assertRefused(call('POST', '/v4/token', { body }), '400001'))
  }

  it('400 no engine is meant', () =>
    assertRefused(login('root', ROOT, { headers: { 'x-engine-id': 'no-such' } }), '400001'))

  it('200 the engine is the one the host names', async () => {
    const headers = { 'x-engine-id': '', host: `${engine.id}.engines.test:5003` }
    assert.equal((await login('root', ROOT, { headers })).status, 200)
  })

  it('400 the engine that is meant is of the other kind', async () => {
    await assertRefused(login('dev', PASSWORD, { headers: { 'x-engine-id': nacos.id } }), '400001')
    const path = `/nacos/v1/auth/login?username=dev&password=${encodeURIComponent(PASSWORD)}`
    const { status } = await call('POST', path, { headers: { 'x-engine-id': engine.id } })
    assert.equal(status, 400)
  })

  it('400 several engines and none named', () =>
    assertRefused(login('root', ROOT, { headers: { 'x-engine-id': '' } }), '400001'))
})

describe('lockout of the login of an engine', () => {
  const wrong = (remoteAddress: string, headers = {}) => login('dev', 'wrong', { remoteAddress, headers })

  it('403 after three failures, whatever X-Forwarded-For says, for 15 minutes', async () => {
    for (let i = 0; i < 3; i++) {
      await assertRefused(wrong('198.51.100.1', { 'x-forwarded-for': `203.0.113.${i}` }), '401202')
    }
    const headers = { 'x-forwarded-for': '203.0.113.99', 'x-real-ip': '203.0.113.98' }
    await assertRefused(wrong('198.51.100.1', headers), '403201')
    await assertRefused(login('dev', PASSWORD, { remoteAddress: '198.51.100.1', headers }), '403201')
  })

  it('200 from another address meanwhile: nobody is locked out by somebody else', async () => {
    for (let i = 0; i < 4; i++) await wrong('198.51.100.2', { 'x-forwarded-for': '192.0.2.77' })
    assert.equal((await login('dev', PASSWORD, { remoteAddress: '192.0.2.77' })).status, 200)
  })

  it('403 another address of the same /64 dodges nothing', async () => {
    for (let i = 1; i < 4; i++) await wrong(`2001:db8:1:2::${i}`)
    await assertRefused(wrong('2001:db8:1:2:3:4:5:6'), '403201')
  })

  it('guesses sent all at once do not get in once the lock is there', async () => {
    const guesses = [...Array(12).fill('wrong'), PASSWORD].map((password) =>
      login('dev', password, { remoteAddress: '198.51.100.7' }),
    )
    await Promise.all(guesses)
    await assertRefused(login('dev', PASSWORD, { remoteAddress: '198.51.100.7' }), '403201')
  })

  it('200 locks are shown to who may see accounts', async () => {
    const token = await tokenOf('root', ROOT)
    const { body } = await call('GET', '/v4/account-locks', { token })
    const lock = body.data.find(({ key }: { key: string }) => key === 'dev::198.51.100.1')
    assert.equal(lock.status, 'banned')
    const dev = await tokenOf('dev', PASSWORD)
    await assertRefused(call('GET', '/v4/account-locks', { token: dev }), '403205')
  })
})

describe('accounts and roles of an engine', () => {
  it('401 no header, a bare token, two spaces, garbage, a token of another engine', async () => {
    const token = await tokenOf('root', ROOT)
    await assertRefused(call('GET', '/v4/accounts'), '401204')
    for (const authorization of [token, `Bearer  ${token}`, 'Bearer x', 'Bearer', `Bearer ${token} x`]) {
      await assertRefused(call('GET', '/v4/accounts', { headers: { authorization } }), '401201')
    }
    await assertRefused(
      call('GET', '/v4/accounts', { token, headers: { 'x-engine-id': other.id } }),
      '401201',
    )
  })

  for (const path of [
    '//v4/accounts',
    '/v4/./accounts',
    '/v4/accounts/',
    '/v4/accounts;x',
    '/v4%2faccounts',
  ]) {
    it(`nobody without a token at ${path}`, async () => {
      const { status } = await call('GET', path, { headers: { 'user-agent': 'Nacos-Server' } })
      assert.ok([400, 401, 404].includes(status), String(status))
    })
  }

  it('200 under any scheme word', async () => {
    const token = await tokenOf('root', ROOT)
    for (const word of ['Bear', 'bearer', 'Basic']) {
      const { status } = await call('GET', '/v4/accounts', { headers: { authorization: `${word} ${token}` } })
      assert.equal(status, 200)
    }
  })

  it('200 the life of an account: made, shown without password, changed, removed', async () => {
    const token = await tokenOf('root', ROOT)
    const made = await call('POST', '/v4/accounts', {
      token,
      body: { name: 'carol', password: PASSWORD, roles: ['developer'] },
    })
    assert.deepEqual([made.status, made.text], [200, ''])
    const shown = await call('GET', '/v4/accounts/carol', { token })
    assert.equal(shown.body.password, '')
    const hers = await tokenOf('carol', PASSWORD)
    assert.equal((await call('PUT', '/v4/accounts/carol', { token, body: { roles: ['admin'] } })).status, 200)
    // What she has now was made before: a new login is needed.
    await assertRefused(call('GET', '/v4/self-perms', { token: hers }), '401206')
    const again = await tokenOf('carol', PASSWORD)
    assert.equal((await call('DELETE', '/v4/accounts/carol', { token })).status, 200)
    await assertRefused(call('GET', '/v4/self-perms', { token: again }), '401206')
    await call('POST', '/v4/accounts', {
      token,
      body: { name: 'carol', password: PASSWORD, roles: ['admin'] },
    })
    await assertRefused(call('GET', '/v4/self-perms', { token: again }), '401206')
  })

  it('403 a developer touches accounts and roles', async () => {
    const token = await tokenOf('dev', PASSWORD)
    await assertRefused(call('GET', '/v4/accounts', { token }), '403205')
    await assertRefused(call('DELETE', '/v4/roles/x', { token }), '403205')
    assert.equal((await call('GET', '/v4/self-perms', { token })).status, 200)
  })

  const badAccounts: readonly (readonly [string, object, string])[] = [
    ['a name with a space', { name: 'a b' }, '400001'],
    ['a name that ends with a dash', { name: 'ab-' }, '400001'],
    ['root', { name: 'root' }, '400001'],
    ['an unknown role', { roles: ['nope'] }, '400202'],
    ['no role', { roles: [] }, '400202'],
    ['six roles', { roles: ['1', '2', '3', '4', '5', '6'] }, '400001'],
    ['a weak password', { password: 'password' }, '400206'],
    ['a password of 33', { password: `Aa1-${'x'.repeat(29)}` }, '400206'],
    ['a name that is taken', { name: 'dev' }, '409200'],
  ]
  for (const [what, fields, code] of badAccounts) {
    it(`${code} ${what}`, async () => {
      const body = { name: 'erin', password: PASSWORD, roles: ['developer'], ...fields }
      await assertRefused(call('POST', '/v4/accounts', { token: await tokenOf('root', ROOT), body }), code)
    })
  }

  it('403 who may touch accounts, and is no admin, makes an admin or sets the password of somebody else', async () => {
    const root = await tokenOf('root', ROOT)
    const perms = [{ resources: [{ type: 'account' }], verbs: ['*'] }]
    await call('POST', '/v4/roles', { token: root, body: { name: 'clerk', perms } })
    for (const name of ['clerk', 'clara']) {
      const made = { name, password: PASSWORD, roles: ['clerk'] }
      assert.equal((await call('POST', '/v4/accounts', { token: root, body: made })).status, 200)
    }
    const token = await tokenOf('clerk', PASSWORD)
    const admin = { name: 'boss', password: PASSWORD, roles: ['admin'] }
    for (const [method, path, body] of [
      ['POST', '/v4/accounts', admin],
      ['POST', '/v4/accounts/batch-create', { accounts: [admin] }],
      ['PUT', '/v4/accounts/clara', { roles: ['clerk', 'admin'] }],
      ['POST', '/v4/accounts/clara/password', { password: PASSWORD }],
    ] as const) {
      const { status } = await call(method, path, { token, body })
      assert.equal(status, 403, `${method} ${path}`)
    }
    assert.equal(
      (await call('POST', '/v4/accounts', { token, body: { ...admin, name: 'temp', roles: ['clerk'] } }))
        .status,
      200,
    )
    for (const name of ['clerk', 'clara', 'temp'])
      await call('DELETE', `/v4/accounts/${name}`, { token: root })
    await call('DELETE', '/v4/roles/clerk', { token: root })
  })

  it('401 the token of an account that was made inactive, for good', async () => {
    const root = await tokenOf('root', ROOT)
    const made = { name: 'ina', password: PASSWORD, roles: ['developer'] }
    await call('POST', '/v4/accounts', { token: root, body: made })
    const token = await tokenOf('ina', PASSWORD)
    assert.equal((await call('GET', '/v4/self-perms', { token })).status, 200)
    for (const status of ['inactive', 'active']) {
      await call('PUT', '/v4/accounts/ina', { token: root, body: { status } })
      await assertRefused(call('GET', '/v4/self-perms', { token }), '401206')
      const again = await call('POST', '/v4/token', { body: { name: 'ina', password: PASSWORD } })
      assert.equal(again.status, status === 'active' ? 200 : 401)
    }
    await call('DELETE', '/v4/accounts/ina', { token: root })
  })

  it('401 the token of an imported user who was disabled or deleted, or of an agency that was deleted', async () => {
    const { store } = house.ctx
    const [user, agency] = [await seedUser(house, 'imke'), newId()]
    const domainId = await seedDomain(house, 'agencies')
    await store.write((tx) =>
      insertAgency(tx, {
        id: agency,
        domainId,
        kind: 'agency',
        name: 'im',
        description: '',
        trustDomainId: null,
        trustPolicy: null,
        durationHours: null,
        expiresAt: null,
        maxSessionSeconds: 3600,
        externalId: null,
        guards: {},
        extra: {},
        createdAt: house.ctx.now(),
      }),
    )
    const tokens: Record<string, string> = {}
    for (const [name, id] of Object.entries({ user, agency })) {
      const wanted = { principal: { id, name }, name: `im-${name}`, roles: ['admin'] }
      const account = await importPrincipal(house.ctx, engine, wanted, BY)
      const origin = { id: 'session', expiresAt: Number.POSITIVE_INFINITY }
      tokens[name] = (await engineToken(house.ctx, engine, { account, life: 900, origin })).text
      assert.equal((await call('GET', '/v4/accounts', { token: tokens[name] })).status, 200)
    }
    const { user: ofUser = '', agency: ofAgency = '' } = tokens
    for (const enabled of [false, true]) {
      const body = { user: { enabled } }
      await house.call('PATCH', `/v3/users/${user}`, { token: await house.admin(), body })
      const { status } = await call('GET', '/v4/accounts', { token: ofUser })
      assert.equal(status, enabled ? 200 : 401)
    }
    await house.call('DELETE', `/v3/users/${user}`, { token: await house.admin() })
    await store.write((tx) => removeAgencies(tx, [agency]))
    for (const token of [ofUser, ofAgency])
      await assertRefused(call('GET', '/v4/accounts', { token }), '401206')
    const root = await tokenOf('root', ROOT)
    for (const name of ['im-user', 'im-agency']) await call('DELETE', `/v4/accounts/${name}`, { token: root })
  })

  it('400 for the engine of a project that is disabled, or whose domain is: no login, no token, and again after', async () => {
    const admin = await house.admin()
    const domain = await seedDomain(house, 'dim')
    const project = await seedProject(house, 'dim', domain)
    const dim = await newEngine(project, 'dim-engine')
    const headers = { 'x-engine-id': dim.id }
    const { body } = await login('root', ROOT, { headers })
    const places = [
      [`/v3/projects/${project}`, 'project'],
      [`/v3/domains/${domain}`, 'domain'],
    ] as const
    for (const [path, kind] of places) {
      for (const enabled of [false, true]) {
        await house.call('PATCH', path, { token: admin, body: { [kind]: { enabled } } })
        assert.equal((await login('root', ROOT, { headers })).status, enabled ? 200 : 400, kind)
        const listed = await call('GET', '/v4/accounts', { token: body.token, headers })
        assert.equal(listed.status, enabled ? 200 : 400, kind)
      }
    }
  })

  it('403 root and oneself cannot be changed or removed', async () => {
    const token = await tokenOf('root', ROOT)
    await assertRefused(call('DELETE', '/v4/accounts/root', { token }), '403202')
    const body = { name: 'adam', password: PASSWORD, roles: ['admin'] }
    await call('POST', '/v4/accounts', { token, body })
    const adam = await tokenOf('adam', PASSWORD)
    await assertRefused(call('DELETE', '/v4/accounts/adam', { token: adam }), '403204')
    await assertRefused(
      call('PUT', '/v4/accounts/root', { token: adam, body: { roles: ['developer'] } }),
      '403202',
    )
  })

  it('200 and 400 many at once: all or none, without passwords', async () => {
    const token = await tokenOf('root', ROOT)
    const some = (names: readonly string[]) => ({
      accounts: names.map((name) => ({ name, roles: ['developer'] })),
    })
    assert.equal(
      (await call('POST', '/v4/accounts/batch-create', { token, body: some(['b1', 'b2']) })).status,
      200,
    )
    await assertRefused(
      call('POST', '/v4/accounts/batch-create', { token, body: some(['b3', 'b1']) }),
      '409200',
    )
    await assertRefused(call('GET', '/v4/accounts/b3', { token }), '400200')
    const many = Array.from({ length: 21 }, (_, i) => `m${i}`)
    await assertRefused(call('POST', '/v4/accounts/batch-create', { token, body: some(many) }), '400001')
    await assertRefused(login('b1', 'anything'), '401202')
  })

  it('own roles: made, used by an account, not removed while bound', async () => {
    const token = await tokenOf('root', ROOT)
    const perms = [{ resources: [{ type: 'account' }], verbs: ['get', 'create', 'update'] }]
    assert.equal((await call('POST', '/v4/roles', { token, body: { name: 'clerk', perms } })).status, 200)
    await assertRefused(call('POST', '/v4/roles', { token, body: { name: 'clerk', perms } }), '409201')
    await assertRefused(
      call('POST', '/v4/roles', { token, body: { name: 'bad', perms: [{ ...perms[0], verbs: ['fly'] }] } }),
      '400001',
    )
    for (const name of ['admin', 'developer']) {
      await assertRefused(call('PUT', `/v4/roles/${name}`, { token, body: { perms } }), '403203')
      await assertRefused(call('DELETE', `/v4/roles/${name}`, { token }), '403203')
    }
    assert.equal((await call('PUT', '/v4/roles/nobody', { token, body: { perms } })).status, 400)
    assert.equal((await call('DELETE', '/v4/roles/nobody', { token })).status, 400)
    await call('POST', '/v4/accounts', {
      token,
      body: { name: 'clara', password: PASSWORD, roles: ['clerk'] },
    })
    const clara = await tokenOf('clara', PASSWORD)
    assert.equal((await call('GET', '/v4/accounts', { token: clara })).status, 200)
    const body = { name: 'boss', password: PASSWORD, roles: ['admin'] }
    await assertRefused(call('POST', '/v4/accounts', { token: clara, body }), '403205')
    await assertRefused(call('DELETE', '/v4/roles/clerk', { token }), '400205')
  })

  it('an own role is what it says, whatever it is called', async () => {
    const token = await tokenOf('root', ROOT)
    const perms = [{ resources: [{ type: 'account' }], verbs: ['get'] }]
    for (const name of ['constructor', 'toString', 'valueOf']) {
      assert.equal((await call('POST', '/v4/roles', { token, body: { name, perms } })).status, 200)
      const account = { name: `has-${name}`, roles: [name], password: PASSWORD }
      assert.equal((await call('POST', '/v4/accounts', { token, body: account })).status, 200)
      const own = await tokenOf(account.name, PASSWORD)
      assert.deepEqual((await call('GET', '/v4/self-perms', { token: own })).body.perms, perms)
      assert.equal((await call('GET', '/v4/accounts', { token: own })).status, 200)
      await assertRefused(call('DELETE', '/v4/accounts/bob', { token: own }), '403205')
    }
  })

  it('a password: own with the current one, of others by admins, and old tokens are void', async () => {
    const token = await tokenOf('root', ROOT)
    await call('POST', '/v4/accounts', {
      token,
      body: { name: 'pat', password: PASSWORD, roles: ['developer'] },
    })
    const pat = await tokenOf('pat', PASSWORD)
    const change = (who: string, asked: object, by: string) =>
      call('POST', `/v4/accounts/${who}/password`, { token: by, body: asked })
    await assertRefused(change('pat', { currentPassword: 'wrong', password: 'New-Pass-33' }, pat), '401207')
    await assertRefused(change('dev', { password: 'New-Pass-33' }, pat), '403001')
    assert.equal(
      (await change('pat', { currentPassword: PASSWORD, password: 'New-Pass-33' }, pat)).status,
      200,
    )
    await assertRefused(call('GET', '/v4/self-perms', { token: pat }), '401206')
    assert.equal((await change('pat', { password: 'New-Pass-44' }, token)).status, 200)
    assert.equal((await login('pat', 'New-Pass-44')).status, 200)
  })
})

describe('login of a Nacos engine', () => {
  const nacosLogin = (path: string, payload: string) =>
    face.inject({
      method: 'POST',
      url: path,
      headers: { 'content-type': 'application/x-www-form-urlencoded', host: 'nacos.test' },
      payload,
    })

  for (const path of [
    '/nacos/v1/auth/login',
    '/nacos/v1/auth/users/login',
    '/nacos/v3/auth/user/login',
    '/v1/auth/users/login',
    '/v3/auth/user/login',
  ]) {
    it(`200 ${path} gives the token that Nacos reads`, async () => {
      const answer = await nacosLogin(path, `username=dev&password=${PASSWORD}`)
      assert.equal(answer.statusCode, 200, answer.payload)
      const { accessToken, tokenTtl, globalAdmin, username } = JSON.parse(answer.payload)
      assert.deepEqual([globalAdmin, username], [false, 'dev'])
      assert.ok(tokenTtl > 17_990 && tokenTtl <= 18_000)
      assert.equal(answer.headers['authorization'], `Bearer ${accessToken}`)
      const [header, payload, signature] = accessToken.split('.')
      assert.equal(header, 'eyJhbGciOiJIUzI1NiJ9')
      assert.deepEqual(Object.keys(JSON.parse(Buffer.from(payload, 'base64url').toString())), ['sub', 'exp'])
      const nacos = (
        await house.ctx.store.db
          .selectFrom('engine')
          .select('id')
          .where('spec_type', '=', 'Nacos2')
          .executeTakeFirstOrThrow()
      ).id
      const { findEngine } = await import('../../../store/engines.ts')
      const [key] = await exportEngineKeys(house.ctx, (await findEngine(house.ctx.store.db, nacos))!)
      const secret = Buffer.from(key!.secret, 'base64')
      assert.equal(secret.length, 32)
      assert.equal(createHmac('sha256', secret).update(`${header}.${payload}`).digest('base64url'), signature)
    })
  }

  it('403 a wrong password and an unknown user, alike', async () => {
    const wrong = await nacosLogin('/nacos/v1/auth/login', 'username=dev&password=nope')
    const unknown = await nacosLogin('/nacos/v1/auth/login', 'username=nacos&password=nacos')
    assert.deepEqual([wrong.statusCode, unknown.statusCode], [403, 403])
    assert.equal(wrong.payload, unknown.payload)
  })

  for (const payload of ['', 'username=dev', 'username=dev&username=root&password=x']) {
    it(`400 or 403 and no fault with ${JSON.stringify(payload)}`, async () => {
      assert.equal((await nacosLogin('/nacos/v1/auth/login', payload)).statusCode, 400)
    })
  }
})

describe('faults of ours', () => {
  const faults: unknown[] = []
  let broken: FastifyInstance
  before(() => {
    const fail = () => Promise.reject(new Error('disk gone'))
    const keys = { ...house.ctx.keys, open: () => assert.fail('no key') }
    broken = buildFace({
      ctx: { ...house.ctx, keys, store: { ...house.ctx.store, record: fail, write: fail } },
      wires: engineWires,
      maxBodyBytes: 100_000,
      onFault: (error) => faults.push(error),
    })
  })
  after(() => broken.close())

  const ask = (method: 'GET' | 'POST', url: string, more: { payload?: string; token?: string } = {}) =>
    broken.inject({
      method,
      url,
      headers: {
        'x-engine-id': url.includes('nacos') ? '' : engine.id,
        'content-type': url.includes('nacos') ? 'application/x-www-form-urlencoded' : 'application/json',
        ...(more.token !== undefined && { authorization: `Bearer ${more.token}` }),
      },
      ...(more.payload !== undefined && { payload: more.payload }),
    })

  it('are 500, never 401, 403 or 404, which clients take for an answer about themselves', async () => {
    const token = await tokenOf('root', ROOT)
    for (const password of [ROOT, 'wrong']) {
      const payload = JSON.stringify({ name: 'root', password })
      const answer = await ask('POST', '/v4/token', { payload })
      assert.equal(answer.statusCode, 500, answer.payload)
      assert.equal(answer.json().errorCode, '500003')
    }
    for (const password of [PASSWORD, 'wrong']) {
      const answer = await ask('POST', '/nacos/v1/auth/login', {
        payload: `username=dev&password=${password}`,
      })
      assert.equal(answer.statusCode, 500, answer.payload)
    }
    for (const url of ['/v4/self-perms', '/v4/accounts']) {
      assert.equal((await ask('GET', url, { token })).statusCode, 500, url)
    }
    assert.equal(faults.length, 6)
  })
})
