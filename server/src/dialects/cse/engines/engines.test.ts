import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { createAccounts, putRole } from '../../../flows/engine-accounts.ts'
import { exportEngineKeys, rotateEngineKeys } from '../../../flows/engine-keys.ts'
import { loginToEngine } from '../../../flows/engine-login.ts'
import { readEngineToken } from '../../../flows/engine-tokens.ts'
import { buildFace } from '../../../http/face.ts'
import { type EngineRecord, findEngine } from '../../../store/engines.ts'
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

/** Headers of CSE that name the engine and prove an account of it. */
async function engineHeaders(engine: EngineRecord, name: string, password: string) {
  const login = { name, password, address: '192.0.2.1', requestId: '', life: 900 }
  const { token } = await loginToEngine(house.ctx, engine, login)
  return { 'x-engine-id': engine.id, authorization: `Bear ${token.text}` }
}

/** A new engine, and the headers of its root. */
async function adminOf(name: string) {
  const { id } = (await call('POST', engines(), { body: { ...NEW, name } })).body
  const engine = (await findEngine(house.ctx.store.db, id))!
  return { engine, headers: await engineHeaders(engine, 'root', ROOT) }
}

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

  it('403 an application credential with access rules, 200 one without', async () => {
    const id = await seedUser(house, 'abe')
    await seedGrant(house, id, 'admin', { project })
    const token = await house.login(id, PASSWORD, { project: { id: project } })
    const status = async (fields: object) => {
      const made = await house.call('POST', `/v3/users/${id}/application_credentials`, {
        token,
        body: { application_credential: { name: JSON.stringify(fields), ...fields } },
      })
      const { id: credential, secret } = made.body.application_credential
      const application_credential = { id: credential, secret }
      const auth = { identity: { methods: ['application_credential'], application_credential } }
      const answer = await house.call('POST', '/v3/auth/tokens', { body: { auth } })
      return (await call('GET', engines(), { token: answer.headers['x-subject-token'] ?? '' })).status
    }
    const access_rules = [{ service: 'cse', method: 'GET', path: '/v2/*/enginemgr/engines' }]
    assert.deepEqual([await status({ access_rules }), await status({})], [403, 200])
  })

  it('403 readers and members make or remove engines; nobody in another project', async () => {
    const { body } = await call('POST', engines(), { body: { ...NEW, name: 'kept' } })
    for (const token of [reader, member]) {
      assert.equal((await call('POST', engines(), { token, body: NEW })).status, 403)
      assert.equal((await call('DELETE', `${engines()}/${body.id}`, { token })).status, 403)
    }
    const other = await seedProject(house, 'other')
    assert.equal((await call('GET', `/v2/${other}/enginemgr/engines`)).status, 403)
  })

  it('200 the engines of one enterprise project or, with all_granted_eps, of all', async () => {
    const names = async (enterpriseProject?: string) => {
      const headers = enterpriseProject === undefined ? {} : { 'x-enterprise-project-id': enterpriseProject }
      const { status, body } = await call('GET', engines(), { headers })
      return status === 200 ? body.data.map(({ name }: { name: string }) => name) : status
    }
    const headers = { 'x-enterprise-project-id': 'ep-9' }
    const made = await call('POST', engines(), { headers, body: { ...NEW, name: 'of-ep-9' } })
    assert.deepEqual(await names('ep-9'), ['of-ep-9'])
    assert.equal((await names()).includes('of-ep-9'), false)
    assert.deepEqual(await names('all_granted_eps'), [...(await names()), 'of-ep-9'])
    assert.equal(await names('all granted'), 400)
    const everywhere = { 'x-enterprise-project-id': 'all_granted_eps' }
    assert.equal((await call('GET', `${engines()}/${made.body.id}`, { headers: everywhere })).status, 400)
    for (const method of ['GET', 'DELETE'])
      assert.equal((await call(method, `${engines()}/${made.body.id}`)).status, 400, method)
    assert.equal((await call('GET', `${engines()}/${made.body.id}`, { headers })).status, 200)
    const nowhere = { headers: everywhere, body: { ...NEW, name: 'nowhere' } }
    assert.equal((await call('POST', engines(), nowhere)).status, 400)
  })

  it('400 a name twice in one project', async () => {
    assert.equal((await call('POST', engines(), { body: { ...NEW, name: 'twice' } })).status, 200)
    assert.equal((await call('POST', engines(), { body: { ...NEW, name: 'twice' } })).status, 400)
  })
})

describe('accounts of an engine on the wire of CSE', () => {
  it('403 an account of the engine whose roles say nothing of accounts', async () => {
    const { engine, headers } = await adminOf('not-everybody')
    const dev = { name: 'dev', password: 'Dev-Pass-1', roles: ['developer'] }
    await createAccounts(house.ctx, engine, [dev], BY)
    const own = await engineHeaders(engine, dev.name, dev.password)
    const path = `/v3/${project}/accounts`
    const id = await seedUser(house, 'outsider')
    const body = { id, name: 'outsider', roles: ['developer'] }
    assert.equal((await call('POST', path, { headers: own, body })).status, 403)
    assert.equal((await call('GET', path, { headers: own })).status, 403)
    assert.equal((await call('DELETE', `${path}/dev`, { headers: own })).status, 403)
    assert.equal((await call('GET', path, { headers })).body.data.length, 2)
  })

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

  it('200 an import with a password logs in with it, for the whole engine whatever X-Namespace-ID says', async () => {
    const { engine, headers } = await adminOf('imports')
    const wim = await seedUser(house, 'wim')
    const path = `/v3/${project}/accounts`
    const body = { id: wim, name: 'wim', password: 'Wims-Pass-1', roles: ['developer'] }
    const made = await call('POST', path, { headers: { ...headers, 'x-namespace-id': 'dev' }, body })
    assert.equal(made.status, 200, JSON.stringify(made.body))
    const login = { name: 'wim', password: 'Wims-Pass-1', address: '192.0.2.1', requestId: '', life: 900 }
    const { account } = await loginToEngine(house.ctx, engine, login)
    assert.deepEqual([account.principalId, account.namespace], [wim, ''])
    const twice = { headers: { ...headers, 'x-namespace-id': 'prod' }, body: { ...body, name: 'wim2' } }
    assert.equal((await call('POST', path, twice)).status, 400)
  })

  it('200 and refusals: everybody their own password with the current one, whatever their roles', async () => {
    const { engine, headers } = await adminOf('passwords')
    const path = `/v3/${project}/accounts`
    const body = { name: 'dora', password: 'Dora-Pass-1', roles: ['developer'] }
    assert.equal((await call('POST', path, { headers, body })).status, 200)
    const dora = await engineHeaders(engine, 'dora', 'Dora-Pass-1')
    const set = async (name: string, fields: object) => {
      const answer = await call('POST', `${path}/${name}/password`, { headers: dora, body: fields })
      return answer.status === 200 ? 200 : `${answer.status} ${answer.body.error_code}`
    }
    const password = 'Dora-Pass-2'
    assert.equal(await set('dora', { password }), '400 ENGINE.0414')
    assert.equal(await set('dora', { currentPassword: 'Dora-Pass-0', password }), '400 ENGINE.0414')
    assert.match(String(await set('root', { currentPassword: 'Dora-Pass-1', password })), /^403 /)
    assert.equal(await set('dora', { currentPassword: 'Dora-Pass-1', password }), 200)
    assert.equal(await set('dora', { currentPassword: password, password: 'Dora-Pass-3' }), '400 ENGINE.0410')
    await engineHeaders(engine, 'dora', password)
  })

  it('403 who may touch accounts, and is no admin of the engine, makes an admin or sets a password', async () => {
    const { id } = (await call('POST', engines(), { body: { ...NEW, name: 'clerks' } })).body
    const engine = (await findEngine(house.ctx.store.db, id))!
    const perms = [{ resources: [{ type: 'account' }], verbs: ['*'] }]
    await putRole(house.ctx, engine, { name: 'clerk', perms, mode: 'create' }, BY)
    await createAccounts(
      house.ctx,
      engine,
      ['clerk', 'clara'].map((name) => ({ name, password: ROOT, roles: ['clerk'] })),
      BY,
    )
    const login = { name: 'clerk', password: ROOT, address: '192.0.2.1', requestId: '', life: 900 }
    const { token } = await loginToEngine(house.ctx, engine, login)
    const headers = { 'x-engine-id': id, authorization: `Bearer ${token.text}` }
    const path = `/v3/${project}/accounts`
    const made = await call('POST', path, {
      headers,
      body: { name: 'temp', password: ROOT, roles: ['clerk'] },
    })
    assert.equal(made.status, 200, JSON.stringify(made.body))
    for (const [method, at, body] of [
      ['POST', '', { name: 'boss', password: ROOT, roles: ['admin'] }],
      ['PUT', '/clara', { roles: ['admin'] }],
      ['POST', '/clara/password', { password: ROOT }],
    ] as const) {
      assert.equal((await call(method, `${path}${at}`, { headers, body })).status, 403, `${method} ${at}`)
    }
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
