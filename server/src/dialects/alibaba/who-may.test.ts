/** Whose key may what: the account's own, its users', and what somebody handed on. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { issueTemporaryKey } from '../../flows/key-session.ts'
import { ramPolicyOf } from '../../flows/ram-policies.ts'
import { validateToken } from '../../flows/validate-token.ts'
import { deleteAccessKey, updateAccessKey } from '../../store/access-keys.ts'
import { detachPolicy } from '../../store/statement-policies.ts'
import { type AlibabaHouse, openAlibabaHouse, type SigningKey } from '../../testing/alibaba.ts'
import { PASSWORD, seedDomain, seedGrant, seedUser } from '../../testing/seed.ts'

const allow = (Action: unknown, Resource: unknown = '*', Condition?: unknown) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition === undefined ? {} : { Condition }),
})
const DENY = { Effect: 'Deny', Action: '*', Resource: '*' }

describe('who may on the Alibaba face', () => {
  let house: AlibabaHouse
  let serial = 0
  let name = ''
  before(async () => {
    house = await openAlibabaHouse()
  })
  beforeEach(() => {
    name = `person${++serial}`
  })
  after(async () => {
    assert.deepEqual(house.faults, [])
    await house.close()
  })
  const codeFor = async (key: SigningKey, namespace = 'cn-beijing'): Promise<string> => {
    const { status, body } = await house.secureToken(namespace, { key })
    assert.equal(body.Code === 200, status === 200)
    return String(body.Code)
  }
  const admin = async (method: string, path: string, body?: unknown) => {
    const answer = await house.call(method, path, { token: await house.admin(), body })
    assert.ok(answer.status < 300, answer.text)
    return answer.body
  }
  const temporary = async (user: string, scope: unknown): Promise<SigningKey> => {
    const token = await house.login(user, PASSWORD, scope)
    const session = await validateToken(house.ctx, token)
    const { access, secret, securityToken } = await issueTemporaryKey(house.ctx, session, {
      ttl: 900,
      requestId: 'req-1',
    })
    return { accessKeyId: access, accessKeySecret: secret, securityToken }
  }

  it("200 the account's own key, which no identity policy binds", async () => {
    const me = (await admin('GET', '/v3/users?name=admin')).users[0]
    const policyId = await house.attach({ kind: 'user', id: me.id }, DENY)
    assert.equal(await codeFor(house.root), '200')
    await house.ctx.store.write((tx) =>
      detachPolicy(tx, {
        policyId,
        actor: { kind: 'user', id: me.id },
        scope: { kind: 'account', id: '' },
      }),
    )
  })

  it('403 an administrator of a project is not the account', async () => {
    const user = await seedUser(house, name, 'default')
    const { projects } = await admin('GET', '/v3/projects?name=admin')
    await seedGrant(house, user, 'admin', { project: projects[0].id })
    assert.equal(await codeFor(await house.keyOf(user)), 'Forbidden.RAM')
  })

  it('403 at once when an administrator of the account is none any more', async () => {
    const user = await seedUser(house, name, 'default')
    await seedGrant(house, user, 'admin', { domain: 'default' })
    const key = await house.keyOf(user)
    assert.equal(await codeFor(key), '200')
    const { roles } = await admin('GET', '/v3/roles?name=admin')
    await admin('DELETE', `/v3/domains/default/users/${user}/roles/${roles[0].id}`)
    assert.equal(await codeFor(key), 'Forbidden.RAM')
  })

  it('403 at once when a policy is detached (CVE-2012-4413)', async () => {
    const key = await house.person(name)
    const actor = { kind: 'user' as const, id: key.userId }
    const policyId = await house.attach(actor, allow('edas:*'))
    assert.equal(await codeFor(key), '200')
    await house.ctx.store.write((tx) =>
      detachPolicy(tx, { policyId, actor, scope: { kind: 'account', id: '' } }),
    )
    assert.equal(await codeFor(key), 'Forbidden.RAM')
  })

  it("200 by a policy of the user's group", async () => {
    const key = await house.person(name)
    const { group } = await admin('POST', '/v3/groups', { group: { name } })
    await house.attach({ kind: 'group', id: group.id }, allow('edas:ReadNamespace'))
    assert.equal(await codeFor(key), 'Forbidden.RAM')
    await admin('PUT', `/v3/groups/${group.id}/users/${key.userId}`)
    assert.equal(await codeFor(key), '200')
  })

  it('reads conditions from the request itself', async () => {
    const here = await house.person(
      name,
      allow('edas:*', '*', { IpAddress: { 'acs:SourceIp': '127.0.0.0/8' } }),
    )
    assert.equal(await codeFor(here), '200')
    const elsewhere = await house.person(
      `${name}b`,
      allow('edas:*', '*', { IpAddress: { 'acs:SourceIp': '10.0.0.0/8' } }),
    )
    const forged = await house.secureToken('cn-beijing', {
      key: elsewhere,
      headers: { 'x-forwarded-for': '10.0.0.1' },
    })
    assert.equal(forged.status, 403)
    const tls = await house.person(
      `${name}c`,
      allow('edas:*', '*', { Bool: { 'acs:SecureTransport': 'true' } }),
    )
    const claimed = await house.secureToken('cn-beijing', {
      key: tls,
      headers: { 'x-forwarded-proto': 'https' },
    })
    assert.equal(claimed.status, 403)
  })

  it('400 a key that is off, 404 one that is gone, at once', async () => {
    const key = await house.person(name, allow('*'))
    await house.ctx.store.write((tx) => updateAccessKey(tx, key.accessKeyId, { status: 'Inactive' }))
    assert.equal(await codeFor(key), 'InvalidAccessKeyId.Inactive')
    await house.ctx.store.write((tx) => deleteAccessKey(tx, key.accessKeyId))
    assert.equal(await codeFor(key), 'InvalidAccessKeyId.NotFound')
  })

  it('400 at once for a disabled user and for a disabled account (CVE-2012-4457, CVE-2013-0282)', async () => {
    const key = await house.person(name, allow('*'))
    assert.equal(await codeFor(key), '200')
    await admin('PATCH', `/v3/users/${key.userId}`, { user: { enabled: false } })
    assert.equal(await codeFor(key), 'InvalidAccessKeyId.Inactive')
    const domain = await seedDomain(house, name)
    const other = await house.keyOf(await seedUser(house, 'somebody', domain))
    assert.equal(await codeFor(other), 'Forbidden.RAM')
    await admin('PATCH', `/v3/domains/${domain}`, { domain: { enabled: false } })
    assert.equal(await codeFor(other), 'InvalidAccessKeyId.Inactive')
  })

  it('shows nobody the namespaces of another account', async () => {
    const domain = await seedDomain(house, name)
    const user = await seedUser(house, 'boss', domain)
    await seedGrant(house, user, 'admin', { domain })
    const boss = await house.keyOf(user)
    await house.send({
      path: '/pop/v5/user_region_def',
      action: 'InsertOrUpdateRegion',
      parameters: { RegionTag: 'cn-beijing:ours', RegionName: 'ours' },
    })
    assert.equal(await codeFor(boss, 'cn-beijing:ours'), 'EntityNotExist.Namespace')
    const [ours, theirs] = [
      await house.secureToken('cn-beijing'),
      await house.secureToken('cn-beijing', { key: boss }),
    ]
    assert.notEqual(theirs.body.SecureToken.TenantId, ours.body.SecureToken.TenantId)
    assert.notEqual(theirs.body.SecureToken.EdasId, ours.body.SecureToken.EdasId)
    const remove = { method: 'DELETE', path: '/pop/v5/user_region_def', action: 'DeleteUserDefineRegion' }
    const Id = String(ours.body.SecureToken.Id)
    assert.equal((await house.send({ ...remove, parameters: { Id }, key: boss })).status, 404)
  })

  it('a temporary key is as good as its session, with its own token only', async () => {
    const user = await seedUser(house, name, 'default')
    await seedGrant(house, user, 'admin', { domain: 'default' })
    const key = await temporary(user, { domain: { id: 'default' } })
    for (const scheme of ['v3', 'roa'] as const) {
      assert.equal((await house.secureToken('cn-beijing', { key, scheme })).status, 200)
    }
    const { securityToken: _, ...bare } = key
    assert.equal(await codeFor(bare), 'MissingSecurityToken')
    const other = await temporary(user, { domain: { id: 'default' } })
    assert.equal(
      await codeFor({ ...key, securityToken: other.securityToken! }),
      'InvalidSecurityToken.Malformed',
    )
    assert.equal(
      await codeFor({ ...key, securityToken: `${key.securityToken}x` }),
      'InvalidSecurityToken.Malformed',
    )
    const plain = await house.login(user, PASSWORD, { domain: { id: 'default' } })
    assert.equal(await codeFor({ ...key, securityToken: plain }), 'InvalidSecurityToken.Malformed')
    assert.equal(
      await codeFor({ ...house.root, securityToken: key.securityToken! }),
      'InvalidSecurityToken.Malformed',
    )
    await admin('PATCH', `/v3/users/${user}`, { user: { enabled: false } })
    assert.equal(await codeFor(key), 'InvalidSecurityToken.Malformed')
  })

  it('400 a temporary key whose time is over', async () => {
    const own = await openAlibabaHouse()
    const user = await seedUser(own, name, 'default')
    await seedGrant(own, user, 'admin', { domain: 'default' })
    const session = await validateToken(
      own.ctx,
      await own.login(user, PASSWORD, { domain: { id: 'default' } }),
    )
    const { access, secret, securityToken } = await issueTemporaryKey(own.ctx, session, {
      ttl: 900,
      requestId: 'req-1',
    })
    own.advance(901)
    const key = { accessKeyId: access, accessKeySecret: secret, securityToken }
    const answer = await own.secureToken('cn-beijing', { key })
    assert.equal(answer.body.Code, 'InvalidSecurityToken.Expired')
    await own.close()
  })

  it('denies everything for a stored policy that cannot be read', () => {
    const { statements } = ramPolicyOf({ name: 'broken', document: { Version: '9' } })
    assert.deepEqual(statements, [{ effect: 'Deny', actions: ['*'], conditions: [] }])
  })

  it('403 reading a secret without the stricter action, where the operator asks for it', async () => {
    const strict = await openAlibabaHouse({ edasSecretAction: 'edas:ReadNamespaceSecret' })
    const browser = await strict.person('browser', allow('edas:ReadNamespace'))
    const operator = await strict.person(
      'operator',
      allow(['edas:ReadNamespace', 'edas:ReadNamespaceSecret']),
    )
    const refused = await strict.secureToken('cn-beijing', { key: browser })
    assert.equal(refused.body.AccessDeniedDetail.AuthAction, 'edas:ReadNamespaceSecret')
    assert.equal((await strict.secureToken('cn-beijing', { key: operator })).status, 200)
    assert.equal((await strict.secureToken('cn-beijing')).status, 200)
    await strict.close()
  })
})

describe('advisories of the family', () => {
  let house: AlibabaHouse
  before(async () => {
    house = await openAlibabaHouse()
  })
  after(() => house.close())

  it('Nacos CVE-2021-29441: no header, of whatever name, opens anything', async () => {
    for (const headers of [
      { 'user-agent': 'Nacos-Server' },
      { 'x-acs-caller-type': 'sub' },
      { 'x-acs-internal': 'true' },
      { 'x-auth-token': await house.admin() },
    ]) {
      const unsigned = await house.secureToken('cn-beijing', { key: null, headers })
      assert.equal(unsigned.status, 400)
      assert.equal(unsigned.body.Code, 'MissingAccessKeyId')
    }
  })

  it('Nacos 1.4.1 AuthFilter: no spelling of a path goes by the gate', async () => {
    for (const path of [
      '/pop/v5/secure_token/',
      '//pop/v5/secure_token',
      '/pop//v5/secure_token',
      '/pop/v5/./secure_token',
      '/pop/v5/x/../secure_token',
      '/pop/v5/secure%5ftoken',
      '/pop/v5%2fsecure_token',
      '/pop/v5/secure_token;x',
      '/pop/v5/secure_token%00',
      '/pop/v5/secure_token%20',
      '/POP/v5/secure_token',
    ]) {
      const answer = await house.secureToken('cn-beijing', { key: null, path })
      assert.ok([400, 404].includes(answer.status), `${path}: ${answer.status}`)
      assert.ok(!answer.text.includes('SecretKey'))
    }
  })

  it('Nacos 9732: no operation answers without a signature', async () => {
    const routes = [
      ['GET', '/pop/v5/secure_token'],
      ['POST', '/pop/v5/user_region_def'],
      ['DELETE', '/pop/v5/user_region_def'],
      ['POST', '/pop/v5/user_region_defs'],
      ['POST', '/pop/v5/resource/region_list'],
      ['GET', '/pop/v5/region_config'],
      ['GET', '/'],
      ['POST', '/'],
      ['HEAD', '/pop/v5/secure_token'],
    ] as const
    for (const [method, path] of routes) {
      const answer = await house.send({
        method,
        path,
        key: null,
        parameters: { NamespaceId: 'cn-beijing', RegionTag: 'cn-beijing:x', RegionName: 'x' },
      })
      assert.equal(answer.status, 400, `${method} ${path}`)
    }
  })
})
