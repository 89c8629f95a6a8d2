import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { createAccounts, putRole, removeAccount } from '../../../flows/engine-accounts.ts'
import { checkEngine } from '../../../flows/engine-check.ts'
import { exportEngineKeys, rotateEngineKeys } from '../../../flows/engine-keys.ts'
import { createEngine, importPrincipal } from '../../../flows/engine-lifecycle.ts'
import { loginToEngine } from '../../../flows/engine-login.ts'
import { readEngineToken } from '../../../flows/engine-tokens.ts'
import { buildFace } from '../../../http/face.ts'
import { findEngine } from '../../../store/engines.ts'
import { type House, openHouse } from '../../../testing/house.ts'
import { PASSWORD, seedGrant, seedProject, seedUser } from '../../../testing/seed.ts'
import { cseDialect } from '../index.ts'

const BY = { session: null, action: 'test', requestId: '' }
const ROOT = 'Root-Pass-1'

let house: House
let face: FastifyInstance
let project: string
let admin: string
let reader: string
let member: string

interface Asked {
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

async function call(method: string, url: string, asked: Asked = {}) {
  const answer = await face.inject({
    method: method as 'GET',
    url,
    headers: {
      'x-auth-token': asked.token ?? admin,
      ...(asked.body !== undefined && { 'content-type': 'application/json;charset=UTF-8' }),
      ...asked.headers,
    },
    ...(asked.body !== undefined && { payload: JSON.stringify(asked.body) }),
  })
  return { status: answer.statusCode, body: JSON.parse(answer.payload) }
}

async function person(name: string, role: string): Promise<string> {
  const id = await seedUser(house, name)
  await seedGrant(house, id, role, { project })
  return house.login(id, PASSWORD, { project: { id: project } })
}

const NEW = {
  name: 'shop-engine',
  specType: 'CSE2',
  authType: 'RBAC',
  auth_cred: { pwd: ROOT },
  flavor: 'cse.s1.small2',
}
const engines = () => `/v2/${project}/enginemgr/engines`

before(async () => {
  house = await openHouse()
  face = buildFace({
    ctx: house.ctx,
    wires: [cseDialect()],
    maxBodyBytes: 100_000,
    onFault: (error) => console.error(error),
  })
  project = await seedProject(house, 'mall')
  admin = await person('ada', 'admin')
  reader = await person('rita', 'reader')
  member = await person('mia', 'member')
})
after(async () => {
  await face.close()
  await house.close()
})

describe('engines on the wire of CSE', () => {
  it('200 made, listed, shown, removed, with finished jobs', async () => {
    const made = await call('POST', engines(), { body: NEW })
    assert.equal(made.status, 200, JSON.stringify(made.body))
    assert.deepEqual(Object.keys(made.body), ['id', 'name', 'jobId'])
    const { id, jobId } = made.body
    const job = await call('GET', `${engines()}/${id}/jobs/${jobId}`, { token: reader })
    assert.deepEqual([job.body.status, job.body.type], ['Finished', 'Create'])
    const shown = await call('GET', `${engines()}/${id}`, { token: reader })
    assert.deepEqual(
      [
        shown.body.status,
        shown.body.authType,
        shown.body.specType,
        shown.body.flavor,
        shown.body.latestJobId,
      ],
      ['Available', 'RBAC', 'CSE2', 'cse.s1.small2', jobId],
    )
    assert.doesNotMatch(JSON.stringify(shown.body), /Root-Pass|PRIVATE/)
    const list = await call('GET', `${engines()}?limit=10&offset=0`, { token: reader })
    assert.deepEqual([list.body.total, list.body.data[0].id], [1, id])
    const removed = await call('DELETE', `${engines()}/${id}`)
    const after = await call('GET', `${engines()}/${id}/jobs/${removed.body.jobId}`)
    assert.deepEqual([after.body.status, after.body.type], ['Finished', 'Delete'])
    const gone = await call('GET', `${engines()}/${id}`)
    assert.deepEqual([gone.status, gone.body.error_code], [400, 'SVCSTG.00501116'])
  })

  const badBodies: readonly (readonly [string, object])[] = [
    ['a name of two characters', { name: 'ab' }],
    ['a name that begins with a digit', { name: '1abc' }],
    ['the name default', { name: 'default' }],
    ['a gateway', { specType: 'MicroGateway' }],
    ['another authentication', { authType: 'LDAP' }],
    ['a weak root password', { auth_cred: { pwd: 'password' } }],
    ['a description of 256', { description: 'd'.repeat(256) }],
  ]
  for (const [what, fields] of badBodies) {
    it(`400 ${what}`, async () => {
      const { status, body } = await call('POST', engines(), { body: { ...NEW, ...fields } })
      assert.equal(status, 400)
      assert.deepEqual(Object.keys(body), ['error_code', 'error_msg', 'detail'])
    })
  }

  it('403 readers and members make or remove engines; nobody in another project', async () => {
    const { body } = await call('POST', engines(), { body: { ...NEW, name: 'kept' } })
    for (const token of [reader, member]) {
      assert.equal((await call('POST', engines(), { token, body: NEW })).status, 403)
      assert.equal((await call('DELETE', `${engines()}/${body.id}`, { token })).status, 403)
    }
    const other = await seedProject(house, 'other')
    assert.equal((await call('GET', `/v2/${other}/enginemgr/engines`)).status, 403)
  })

  it('400 a name twice in one project', async () => {
    assert.equal((await call('POST', engines(), { body: { ...NEW, name: 'twice' } })).status, 200)
    assert.equal((await call('POST', engines(), { body: { ...NEW, name: 'twice' } })).status, 400)
  })
})

describe('accounts of an engine on the wire of CSE', () => {
  it('200 and refusals: import by id and by name, roles, removal; both proofs are needed', async () => {
    const { id } = (await call('POST', engines(), { body: { ...NEW, name: 'acc' } })).body
    const engine = (await findEngine(house.ctx.store.db, id))!
    const login = { name: 'root', password: ROOT, address: '192.0.2.1', requestId: '', life: 900 }
    const { token } = await loginToEngine(house.ctx, engine, login)
    const headers = { 'x-engine-id': id, authorization: `Bear ${token.text}` }
    const path = `/v3/${project}/accounts`
    const uma = await seedUser(house, 'uma')
    const made = await call('POST', path, { headers, body: { id: uma, name: 'uma', roles: ['developer'] } })
    assert.deepEqual([made.status, made.body], [200, { Result: 'success' }])
    const again = await call('POST', path, { headers, body: { id: uma, name: 'uma2', roles: ['developer'] } })
    assert.equal(again.status, 400)
    await seedUser(house, 'viktor')
    assert.equal(
      (await call('POST', path, { headers, body: { name: 'viktor', roles: ['admin'] } })).status,
      200,
    )
    const nobody = await call('POST', path, { headers, body: { name: 'nobody-there', roles: ['admin'] } })
    assert.equal(nobody.body.error_code, 'ENGINE.0411')
    assert.equal((await call('PUT', `${path}/uma`, { headers, body: { roles: ['admin'] } })).status, 200)
    const list = await call('GET', path, { headers })
    assert.deepEqual(
      list.body.data.map(({ name }: { name: string }) => name),
      ['root', 'uma', 'viktor'],
    )
    assert.equal((await call('DELETE', `${path}/uma`, { headers })).status, 200)
    assert.equal((await call('GET', path, { headers: { 'x-engine-id': id } })).status, 400)
    assert.equal((await call('GET', path, { headers, token: member })).status, 403)
    assert.equal((await call('GET', path, { headers: { ...headers, authorization: 'Bear x' } })).status, 400)
  })
})

describe('rotation of the key of an engine', () => {
  it('stages, promotes, and goes on reading what the retired key signed', async () => {
    const { id } = (await call('POST', engines(), { body: { ...NEW, name: 'rot' } })).body
    const engine = (await findEngine(house.ctx.store.db, id))!
    const login = { name: 'root', password: ROOT, address: '192.0.2.1', requestId: '', life: 900 }
    const old = (await loginToEngine(house.ctx, engine, login)).token.text
    assert.equal(await rotateEngineKeys(house.ctx, engine, BY), 'staged')
    assert.equal((await loginToEngine(house.ctx, engine, login)).token.text, old)
    const staged = (await exportEngineKeys(house.ctx, engine)).find(({ state }) => state === 'next')
    assert.equal(await rotateEngineKeys(house.ctx, engine, BY), 'promoted')
    const [current] = await exportEngineKeys(house.ctx, engine)
    assert.equal(current!.secret, staged!.secret)
    assert.notEqual((await loginToEngine(house.ctx, engine, login)).token.text, old)
    assert.equal(typeof (await readEngineToken(house.ctx, engine, old)), 'object')
    house.advance(86_401)
    assert.equal(await readEngineToken(house.ctx, engine, old), 'invalid')
  })

  it('no private key lies open in the database', async () => {
    const rows = await house.ctx.store.db.selectFrom('engine_key').select('material').execute()
    for (const { material } of rows) assert.match(material, /^s1\./)
  })
})

interface Seen {
  readonly method: string
  readonly url: string
  readonly body: string
  readonly claims: Record<string, unknown>
}

describe('the software of an engine is told', () => {
  const seen: Seen[] = []
  let standIn: Server
  let address: string
  let status = 200
  let accounts: readonly { name: string; roles: string[] }[] = []
  let remote: House

  before(async () => {
    standIn = createServer(async (request: IncomingMessage, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      const token = (request.headers.authorization ?? '').split(' ')[1] ?? ''
      const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
      seen.push({ method: request.method!, url: request.url!, body, claims })
      if (status === 302) response.setHeader('location', '/elsewhere')
      response.statusCode = request.url?.startsWith('/nacos/v3')
        ? 404
        : request.url === '/elsewhere'
          ? 200
          : status
      response.end(request.method === 'GET' ? JSON.stringify({ total: 1, data: accounts }) : '')
    })
    await new Promise<void>((resolve) => standIn.listen(0, '127.0.0.1', resolve))
    address = `http://127.0.0.1:${(standIn.address() as AddressInfo).port}`
    remote = await openHouse({ engineAddresses: [address] })
  })
  after(async () => {
    await remote.close()
    standIn.close()
  })

  const engineAt = async (name: string, specType: 'CSE2' | 'Nacos2', at = address) => {
    const projectId = await seedProject(remote, name)
    const wanted = {
      projectId,
      enterpriseProjectId: '0',
      name,
      specType,
      authType: 'RBAC',
      address: at,
    } as const
    return (await createEngine(remote.ctx, wanted, BY)).engine
  }

  it('accounts and roles with a token of root that lives a minute at most', async () => {
    const engine = await engineAt('told', 'CSE2')
    await importPrincipal(
      remote.ctx,
      engine,
      { principal: { id: 'u1', name: 'uma' }, roles: ['developer'] },
      BY,
    )
    const last = seen.at(-1)!
    assert.deepEqual([last.method, last.url], ['POST', '/v4/accounts/batch-create'])
    assert.deepEqual(JSON.parse(last.body), { accounts: [{ id: 'u1', name: 'uma', roles: ['developer'] }] })
    assert.deepEqual([last.claims['account'], last.claims['roles']], ['root', ['admin']])
    assert.ok((last.claims['exp'] as number) <= remote.ctx.now() / 1e6 + 60)
    const perms = [{ resources: [{ type: 'service' }], verbs: ['get'] }]
    await putRole(remote.ctx, engine, { name: 'viewer', perms, mode: 'create' }, BY)
    assert.deepEqual([seen.at(-1)!.method, seen.at(-1)!.url], ['POST', '/v4/roles'])
    await removeAccount(remote.ctx, engine, { name: 'uma', self: '' }, BY)
    assert.deepEqual([seen.at(-1)!.method, seen.at(-1)!.url], ['DELETE', '/v4/accounts/uma'])
  })

  it('nothing is kept here when it is refused there, and redirects are not followed', async () => {
    const engine = await engineAt('refuses', 'CSE2')
    for (status of [409, 302]) {
      const wanted = [{ name: 'ursula', roles: ['developer'] }]
      await assert.rejects(createAccounts(remote.ctx, engine, wanted, BY))
      assert.equal(
        (
          await remote.ctx.store.db
            .selectFrom('engine_account')
            .select('id')
            .where('engine_id', '=', engine.id)
            .execute()
        ).length,
        0,
      )
    }
    status = 200
  })

  it('drift is found', async () => {
    const engine = await engineAt('drifts', 'CSE2')
    const account = (name: string, roles: readonly string[]) => ({ name, roles })
    await createAccounts(
      remote.ctx,
      engine,
      [account('a', ['admin']), account('b', ['admin']), account('c', ['admin'])],
      BY,
    )
    accounts = [
      { name: 'root', roles: ['admin'] },
      { name: 'a', roles: ['admin'] },
      { name: 'b', roles: ['developer'] },
      { name: 'd', roles: ['admin'] },
    ]
    const drift = await checkEngine(remote.ctx, engine)
    assert.deepEqual(
      drift?.map(({ account, verdict }) => `${account} ${verdict}`),
      ['a same', 'b other roles', 'c only here', 'd only there'],
    )
  })

  it('a Nacos gets user, role and right on the one namespace, by its older API when it has no newer', async () => {
    const engine = await engineAt('nacos', 'Nacos2')
    const principal = { id: 'u1', name: 'uma' }
    await importPrincipal(remote.ctx, engine, { principal, roles: ['r'], namespace: 'dev-1' }, BY)
    const calls = seen
      .filter(({ url }) => url.startsWith('/nacos/v1'))
      .map(({ url, body }) => `${url} ${body}`)
    assert.match(calls[0]!, /^\/nacos\/v1\/auth\/users username=iam-u1-dev-1&password=[\w-]{32}$/)
    assert.equal(calls[1], '/nacos/v1/auth/roles role=iam-u1-dev-1&username=iam-u1-dev-1')
    assert.equal(calls[2], '/nacos/v1/auth/permissions role=iam-u1-dev-1&resource=dev-1%3A*%3A*&action=r')
    assert.deepEqual(Object.keys(seen.at(-1)!.claims), ['sub', 'exp'])
  })

  for (const at of ['http://169.254.169.254', 'http://127.0.0.1:1', 'http://[::1]', 'file:///etc/passwd']) {
    it(`400 ${at} is not an address that the operator listed (CVE-2023-44313)`, async () => {
      await assert.rejects(engineAt('elsewhere', 'CSE2', at), /bad_request/)
    })
  }
})
