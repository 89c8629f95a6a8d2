import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { loadSettings } from '../config.ts'
import { type Context, closeContext, openContext } from '../context.ts'
import { openKeySession } from '../flows/key-session.ts'
import { accountNumberOf } from '../flows/ram-principal.ts'
import { updateAgency } from '../store/agencies.ts'
import { findUser } from '../store/identity.ts'
import { newId } from '../store/ids.ts'
import { attachPolicy, insertStatementPolicy, type PolicyActor } from '../store/statement-policies.ts'
import { updateUser } from '../store/users.ts'
import { makeRamRole } from '../testing/ram-role.ts'
import { startCredentialsServer } from './credentials-server.ts'
import { runCommandLine } from './program.ts'

const folder = mkdtempSync(join(tmpdir(), 'tokenhouse-ram-'))
const env = {
  TOKENHOUSE_DATA_DIR: join(folder, 'var'),
  TOKENHOUSE_PASSWORD_HASH: 'bcrypt',
  TOKENHOUSE_BCRYPT_ROUNDS: '4',
}
const NAMESPACE = 'acs:edas:cn-beijing:{account}:namespace/cn-beijing'

function start(...argv: string[]) {
  const printed = { out: '', err: '' }
  let told = (): void => undefined
  const line = new Promise<void>((resolve) => {
    told = resolve
  })
  const exit = runCommandLine(argv, () => Promise.reject(new Error('serves')), {
    out: (part) => {
      printed.out += part
      told()
    },
    err: (part) => {
      printed.err += part
    },
    env,
    cwd: folder,
  })
  return { exit, printed, line }
}

async function tokenhouse(...argv: string[]) {
  const { exit, printed } = start(...argv)
  return { exit: await exit, ...printed }
}

const allow = (Action: unknown, more: object = {}) => ({ Effect: 'Allow', Action, Resource: '*', ...more })

async function attach(ctx: Context, actor: PolicyActor, name: string, ...Statement: unknown[]) {
  const id = newId()
  const now = ctx.now()
  await ctx.store.write(async (tx) => {
    await insertStatementPolicy(tx, {
      ...{ id, domainId: 'default', language: 'ram', kind: 'custom', name, description: '' },
      ...{ defaultVersion: 'v1', document: { Version: '1', Statement }, extra: {} },
      ...{ createdAt: now, updatedAt: now },
    })
    await attachPolicy(tx, { policyId: id, actor, scope: { kind: 'account', id: '' }, createdAt: now })
  })
}

/** GET with headers that `fetch` does not let one choose. */
async function get(url: string, headers: Record<string, string> = {}, method = 'GET') {
  const sent = request(url, { method, headers, agent: false }).end()
  const [response] = await once(sent, 'response')
  return { status: response.statusCode as number, body: JSON.parse(await text(response)) }
}

describe('tokenhouse ram', () => {
  let ctx: Context
  let bob: string
  let roleId = ''

  before(async () => {
    assert.equal((await tokenhouse('bootstrap')).exit, 0)
    for (const name of ['bob', 'eve']) assert.equal((await tokenhouse('user', 'create', name)).exit, 0)
    ctx = await openContext(loadSettings({ flags: {}, env, cwd: folder }))
    const person = async (name: string) =>
      (await findUser(ctx.store.db, { name, domain: { id: 'default' } }))!.id
    bob = await person('bob')
    const account = await accountNumberOf(ctx, 'default')
    const made = await makeRamRole(ctx, {
      name: 'deployer',
      trustPolicy: {
        Version: '1',
        Statement: [
          {
            Effect: 'Allow',
            Action: 'sts:AssumeRole',
            Principal: { RAM: [`acs:ram::${account}:user/bob`] },
          },
        ],
      },
    })
    roleId = made.id
    const user = { kind: 'user', id: bob } as const
    await attach(ctx, user, 'assume', allow('sts:AssumeRole'))
    await attach(
      ctx,
      user,
      'reads',
      allow('edas:ListUserDefineRegion'),
      allow('edas:ReadNamespace', { Condition: { IpAddress: { 'acs:SourceIp': ['10.0.0.0/8'] } } }),
      { Effect: 'Deny', Action: 'edas:DeleteNamespace', Resource: '*' },
    )
    await attach(ctx, { kind: 'agency', id: roleId }, 'role', allow('edas:*'))
  })
  after(async () => {
    await closeContext(ctx)
    rmSync(folder, { recursive: true, force: true })
  })

  const simulate = async (...argv: string[]) => {
    const { exit, out, err } = await tokenhouse('ram', 'policy', 'simulate', ...argv, '--json')
    return { exit, err, told: out === '' ? undefined : JSON.parse(out) }
  }

  it('policy simulate says allowed, by which policy and which statement of it', async () => {
    const facts = ['--facts', 'acs:SourceIp=10.1.2.3']
    const { exit, told } = await simulate('edas:ReadNamespace', NAMESPACE, '--user', 'bob', ...facts)
    assert.equal(exit, 0)
    assert.deepEqual(
      [told.allowed, told.effect, told.policy, told.statement, told.decidedBy],
      [true, 'allow', 'reads', 1, 'identity policy reads, statement 1'],
    )
    assert.match(told.resource, /^acs:edas:cn-beijing:\d{16}:namespace\/cn-beijing$/)
    const role = await simulate('edas:ReadNamespace', NAMESPACE, '--role', 'deployer')
    assert.deepEqual([role.exit, role.told.policy], [0, 'role'])
    const text = await tokenhouse('ram', 'policy', 'simulate', 'edas:X', '*', '--role', 'deployer')
    assert.match(text.out, /identity policy role, statement 0/)
  })

  it('policy simulate exits 1 where it is denied, or where nobody said anything', async () => {
    const denied = await simulate('edas:DeleteNamespace', NAMESPACE, '--user', 'bob')
    assert.deepEqual(
      [denied.exit, denied.told.allowed, denied.told.effect, denied.told.policy, denied.told.statement],
      [1, false, 'deny', 'reads', 2],
    )
    for (const argv of [
      ['edas:ReadNamespace', NAMESPACE, '--user', 'bob', '--facts', 'acs:SourceIp=192.0.2.1'],
      ['edas:ReadNamespace', NAMESPACE, '--user', 'bob'],
      ['edas:ReadNamespace', NAMESPACE, '--user', 'eve'],
    ]) {
      const { exit, told } = await simulate(...argv)
      assert.deepEqual(
        [exit, told.allowed, told.effect, told.policy, told.decidedBy],
        [1, false, 'implicit_deny', null, 'no statement'],
      )
    }
  })

  it('policy simulate narrows by a session policy, and tells the account itself', async () => {
    const file = join(folder, 'session.json')
    const document = { Version: '1', Statement: [allow('edas:ListUserDefineRegion')] }
    writeFileSync(file, JSON.stringify(document))
    const narrowed = ['--role', 'deployer', '--session-policy', file]
    assert.equal((await simulate('edas:ReadNamespace', NAMESPACE, ...narrowed)).exit, 1)
    assert.equal((await simulate('edas:ListUserDefineRegion', NAMESPACE, ...narrowed)).exit, 0)
    const admin = await simulate('edas:ReadNamespace', NAMESPACE, '--user', 'admin')
    assert.deepEqual([admin.exit, admin.told.decidedBy], [0, 'the account itself'])
  })

  it('policy simulate exits 2 when it is called wrongly, 1 for nobody', async () => {
    writeFileSync(join(folder, 'bad.json'), '{}')
    for (const argv of [
      [],
      ['--user', 'bob', '--role', 'deployer'],
      ['--user', 'bob', '--facts', 'acs:SourceIp'],
      ['--user', 'bob', '--session-policy', join(folder, 'bad.json')],
    ]) {
      assert.equal((await simulate('edas:ReadNamespace', NAMESPACE, ...argv)).exit, 2, argv.join(' '))
    }
    assert.equal((await simulate('edas:ReadNamespace', NAMESPACE, '--user', 'nobody')).exit, 1)
  })

  it('credentials-uri answers keys of the role, as long as its user may have them', async (t) => {
    const { exit, printed, line } = start('ram', 'credentials-uri', 'deployer', '--user', 'bob')
    t.after(() => process.emit('SIGHUP', 'SIGHUP'))
    await line
    const url = /^export ALIBABA_CLOUD_CREDENTIALS_URI=(http:\/\/127\.0\.0\.1:\d+\/[\w-]{32})$/m.exec(
      printed.out,
    )?.[1]
    assert.ok(url, printed.out)
    const { status, body } = await get(url)
    assert.equal(status, 200)
    assert.deepEqual(Object.keys(body), [
      'Code',
      'AccessKeyId',
      'AccessKeySecret',
      'SecurityToken',
      'Expiration',
    ])
    assert.equal(body.Code, 'Success')
    assert.ok(Date.parse(body.Expiration) > Date.now() + 3500e3)
    const session = await openKeySession(ctx, {
      access: body.AccessKeyId,
      securityToken: body.SecurityToken,
      hint: {},
    })
    assert.equal(session.delegation.agency?.name, 'deployer')
    assert.equal(session.delegation.agency?.assumedBy.id, bob)
    assert.equal((await get(url)).body.AccessKeyId, body.AccessKeyId)

    const enable = (enabled: boolean) => ctx.store.write((tx) => updateUser(tx, bob, { enabled }))
    await enable(false)
    assert.deepEqual((await get(url)).body.Code, 'NoPermission')
    await enable(true)
    const again = await get(url)
    assert.equal(again.status, 200)
    await ctx.store.write((tx) => updateAgency(tx, roleId, { trustPolicy: null }))
    assert.equal((await get(url)).status, 403)
    process.emit('SIGHUP', 'SIGHUP')
    assert.equal(await exit, 0)
    assert.ok(!printed.out.includes(body.AccessKeySecret))
    await assert.rejects(get(url))
  })

  it('credentials-uri exits 1 for what is no role or nobody, 2 when it is called wrongly', async () => {
    const uri = async (...argv: string[]) => (await tokenhouse('ram', 'credentials-uri', ...argv)).exit
    assert.equal(await uri('deployer', '--user', 'nobody'), 1)
    assert.equal(await uri('nothing', '--user', 'bob'), 1)
    assert.equal(await uri('deployer'), 2)
    assert.equal(await uri('deployer', '--user', 'bob', '--seconds', '899'), 2)
    assert.equal(await uri('deployer', '--user', 'bob', '--seconds', '3601'), 2)
    assert.equal(await uri('deployer', '--user', 'bob', '--port', '65536'), 2)
  })
})

describe('a credentials URI', () => {
  it('is for programs of this machine that know it, by GET', async (t) => {
    const server = await startCredentialsServer({
      port: 0,
      issue: async () => ({ access: 'STS.A', secret: 's', securityToken: 't', expiresAt: 1_800_000_000 }),
      onFault: () => assert.fail(),
    })
    t.after(() => server.close())
    const { host, port, pathname } = new URL(server.url)
    assert.equal((await get(server.url)).status, 200)
    assert.equal((await get(server.url, { host: `localhost:${port}` })).status, 200)
    for (const name of ['evil.example', `evil.example:${port}`, '127.0.0.1', `127.0.0.2:${port}`]) {
      assert.equal((await get(server.url, { host: name })).status, 403, `Host ${name}`)
    }
    for (const headers of [
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { referer: `http://${host}/` },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-mode': 'navigate' },
    ]) {
      assert.equal((await get(server.url, headers)).status, 403, JSON.stringify(headers))
    }
    for (const path of ['/', pathname.slice(0, -1), `${pathname}/`, `${pathname}?a`, `/${pathname}`]) {
      assert.equal((await get(`http://${host}${path}`)).status, 404, path)
    }
    for (const method of ['POST', 'PUT', 'OPTIONS']) {
      assert.equal((await get(server.url, {}, method)).status, 405, method)
    }
  })

  it('tells a fault to nobody but the operator', async () => {
    const faults: unknown[] = []
    const server = await startCredentialsServer({
      port: 0,
      issue: () => Promise.reject(new Error('a secret detail')),
      onFault: (error) => faults.push(error),
    })
    const { status, body } = await get(server.url)
    assert.deepEqual([status, body.Code], [500, 'InternalError'])
    assert.ok(!JSON.stringify(body).includes('detail'))
    assert.equal(faults.length, 1)
    await server.close()
  })
})
