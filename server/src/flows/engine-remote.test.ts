/** What a service-center or a Nacos is told, and what becomes of it when they refuse. */
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, describe, it } from 'node:test'
import { insertEngineAccount, listEngineAccounts } from '../store/engine-accounts.ts'
import { type EngineRecord, listEngineRoles } from '../store/engines.ts'
import { type House, openHouse } from '../testing/house.ts'
import { seedProject } from '../testing/seed.ts'
import {
  createAccounts,
  putRole,
  removeAccount,
  removeRole,
  setAccountPassword,
  updateAccount,
} from './engine-accounts.ts'
import { checkEngine } from './engine-check.ts'
import { createEngine, importPrincipal } from './engine-lifecycle.ts'

const BY = { session: null, action: 'test', requestId: '' }
const PERMS = [{ resources: [{ type: 'service' }], verbs: ['get'] }]

interface Seen {
  readonly call: string
  readonly body: string
  readonly claims: Readonly<Record<string, unknown>>
}

interface Reply {
  readonly status: number
  readonly body?: unknown
}

const seen: Seen[] = []
/** By method and path without its query; all else is 200. */
let replies: Record<string, Reply> = {}
let software: Server
let house: House
let address: string

before(async () => {
  software = createServer(async (request: IncomingMessage, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const token = (request.headers.authorization ?? '').split(' ')[1] ?? ''
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    seen.push({ call: `${request.method} ${request.url}`, body, claims })
    const [path = ''] = (request.url ?? '').split('?')
    const version3 = path.startsWith('/nacos/v3') ? { status: 404 } : undefined
    const reply: Reply = replies[`${request.method} ${path}`] ?? version3 ?? { status: 200 }
    if (reply.status === 302) response.setHeader('location', '/elsewhere')
    response.statusCode = reply.status
    response.end(reply.body === undefined ? '' : JSON.stringify(reply.body))
  })
  await new Promise<void>((resolve) => software.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(software.address() as AddressInfo).port}`
  house = await openHouse({ engineAddresses: [address] })
})
after(async () => {
  await house.close()
  software.close()
})
beforeEach(() => {
  seen.length = 0
  replies = {}
})

async function engineAt(name: string, specType: EngineRecord['specType'], at = address) {
  const projectId = await seedProject(house, name)
  const common = { projectId, enterpriseProjectId: '0', authType: 'RBAC' } as const
  return (await createEngine(house.ctx, { ...common, name, specType, address: at }, BY)).engine
}

const accountsOf = async ({ id }: EngineRecord) =>
  (await listEngineAccounts(house.ctx.store.db, id)).map(({ name, roles, status }) => ({
    name,
    roles,
    status,
  }))

describe('a service-center is told', () => {
  it('of accounts, with a token of root that lives a minute at most', async () => {
    const engine = await engineAt('told', 'CSE2')
    const principal = { id: 'u1', name: 'uma' }
    await importPrincipal(house.ctx, engine, { principal, roles: ['developer'] }, BY)
    await updateAccount(house.ctx, engine, { name: 'uma', self: '', roles: ['admin'] }, BY)
    await setAccountPassword(house.ctx, engine, { name: 'uma', password: 'Some-Pass-1' }, BY)
    await removeAccount(house.ctx, engine, { name: 'uma', self: '' }, BY)
    assert.deepEqual(
      seen.map(({ call, body }) => [call, body === '' ? '' : JSON.parse(body)]),
      [
        ['POST /v4/accounts/batch-create', { accounts: [{ id: 'u1', name: 'uma', roles: ['developer'] }] }],
        ['PUT /v4/accounts/uma', { roles: ['admin'], status: 'active' }],
        ['POST /v4/accounts/uma/password', { password: 'Some-Pass-1' }],
        ['DELETE /v4/accounts/uma', ''],
      ],
    )
    for (const { claims } of seen) {
      assert.deepEqual([claims['account'], claims['roles']], ['root', ['admin']])
      assert.ok((claims['exp'] as number) <= house.ctx.now() / 1e6 + 60)
    }
  })

  it('of roles made, changed and removed', async () => {
    const engine = await engineAt('roles', 'CSE2')
    const role = { name: 'viewer', perms: PERMS }
    await putRole(house.ctx, engine, { ...role, mode: 'create' }, BY)
    await putRole(house.ctx, engine, { ...role, mode: 'update' }, BY)
    await removeRole(house.ctx, engine, 'viewer', BY)
    assert.deepEqual(
      seen.map(({ call }) => call),
      ['POST /v4/roles', 'PUT /v4/roles/viewer', 'DELETE /v4/roles/viewer'],
    )
  })

  it('nothing of what it refuses is kept here, and redirects are not followed', async () => {
    const engine = await engineAt('refuses', 'CSE2')
    const { ctx } = house
    await createAccounts(ctx, engine, [{ name: 'old', roles: ['developer'] }], BY)
    await putRole(ctx, engine, { name: 'viewer', perms: PERMS, mode: 'create' }, BY)
    const accounts = await accountsOf(engine)
    const roles = await listEngineRoles(ctx.store.db, engine.id)
    for (const status of [403, 302, 500]) {
      const no = { status, body: { errorCode: '403202' } }
      replies = {
        'POST /v4/accounts/batch-create': no,
        'PUT /v4/accounts/old': no,
        'POST /v4/accounts/old/password': no,
        'DELETE /v4/accounts/old': no,
        'POST /v4/roles': no,
        'PUT /v4/roles/viewer': no,
        'DELETE /v4/roles/viewer': no,
      }
      const other = [{ resources: [{ type: 'ops' }], verbs: ['*'] }]
      const refused = [
        createAccounts(ctx, engine, [{ name: 'ursula', roles: ['developer'] }], BY),
        updateAccount(ctx, engine, { name: 'old', self: '', roles: ['admin'], status: 'inactive' }, BY),
        setAccountPassword(ctx, engine, { name: 'old', password: 'Some-Pass-1' }, BY),
        removeAccount(ctx, engine, { name: 'old', self: '' }, BY),
        putRole(ctx, engine, { name: 'other', perms: other, mode: 'create' }, BY),
        putRole(ctx, engine, { name: 'viewer', perms: other, mode: 'update' }, BY),
        removeRole(ctx, engine, 'viewer', BY),
      ]
      for (const { status: outcome } of await Promise.allSettled(refused)) assert.equal(outcome, 'rejected')
      assert.deepEqual(await accountsOf(engine), accounts)
      assert.deepEqual(await listEngineRoles(ctx.store.db, engine.id), roles)
    }
    assert.ok(seen.every(({ call }) => !call.includes('elsewhere')))
    const [old] = await listEngineAccounts(ctx.store.db, engine.id)
    assert.equal(old?.hash, null)
  })

  it('what is gone there already is removed here', async () => {
    const engine = await engineAt('gone', 'CSE2')
    await createAccounts(house.ctx, engine, [{ name: 'old', roles: ['developer'] }], BY)
    await putRole(house.ctx, engine, { name: 'viewer', perms: PERMS, mode: 'create' }, BY)
    replies = {
      'DELETE /v4/accounts/old': { status: 400, body: { errorCode: '400200' } },
      'DELETE /v4/roles/viewer': { status: 400, body: { errorCode: '400201' } },
    }
    await removeAccount(house.ctx, engine, { name: 'old', self: '' }, BY)
    await removeRole(house.ctx, engine, 'viewer', BY)
    assert.deepEqual(await accountsOf(engine), [])
    assert.deepEqual(await listEngineRoles(house.ctx.store.db, engine.id), [])
  })

  it('a bound role is refused here before anything is said there', async () => {
    const engine = await engineAt('bound', 'CSE2')
    await putRole(house.ctx, engine, { name: 'viewer', perms: PERMS, mode: 'create' }, BY)
    await createAccounts(house.ctx, engine, [{ name: 'vera', roles: ['viewer'] }], BY)
    seen.length = 0
    await assert.rejects(removeRole(house.ctx, engine, 'viewer', BY), /400205|bad_request/)
    assert.deepEqual(seen, [])
  })

  it('drift of accounts and roles is found', async () => {
    const engine = await engineAt('drifts', 'CSE2')
    await createAccounts(
      house.ctx,
      engine,
      ['a', 'b', 'c'].map((name) => ({ name, roles: ['admin'] })),
      BY,
    )
    for (const name of ['x', 'y']) {
      await putRole(house.ctx, engine, { name, perms: PERMS, mode: 'create' }, BY)
    }
    const role = (name: string, verbs: readonly string[]) => ({
      name,
      perms: [{ resources: [{ type: 'service', labels: null }], verbs }],
    })
    replies = {
      'GET /v4/accounts': {
        status: 200,
        body: {
          total: 4,
          data: [
            { name: 'root', roles: ['admin'] },
            { name: 'a', roles: ['admin'] },
            { name: 'b', roles: ['developer'] },
            { name: 'd', roles: ['admin'] },
          ],
        },
      },
      'GET /v4/roles': {
        status: 200,
        body: { total: 3, data: [role('admin', ['*']), role('x', ['get']), role('y', ['get', 'delete'])] },
      },
    }
    const drift = await checkEngine(house.ctx, engine)
    assert.deepEqual(
      drift?.map(({ kind, name, verdict }) => `${kind} ${name} ${verdict}`),
      [
        'account a same',
        'account b differs',
        'account c only here',
        'account d only there',
        'role x same',
        'role y differs',
      ],
    )
  })

  for (const at of ['http://169.254.169.254', 'http://127.0.0.1:1', 'http://[::1]', 'file:///etc/passwd']) {
    it(`400 ${at} is not an address that the operator listed (CVE-2023-44313)`, async () => {
      await assert.rejects(engineAt('elsewhere', 'CSE2', at), /bad_request/)
    })
  }
})

describe('a Nacos is told', () => {
  const uma = { id: 'u1', name: 'uma' }
  const said = (): readonly string[] =>
    seen
      .filter(({ call }) => call.includes('/nacos/v1'))
      .map(({ call, body }) => decodeURIComponent(body === '' ? call : `${call} ${body}`))

  it('of user, role and right on the one namespace, by its older API when it has no newer', async () => {
    const engine = await engineAt('nacos', 'Nacos2')
    await importPrincipal(house.ctx, engine, { principal: uma, roles: ['r'], namespace: 'dev-1' }, BY)
    const [user, ...rest] = said()
    assert.match(user!, /^POST \/nacos\/v1\/auth\/users username=iam-u1-dev-1&password=[\w-]{32}$/)
    assert.deepEqual(rest, [
      'POST /nacos/v1/auth/roles role=iam-u1-dev-1&username=iam-u1-dev-1',
      'POST /nacos/v1/auth/permissions role=iam-u1-dev-1&resource=dev-1:*:*&action=r',
    ])
    assert.deepEqual(Object.keys(seen.at(-1)!.claims), ['sub', 'exp'])
  })

  it('of the public namespace by the empty name, which Nacos 2 and 3 both read', async () => {
    const engine = await engineAt('public', 'Nacos2')
    await importPrincipal(house.ctx, engine, { principal: uma, roles: ['rw'] }, BY)
    assert.match(said().at(-1)!, /role=iam-u1-public&resource=:\*:\*&action=rw$/)
  })

  it('of names within the 50 characters that it keeps, one for each namespace', async () => {
    const engine = await engineAt('long', 'Nacos2')
    const principal = { id: '0123456789abcdef0123456789abcdef', name: 'uma' }
    const names = new Set<string>()
    for (const namespace of ['a'.repeat(128), `${'a'.repeat(127)}b`, 'ends-']) {
      names.add((await importPrincipal(house.ctx, engine, { principal, roles: ['r'], namespace }, BY)).name)
    }
    assert.equal(names.size, 3)
    for (const name of names) assert.ok(name.length <= 50, name)
  })

  it('of another right: the old one goes first, and with the status all of them', async () => {
    const engine = await engineAt('rights', 'Nacos2')
    const { name } = await importPrincipal(house.ctx, engine, { principal: uma, roles: ['r'] }, BY)
    seen.length = 0
    await updateAccount(house.ctx, engine, { name, self: '', roles: ['rw'] }, BY)
    await updateAccount(house.ctx, engine, { name, self: '', status: 'inactive' }, BY)
    await setAccountPassword(house.ctx, engine, { name, password: 'Some-Pass-1' }, BY)
    assert.deepEqual(said(), [
      'DELETE /nacos/v1/auth/permissions?role=iam-u1-public&resource=:*:*&action=r',
      'POST /nacos/v1/auth/permissions role=iam-u1-public&resource=:*:*&action=rw',
      'DELETE /nacos/v1/auth/permissions?role=iam-u1-public&resource=:*:*&action=rw',
      'PUT /nacos/v1/auth/users username=iam-u1-public&newPassword=Some-Pass-1',
    ])
  })

  it('of a removal, with right and role, which it would leave to the next user of that name', async () => {
    const engine = await engineAt('removal', 'Nacos2')
    const { name } = await importPrincipal(house.ctx, engine, { principal: uma, roles: ['rw'] }, BY)
    seen.length = 0
    await removeAccount(house.ctx, engine, { name, self: '' }, BY)
    assert.deepEqual(said(), [
      'DELETE /nacos/v1/auth/permissions?role=iam-u1-public&resource=:*:*&action=rw',
      'DELETE /nacos/v1/auth/roles?role=iam-u1-public',
      'DELETE /nacos/v1/auth/users?username=iam-u1-public',
    ])
  })

  it('half a user is taken back, and a refusal with status 200 is one', async () => {
    const engine = await engineAt('half', 'Nacos2')
    replies = { 'POST /nacos/v1/auth/permissions': { status: 200, body: { code: 500, message: 'no' } } }
    const wanted = { principal: uma, roles: ['r'] }
    await assert.rejects(importPrincipal(house.ctx, engine, wanted, BY), { name: 'Refusal' })
    assert.equal(said().at(-1), 'DELETE /nacos/v1/auth/users?username=iam-u1-public')
    assert.deepEqual(await accountsOf(engine), [])
  })

  it('400 the name of its own administrator is nobody else, nor changed, whatever is kept here about it', async () => {
    const engine = await engineAt('admins', 'Nacos2')
    for (const name of ['nacos', 'Nacos', 'NACOS']) {
      const wanted = { principal: uma, name, roles: ['r'] }
      await assert.rejects(importPrincipal(house.ctx, engine, wanted, BY), /400001|bad_request/)
      await house.ctx.store.write((tx) =>
        insertEngineAccount(tx, {
          ...{ id: name, engineId: engine.id, name, principalId: null, namespace: name, hash: null },
          ...{ roles: ['r'], status: 'active', incarnation: name, createdAt: 0, updatedAt: 0 },
        }),
      )
      const kept = await accountsOf(engine)
      await assert.rejects(removeAccount(house.ctx, engine, { name, self: '' }, BY), { code: 'forbidden' })
      const changes = { name, self: '', roles: ['rw'] }
      await assert.rejects(updateAccount(house.ctx, engine, changes, BY), { code: 'forbidden' })
      assert.deepEqual(await accountsOf(engine), kept)
    }
    assert.deepEqual(seen, [])
  })

  it('by nobody of what a user may do there: a role that is not bound, more roles and those of an admin are found', async () => {
    const engine = await engineAt('bound-roles', 'Nacos2')
    const names: string[] = []
    for (const namespace of ['a', 'b', 'c']) {
      names.push(
        (await importPrincipal(house.ctx, engine, { principal: uma, roles: ['r'], namespace }, BY)).name,
      )
    }
    const [a, b, c] = names
    const page = (pageItems: readonly object[]) => ({ status: 200, body: { pageItems } })
    replies = {
      'GET /nacos/v1/auth/users': page(names.map((username) => ({ username }))),
      'GET /nacos/v1/auth/roles': page([
        { username: b, role: b },
        { username: b, role: 'ROLE_ADMIN' },
        { username: c, role: c },
        { username: c, role: 'ops' },
      ]),
      'GET /nacos/v1/auth/permissions': page([
        ...['a', 'b', 'c'].map((ns, at) => ({ role: names[at], resource: `${ns}:*:*`, action: 'r' })),
        { role: 'ops', resource: 'c:*:*', action: 'r' },
        { role: 'ops', resource: 'd:*:*', action: 'w' },
      ]),
    }
    assert.deepEqual(
      (await checkEngine(house.ctx, engine))?.map(({ name, verdict, there }) => [name, verdict, there]),
      [
        [a, 'differs', []],
        [b, 'differs', ['*:*:* rw', 'b:*:* r']],
        [c, 'differs', ['c:*:* r', 'd:*:* w']],
      ],
    )
  })

  it('by version 3 where it has that, and drift is found there', async () => {
    const engine = await engineAt('drift', 'Nacos2')
    const v3 = '/nacos/v3/auth'
    const data = (pageItems: readonly object[]) => ({ status: 200, body: { code: 0, data: { pageItems } } })
    const done = { status: 200, body: { code: 0, data: 'ok' } }
    replies = {
      [`POST ${v3}/user`]: done,
      [`POST ${v3}/role`]: done,
      [`POST ${v3}/permission`]: done,
      [`GET ${v3}/user/list`]: data([
        { username: 'nacos' },
        { username: 'iam-u1-public' },
        { username: 'x' },
      ]),
      [`GET ${v3}/role/list`]: data([{ role: 'iam-u1-public', username: 'iam-u1-public' }]),
      [`GET ${v3}/permission/list`]: data([{ role: 'iam-u1-public', resource: ':*:*', action: 'rw' }]),
    }
    for (const namespace of ['', 'dev']) {
      await importPrincipal(house.ctx, engine, { principal: uma, roles: ['r'], namespace }, BY)
    }
    assert.deepEqual(await checkEngine(house.ctx, engine), [
      { kind: 'account', name: 'iam-u1-dev', verdict: 'only here', here: ['dev:*:* r'], there: [] },
      { kind: 'account', name: 'iam-u1-public', verdict: 'differs', here: [':*:* r'], there: [':*:* rw'] },
      { kind: 'account', name: 'x', verdict: 'only there', here: [], there: [] },
    ])
    assert.deepEqual(said(), [])
  })
})
