import assert from 'node:assert/strict'
import { createPublicKey, createVerify } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { removeAccount, updateAccount } from '../../../flows/engine-accounts.ts'
import { exportEngineKeys } from '../../../flows/engine-keys.ts'
import { createEngine, importPrincipal } from '../../../flows/engine-lifecycle.ts'
import { readEngineToken } from '../../../flows/engine-tokens.ts'
import { buildFace } from '../../../http/face.ts'
import type { EngineRecord } from '../../../store/engines.ts'
import { type House, openHouse } from '../../../testing/house.ts'
import { PASSWORD, seedGrant, seedProject, seedUser } from '../../../testing/seed.ts'
import { cseDialect } from '../index.ts'

const HEADERS = { 'content-type': 'application/json;charset=UTF-8', accept: 'application/json' }
const BY = { session: null, action: 'test', requestId: '' }

let house: House
let face: FastifyInstance
let engine: EngineRecord
let project: string
let user: string
let token: string

interface Asked {
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly project?: string
  readonly engine?: string
  readonly body?: string
}

async function exchange(asked: Asked = {}) {
  const given = asked.token ?? token
  const answer = await face.inject({
    method: 'POST',
    url: `/v2/${asked.project ?? project}/enginemgr/engines/${asked.engine ?? engine.id}/tokens`,
    headers: { ...HEADERS, ...(given === '' ? {} : { 'x-auth-token': given }), ...asked.headers },
    ...(asked.body === undefined ? {} : { payload: asked.body }),
  })
  return { status: answer.statusCode, body: JSON.parse(answer.payload), headers: answer.headers }
}

function claimsOf(text: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(text.split('.')[1]!, 'base64url').toString())
}

before(async () => {
  house = await openHouse()
  face = buildFace({
    ctx: house.ctx,
    wires: [cseDialect()],
    maxBodyBytes: 10_000,
    onFault: (error) => console.error(error),
  })
  project = await seedProject(house, 'mall')
  user = await seedUser(house, 'alice')
  await seedGrant(house, user, 'member', { project })
  token = await house.login(user, PASSWORD, { project: { id: project } })
  const made = await createEngine(
    house.ctx,
    { projectId: project, enterpriseProjectId: '0', name: 'engine-a', specType: 'CSE2', authType: 'RBAC' },
    BY,
  )
  engine = made.engine
  await importPrincipal(
    house.ctx,
    engine,
    { principal: { id: user, name: 'alice' }, roles: ['developer'] },
    BY,
  )
})
after(async () => {
  await face.close()
  await house.close()
})

describe('POST /v2/{project_id}/enginemgr/engines/{engine_id}/tokens', () => {
  it('200 a token that the public key of the engine vouches for', async () => {
    const { status, body, headers } = await exchange()
    assert.equal(status, 200)
    assert.equal(headers['content-type'], 'application/json')
    assert.deepEqual(Object.keys(body), ['token'])
    const [header, payload, signature] = body.token.split('.')
    assert.equal(Buffer.from(header, 'base64url').toString(), '{"alg":"RS512","typ":"JWT"}')
    const [key] = await exportEngineKeys(house.ctx, engine)
    assert.match(key!.secret, /^-----BEGIN RSA PRIVATE KEY-----/)
    assert.match(key!.publicKey!, /^-----BEGIN PUBLIC KEY-----/)
    const verifier = createVerify('RSA-SHA512').update(`${header}.${payload}`)
    assert.ok(verifier.verify(createPublicKey(key!.publicKey!), signature, 'base64url'))
    const claims = claimsOf(body.token)
    assert.equal(claims['account'], 'alice')
    assert.deepEqual(claims['roles'], ['developer'])
    assert.ok(Number.isSafeInteger(claims['exp']))
    for (const name of ['role', 'iat', 'nbf']) assert.ok(!(name in claims), name)
  })

  it('200 the token ends with the session at the latest', async () => {
    const now = Math.floor(house.ctx.now() / 1e6)
    const exp = claimsOf((await exchange()).body.token)['exp'] as number
    assert.ok(exp - now <= house.ctx.settings.tokenTtl, String(exp - now))
  })

  it('200 the same token again while nothing changed, another for another session', async () => {
    const first = (await exchange()).body.token
    assert.equal((await exchange()).body.token, first)
    const other = await house.login(user, PASSWORD, { project: { id: project } })
    assert.notEqual((await exchange({ token: other })).body.token, first)
  })

  for (const body of ['', '{}', ' {} ']) {
    it(`200 with the body ${JSON.stringify(body)}`, async () => {
      assert.equal((await exchange({ body })).status, 200)
    })
  }

  const headerRows: readonly (readonly [string, string, number])[] = [
    ['content-type', 'application/json', 200],
    ['content-type', 'application/json; charset=utf-8', 200],
    ['content-type', 'Application/JSON;Charset=UTF-8', 200],
    ['content-type', 'application/xml', 400],
    ['content-type', 'application/json;charset=latin1', 400],
    ['accept', '*/*', 200],
    ['accept', 'application/*', 200],
    ['accept', 'text/html, application/json;q=0.9', 200],
    ['accept', 'application/json;q=0.001', 200],
    ['accept', 'application/json; q=0.0, text/html', 400],
    ['accept', 'text/html', 400],
    ['x-enterprise-project-id', '0', 200],
    ['x-enterprise-project-id', '', 200],
    ['x-enterprise-project-id', '8d5e6f00-0000-4000-8000-000000000000', 400],
    ['x-enterprise-project-id', 'a b', 400],
    ['x-enterprise-project-id', 'x'.repeat(65), 400],
    ['x-namespace-id', 'public', 200],
    ['x-namespace-id', 'n'.repeat(129), 400],
    ['x-namespace-id', '../admin', 400],
    ['user-agent', 'Nacos-Server', 200],
  ]
  for (const [name, value, status] of headerRows) {
    it(`${status} with ${name}: ${value.slice(0, 40)}`, async () => {
      const answer = await exchange({ headers: { [name]: value } })
      assert.equal(answer.status, status, JSON.stringify(answer.body))
      if (status === 400) assert.deepEqual(Object.keys(answer.body), ['error_code', 'error_msg', 'detail'])
    })
  }

  it('400 with a Content-Type of many spaces, without thinking about it', async () => {
    const type = `application/json;charset=utf-8${' '.repeat(15_000)}x`
    const before = process.cpuUsage()
    for (let i = 0; i < 20; i++)
      assert.equal((await exchange({ headers: { 'content-type': type } })).status, 400)
    assert.ok(process.cpuUsage(before).user < 1e6)
  })

  it('200 without Content-Type and Accept', async () => {
    const answer = await face.inject({
      method: 'POST',
      url: `/v2/${project}/enginemgr/engines/${engine.id}/tokens`,
      headers: { 'x-auth-token': token },
    })
    assert.equal(answer.statusCode, 200)
  })

  for (const body of ['{', '[]', 'null', '"x"']) {
    it(`400 with the body ${body}`, async () => {
      const answer = await exchange({ body })
      assert.equal(answer.status, 400)
      assert.deepEqual(Object.keys(answer.body), ['error_code', 'error_msg', 'detail'])
    })
  }

  it('401 no token, garbage and an expired one, in the form of the gateway', async () => {
    const missing = await exchange({ token: '' })
    const garbage = await exchange({ token: 'garbage' })
    for (const { status, body } of [missing, garbage]) {
      assert.equal(status, 401)
      assert.deepEqual(Object.keys(body), ['error_msg', 'error_code', 'request_id'])
      assert.equal(body.error_code, 'APIGW.0301')
    }
    assert.match(missing.body.error_msg, /x-auth-token not found$/)
    assert.match(garbage.body.error_msg, /decrypt token fail$/)
  })

  it('401 magic headers are nobody', async () => {
    const headers = { 'user-agent': 'Nacos-Server', serveridentity: 'security', 'x-forwarded-user': 'alice' }
    assert.equal((await exchange({ token: '', headers })).status, 401)
  })

  it('400 the project of the path is not that of the token', async () => {
    const other = await seedProject(house, 'other')
    const answer = await exchange({ project: other })
    assert.equal(answer.status, 400)
    assert.match(answer.body.detail, /not scoped to the project/)
  })

  it('400 project_id of 65 characters', async () => {
    const answer = await exchange({ project: 'p'.repeat(65) })
    assert.equal(answer.status, 400)
    assert.match(answer.body.detail, /project_id/)
  })

  it('400 an engine that is not there and one of another project are told alike', async () => {
    const elsewhere = await seedProject(house, 'elsewhere')
    const { engine: hidden } = await createEngine(
      house.ctx,
      { projectId: elsewhere, enterpriseProjectId: '0', name: 'hidden', specType: 'CSE2', authType: 'RBAC' },
      BY,
    )
    const absent = await exchange({ engine: 'nothing-here' })
    assert.deepEqual(absent.body, (await exchange({ engine: hidden.id })).body)
    assert.deepEqual(absent.body, {
      error_code: 'SVCSTG.00501116',
      error_msg: 'Bad Request',
      detail: 'Failed to find the engine instance.',
    })
  })

  it('400 a user who is not imported', async () => {
    const bob = await seedUser(house, 'bob')
    await seedGrant(house, bob, 'member', { project })
    const answer = await exchange({ token: await house.login(bob, PASSWORD, { project: { id: project } }) })
    assert.equal(answer.status, 400)
    assert.match(answer.body.detail, /not imported/)
  })

  it('400 an engine without security authentication', async () => {
    const { engine: open } = await createEngine(
      house.ctx,
      { projectId: project, enterpriseProjectId: '0', name: 'open', specType: 'CSE2', authType: 'NONE' },
      BY,
    )
    const answer = await exchange({ engine: open.id })
    assert.match(answer.body.detail, /no security authentication/)
  })

  it('400 an account that is not active, and again a token once it is', async () => {
    await updateAccount(house.ctx, engine, { name: 'alice', self: '', status: 'inactive' }, BY)
    assert.match((await exchange()).body.detail, /not active/)
    await updateAccount(house.ctx, engine, { name: 'alice', self: '', status: 'active' }, BY)
    assert.equal((await exchange()).status, 200)
  })

  it('500 in the same form when the fault is ours', async () => {
    const broken = { ...house.ctx, keys: { ...house.ctx.keys, open: () => assert.fail('no key') } }
    const faults: unknown[] = []
    const other = buildFace({
      ctx: broken,
      wires: [cseDialect()],
      maxBodyBytes: 10_000,
      onFault: (error) => faults.push(error),
    })
    const answer = await other.inject({
      method: 'POST',
      url: `/v2/${project}/enginemgr/engines/${engine.id}/tokens`,
      headers: { ...HEADERS, 'x-auth-token': token },
    })
    await other.close()
    assert.equal(answer.statusCode, 500)
    assert.deepEqual(Object.keys(JSON.parse(answer.payload)), ['error_code', 'error_msg', 'detail'])
    assert.equal(faults.length, 1)
  })

  it('a token of engine A is nothing in engine B', async () => {
    const { engine: b } = await createEngine(
      house.ctx,
      { projectId: project, enterpriseProjectId: '0', name: 'engine-b', specType: 'CSE2', authType: 'RBAC' },
      BY,
    )
    await importPrincipal(house.ctx, b, { principal: { id: user, name: 'alice' }, roles: ['developer'] }, BY)
    const { body } = await exchange()
    const read = await readEngineToken(house.ctx, engine, body.token)
    assert.equal(typeof read === 'string' ? read : read.account.name, 'alice')
    assert.equal(await readEngineToken(house.ctx, b, body.token), 'invalid')
  })

  it('an account that is deleted and made again does not revive its old tokens', async () => {
    const { body } = await exchange()
    await removeAccount(house.ctx, engine, { name: 'alice', self: '' }, BY)
    assert.equal(await readEngineToken(house.ctx, engine, body.token), 'account_gone')
    assert.match((await exchange()).body.detail, /not imported/)
    await importPrincipal(
      house.ctx,
      engine,
      { principal: { id: user, name: 'alice' }, roles: ['developer'] },
      BY,
    )
    assert.equal(await readEngineToken(house.ctx, engine, body.token), 'account_gone')
    assert.notEqual((await exchange()).body.token, body.token)
  })

  it('both outcomes are on the audit trail in the chain of the session', async () => {
    await exchange()
    await exchange({ engine: 'nothing-here' })
    const lines = await house.ctx.store.db
      .selectFrom('audit_event')
      .selectAll()
      .where('action', '=', 'exchange_engine_token')
      .orderBy('at', 'desc')
      .limit(2)
      .execute()
    assert.deepEqual(lines.map(({ outcome }) => outcome).sort(), ['refused', 'success'])
    for (const line of lines) assert.ok(line.chain.length > 0 && line.actor_id === user)
  })

  it('401 once the session is revoked', async () => {
    const short = await house.login(user, PASSWORD, { project: { id: project } })
    assert.equal((await exchange({ token: short })).status, 200)
    const gone = await house.call('DELETE', '/v3/auth/tokens', {
      token: short,
      headers: { 'x-subject-token': short },
    })
    assert.equal(gone.status, 204)
    const answer = await exchange({ token: short })
    assert.equal(answer.status, 401)
    assert.equal(answer.body.error_code, 'APIGW.0307')
  })

  it('401 once the session has expired', async () => {
    house.advance(house.ctx.settings.tokenTtl + 1)
    const { status, body } = await exchange()
    assert.equal(status, 401)
    assert.match(body.error_msg, /token expires, expires_at: /)
  })
})
