import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { issueLoginToken, openKeySession } from '../../../flows/key-session.ts'
import { accountNumberOf } from '../../../flows/ram-principal.ts'
import { splitSecurityToken } from '../../../flows/role-session.ts'
import { deleteAccessKey, updateAccessKey } from '../../../store/access-keys.ts'
import { putAccountSecurity } from '../../../store/accounts.ts'
import { type AgencyChanges, updateAgency } from '../../../store/agencies.ts'
import { insertGrant } from '../../../store/assignments.ts'
import { ensureDomain, ensureRole, ensureUser } from '../../../store/bootstrap.ts'
import { detachPolicy } from '../../../store/statement-policies.ts'
import { updateUser } from '../../../store/users.ts'
import { type AlibabaHouse, openAlibabaHouse, type SigningKey } from '../../../testing/alibaba.ts'
import { makeRamRole } from '../../../testing/ram-role.ts'

const allow = (Action: unknown, Resource: unknown = '*', more = {}) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...more,
})
const ASSUME = allow('sts:AssumeRole')

describe('STS', () => {
  let house: AlibabaHouse
  let account: string
  let roleId: string
  let roleName: string

  const trustOf = (RAM: unknown, more = {}) => ({
    Version: '1',
    Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { RAM }, ...more }],
  })
  const makeRole = (trustPolicy: unknown, domainId = 'default') =>
    makeRamRole(house.ctx, { trustPolicy, domainId })
  const changeRole = (changes: AgencyChanges) =>
    house.ctx.store.write((tx) => updateAgency(tx, roleId, changes))
  const sts = (action: string, key: SigningKey, parameters: Record<string, string> = {}, scheme = 'v3') =>
    house.send({ version: '2015-04-01', action, parameters, key, scheme: scheme as 'v3' | 'rpc' })
  const assume = (key: SigningKey, more: Record<string, string> = {}) =>
    sts('AssumeRole', key, {
      RoleArn: `acs:ram::${account}:role/${roleName}`,
      RoleSessionName: 'ci-1',
      ...more,
    })
  const keyFrom = (body: { Credentials: Record<string, string> }): SigningKey => ({
    accessKeyId: body.Credentials['AccessKeyId']!,
    accessKeySecret: body.Credentials['AccessKeySecret']!,
    securityToken: body.Credentials['SecurityToken']!,
  })
  const assumed = async (key: SigningKey, more = {}): Promise<SigningKey> => {
    const answer = await assume(key, more)
    assert.equal(answer.status, 200, answer.text)
    return keyFrom(answer.body)
  }
  const read = (key: SigningKey, id = 'cn-beijing') => house.secureToken(id, { key })
  const refused = (answer: { status: number; body: { Code: string } }, status: number, code: string) =>
    assert.deepEqual([answer.status, answer.body.Code], [status, code], JSON.stringify(answer.body))

  before(async () => {
    house = await openAlibabaHouse()
    account = await accountNumberOf(house.ctx, 'default')
  })
  beforeEach(async () => {
    const made = await makeRole(trustOf([`acs:ram::${account}:root`]))
    roleId = made.id
    roleName = made.name
    await house.attach({ kind: 'agency', id: roleId }, allow('edas:*'))
  })
  after(async () => {
    assert.deepEqual(house.faults, [])
    await house.close()
  })

  it('200 says who the account, a user and a role session are', async () => {
    const root = await sts('GetCallerIdentity', house.root)
    assert.deepEqual(
      { ...root.body, RequestId: '' },
      {
        RequestId: '',
        IdentityType: 'Account',
        AccountId: account,
        PrincipalId: account,
        UserId: account,
        Arn: `acs:ram::${account}:root`,
      },
    )
    const person = await house.person('who', ASSUME)
    const user = (await sts('GetCallerIdentity', person, {}, 'rpc')).body
    assert.deepEqual([user.IdentityType, user.Arn], ['RAMUser', `acs:ram::${account}:user/who`])
    assert.equal(user.UserId, person.userId)
    const role = (await sts('GetCallerIdentity', await assumed(person), {}, 'rpc')).body
    assert.equal(role.IdentityType, 'AssumedRoleUser')
    assert.equal(role.RoleId, roleId)
    assert.equal(role.Arn, `acs:ram::${account}:assumed-role/${roleName}/ci-1`)
    assert.equal('UserId' in role, false)
  })

  it('200 a role session is what the role may, not what the user may', async (t) => {
    const at = house.ctx.now()
    t.mock.method(house.ctx, 'now', () => at)
    const person = await house.person('acting', ASSUME)
    const { body } = await assume(person, { DurationSeconds: '900' })
    assert.match(body.Credentials.AccessKeyId, /^STS\.[A-Z0-9]{24}$/)
    assert.match(body.Credentials.Expiration, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    assert.equal(Date.parse(body.Credentials.Expiration) / 1000, Math.floor(at / 1e6) + 900)
    assert.equal(body.AssumedRoleUser.Arn, `acs:ram::${account}:role/${roleName}/ci-1`)
    assert.equal(body.AssumedRoleUser.AssumedRoleId, `${roleId}:ci-1`)
    const key = keyFrom(body)
    assert.equal((await read(key)).status, 200)
    refused(await read(person), 403, 'Forbidden.RAM')
  })

  it('400 parameters out of their bounds, by their documented codes', async () => {
    const person = await house.person('bounds', ASSUME)
    const deep = JSON.stringify({ Version: '1', Statement: [allow('x'.repeat(1100))] })
    for (const [more, code] of [
      [{ RoleArn: 'acs:ram::1:role/x' }, 'InvalidParameter.RoleArn'],
      [{ RoleArn: '' }, 'MissingRoleArn'],
      [{ RoleSessionName: 'a' }, 'InvalidParameter.RoleSessionName'],
      [{ RoleSessionName: 'a'.repeat(33) }, 'InvalidParameter.RoleSessionName'],
      [{ RoleSessionName: 'a b' }, 'InvalidParameter.RoleSessionName'],
      [{ DurationSeconds: '899' }, 'InvalidParameter.DurationSeconds'],
      [{ DurationSeconds: '3601' }, 'InvalidParameter.DurationSeconds'],
      [{ DurationSeconds: '-1' }, 'InvalidParameter.DurationSeconds'],
      [{ DurationSeconds: '1e3' }, 'InvalidParameter.DurationSeconds'],
      [{ Policy: '{' }, 'InvalidParameter.PolicyGrammar'],
      [{ Policy: '{"Version":"1","Statement":[{}]}' }, 'InvalidParameter.PolicyGrammar'],
      [{ Policy: deep }, 'InvalidParameter.PolicySize'],
    ] as const) {
      refused(await assume(person, more), 400, code)
    }
    const none = { RoleArn: `acs:ram::${account}:role/none` }
    refused(await assume(person, none), 404, 'EntityNotExist.Role')
  })

  it('200 the longest session name and source identity, of characters that a form escapes, with a policy', async () => {
    const person = await house.person('long-names', ASSUME)
    const session = '@'.repeat(32)
    const key = await assumed(person, {
      RoleSessionName: session,
      SourceIdentity: `${'=,@'.repeat(21)}=`,
      Policy: JSON.stringify({ Version: '1', Statement: [allow('edas:*')] }),
    })
    assert.equal((await read(key)).status, 200)
    const { body } = await sts('GetCallerIdentity', key)
    assert.equal(body.Arn, `acs:ram::${account}:assumed-role/${roleName}/${session}`)
  })

  it('403 who is let but not trusted, and who is trusted but not let', async () => {
    refused(await assume(await house.person('unlet')), 403, 'NoPermission')
    const denied = await house.person('denied', ASSUME, { ...ASSUME, Effect: 'Deny' })
    refused(await assume(denied), 403, 'NoPermission')
    const person = await house.person('untrusted', ASSUME)
    await changeRole({ trustPolicy: trustOf([`acs:ram::${account}:user/somebody-else`]) })
    refused(await assume(person), 403, 'NoPermission')
    await changeRole({ trustPolicy: trustOf([`acs:ram::${account}:user/untrusted`]) })
    assert.equal((await assume(person)).status, 200)
    await changeRole({ trustPolicy: null })
    refused(await assume(person), 403, 'NoPermission')
  })

  it('400 MissingSecurityToken: a temporary key without its token, in every scheme', async () => {
    const { accessKeyId, accessKeySecret } = await assumed(await house.person('tokenless', ASSUME))
    const key = { accessKeyId, accessKeySecret }
    for (const scheme of ['v3', 'roa'] as const) {
      refused(await house.secureToken('cn-beijing', { key, scheme }), 400, 'MissingSecurityToken')
    }
    const bare = await sts('GetCallerIdentity', key, {}, 'rpc')
    refused(bare, 400, 'MissingSecurityToken')
    assert.equal(bare.body.Message, 'SecurityToken is mandatory for this action.')
    refused(
      await sts('GetCallerIdentity', { ...key, securityToken: '' }, {}, 'rpc'),
      400,
      'MissingSecurityToken',
    )
  })

  it('403 who signs in elsewhere under the name of a user that the role trusts, and is not told as them', async () => {
    const foreign = await house.person('namesake', ASSUME)
    await house.ctx.store.write((tx) =>
      tx.updateTable('user').set({ kind: 'federated' }).where('id', '=', foreign.userId).execute(),
    )
    const own = await house.person('namesake', ASSUME)
    assert.notEqual(own.userId, foreign.userId)
    const arnOf = async (key: SigningKey) => (await sts('GetCallerIdentity', key)).body.Arn
    assert.equal(await arnOf(own), `acs:ram::${account}:user/namesake`)
    assert.equal(await arnOf(foreign), `acs:ram::${account}:user/${foreign.userId}`)
    await changeRole({ trustPolicy: trustOf([`acs:ram::${account}:user/namesake`]) })
    refused(await assume(foreign), 403, 'NoPermission')
    assert.equal((await assume(own)).status, 200)
    await changeRole({ trustPolicy: trustOf([`acs:ram::${account}:root`]) })
    assert.equal((await assume(foreign)).status, 200)
  })

  it('403 a trust policy with a condition that does not hold', async () => {
    const person = await house.person('conditional', ASSUME)
    const Condition = { StringEquals: { 'sts:ExternalId': 'shared' } }
    await changeRole({ trustPolicy: trustOf([`acs:ram::${account}:root`], { Condition }) })
    refused(await assume(person), 403, 'NoPermission')
    refused(await assume(person, { ExternalId: 'other' }), 403, 'NoPermission')
    const key = await assumed(person, { ExternalId: 'shared' })
    assert.equal((await read(key)).status, 200)
  })

  it('403 a role of another account, alike whether it is there or not, until it trusts the account', async () => {
    await house.ctx.store.write((tx) => ensureDomain(tx, 'other', 'other', house.ctx.now()))
    const other = await accountNumberOf(house.ctx, 'other')
    const theirs = await makeRole(trustOf([`acs:ram::${other}:root`]), 'other')
    const person = await house.person('abroad', ASSUME)
    const there = await assume(person, { RoleArn: `acs:ram::${other}:role/${theirs.name}` })
    const nowhere = await assume(person, { RoleArn: `acs:ram::${other}:role/none` })
    const unknown = await assume(person, { RoleArn: 'acs:ram::1000000000000000:role/none' })
    for (const answer of [there, nowhere, unknown]) {
      refused(answer, 403, 'NoPermission')
      assert.deepEqual(Object.keys(answer.body), Object.keys(there.body))
      assert.equal(answer.body.Message, there.body.Message)
    }
    roleId = theirs.id
    await changeRole({ trustPolicy: trustOf([`acs:ram::${account}:root`]) })
    await house.attach({ kind: 'agency', id: roleId }, allow('edas:*'))
    const key = await assumed(person, { RoleArn: `acs:ram::${other}:role/${theirs.name}` })
    assert.equal((await sts('GetCallerIdentity', key)).body.AccountId, other)
    assert.equal((await read(key)).body.SecureToken.EdasId, other)
  })

  it('403 from an address that the account of the role does not allow, or that of who assumed it', async () => {
    const { ctx } = house
    await ctx.store.write((tx) => ensureDomain(tx, 'afar', 'afar', ctx.now()))
    const afar = await accountNumberOf(ctx, 'afar')
    const theirs = await makeRole(trustOf([`acs:ram::${account}:root`]), 'afar')
    const person = await house.person('addressed', ASSUME)
    const key = await assumed(person, { RoleArn: `acs:ram::${afar}:role/${theirs.name}` })
    const range = (ip_range: string) => ({ allow_address_netmasks: [], allow_ip_ranges: [{ ip_range }] })
    for (const domainId of ['afar', 'default']) {
      const set = (ip_range: string) =>
        ctx.store.write((tx) => putAccountSecurity(tx, domainId, { apiAddresses: range(ip_range) }))
      await set('192.0.2.1-192.0.2.2')
      refused(await sts('GetCallerIdentity', key), 403, 'NoPermission')
      await set('0.0.0.0-255.255.255.255')
      assert.equal((await sts('GetCallerIdentity', key)).status, 200, domainId)
    }
  })

  it('a session policy only narrows, and cannot be taken off or exchanged', async () => {
    const person = await house.person('narrow', ASSUME)
    const policy = (...Statement: unknown[]) => JSON.stringify({ Version: '1', Statement })
    const onlyBeijing = policy(allow('edas:ReadNamespace', 'acs:edas:*:*:namespace/cn-beijing'))
    const key = await assumed(person, { Policy: onlyBeijing })
    assert.equal((await read(key)).status, 200)
    refused(await read(key, 'cn-shenzhen'), 403, 'Forbidden.RAM')
    const wide = await assumed(person, { Policy: policy(allow('*')) })
    refused(await sts('AssumeRole', wide, {}), 400, 'MissingRoleArn')
    const anything = await house.send({ version: '2015-05-01', action: 'ListUsers', key: wide })
    refused(anything, 403, 'NoPermission')
    const { token } = splitSecurityToken(key.securityToken)
    refused(await read({ ...key, securityToken: token! }), 400, 'InvalidSecurityToken.Malformed')
    const other = `${token}:${Buffer.from(policy(allow('*'))).toString('base64url')}`
    refused(await read({ ...key, securityToken: other }), 400, 'InvalidSecurityToken.Malformed')
  })

  it('a session policy leaves nothing of what the role was granted elsewhere (CVE-2013-6391)', async () => {
    const { ctx } = house
    await ctx.store.write(async (tx) => {
      const role = await ensureRole(tx, 'admin')
      const actor = { kind: 'agency', id: roleId } as const
      await insertGrant(tx, { actor, target: { kind: 'domain', id: 'default' }, inherited: false }, role)
    })
    const person = await house.person('granted', ASSUME)
    const rolesOf = async (key: SigningKey) => {
      const { token } = splitSecurityToken(key.securityToken)
      const use = { access: key.accessKeyId, securityToken: token, hint: {} }
      return (await openKeySession(ctx, use)).roles.length
    }
    assert.ok((await rolesOf(await assumed(person))) > 0)
    const Policy = JSON.stringify({ Version: '1', Statement: [allow('edas:*')] })
    assert.equal(await rolesOf(await assumed(person, { Policy })), 0)
  })

  it('403 a narrowed role session gets no login token, whose reader could not see the policy', async () => {
    const { ctx } = house
    const person = await house.person('console', ASSUME)
    const login = async (key: SigningKey) => {
      const { token } = splitSecurityToken(key.securityToken)
      const session = await openKeySession(ctx, { access: key.accessKeyId, securityToken: token, hint: {} })
      return issueLoginToken(ctx, session, 600, 'req-1')
    }
    assert.notEqual((await login(await assumed(person))).text, '')
    const Policy = JSON.stringify({ Version: '1', Statement: [allow('edas:*')] })
    await assert.rejects(login(await assumed(person, { Policy })), { code: 'forbidden' })
  })

  it('403 a role session assumes a role, whatever it may (CVE-2014-3476)', async () => {
    await house.attach({ kind: 'agency', id: roleId }, allow('*'))
    const key = await assumed(await house.person('chain', ASSUME))
    refused(await assume(key), 403, 'NoPermission')
  })

  it('400 a temporary key with no token, with another key’s, or as if it were a permanent one’s', async () => {
    const person = await house.person('mixed', ASSUME)
    const one = await assumed(person)
    const two = await assumed(person)
    const { accessKeyId, accessKeySecret } = one
    for (const key of [
      { accessKeyId, accessKeySecret },
      { ...one, securityToken: two.securityToken! },
      { ...person, securityToken: one.securityToken! },
      { ...one, securityToken: 'nonsense' },
    ]) {
      assert.equal((await read(key)).status, 400)
    }
  })

  it('expires with its seconds and not before (CVE-2012-3426)', async (t) => {
    const person = await house.person('expiring', ASSUME)
    let at = house.ctx.now()
    t.mock.method(house.ctx, 'now', () => at)
    const key = await assumed(person, { DurationSeconds: '900' })
    at += 899e6
    assert.equal((await read(key)).status, 200)
    at += 1e6
    refused(await read(key), 400, 'InvalidSecurityToken.Expired')
  })

  for (const [what, end] of [
    [
      'its user is disabled',
      (userId: string) => house.ctx.store.write((tx) => updateUser(tx, userId, { enabled: false })),
    ],
    [
      'its key is off',
      (_: string, key: string) =>
        house.ctx.store.write((tx) => updateAccessKey(tx, key, { status: 'Inactive' })),
    ],
    [
      'its key is deleted',
      (_: string, key: string) => house.ctx.store.write((tx) => deleteAccessKey(tx, key)),
    ],
    ['the role trusts it no longer', () => changeRole({ trustPolicy: null })],
  ] as const) {
    it(`a role session ends when ${what} (CVE-2013-2059)`, async () => {
      const person = await house.person(`ending ${what}`, ASSUME)
      const key = await assumed(person)
      assert.equal((await read(key)).status, 200)
      await end(person.userId, person.accessKeyId)
      refused(await read(key), 400, 'InvalidSecurityToken.Malformed')
    })
  }

  it('a role session ends when its user may assume no more (CVE-2012-4413)', async () => {
    const { ctx } = house
    const userId = await ctx.store.write((tx) => ensureUser(tx, 'detached', 'default', ctx.now()))
    const actor = { kind: 'user', id: userId } as const
    const policyId = await house.attach(actor, ASSUME)
    const key = await assumed(await house.keyOf(userId))
    assert.equal((await read(key)).status, 200)
    await ctx.store.write((tx) => detachPolicy(tx, { policyId, actor, scope: { kind: 'account', id: '' } }))
    refused(await read(key), 400, 'InvalidSecurityToken.Malformed')
  })
})
