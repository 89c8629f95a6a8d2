/** What went wrong in services like this one, asked of the Alibaba face by the name of the advisory. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { accountNumberOf } from '../../flows/ram-principal.ts'
import { findAccessKey } from '../../store/access-keys.ts'
import { updateAgency } from '../../store/agencies.ts'
import { type AlibabaHouse, openAlibabaHouse, type SigningKey } from '../../testing/alibaba.ts'
import { makeRamRole } from '../../testing/ram-role.ts'
import { allRows } from '../../testing/rows.ts'
import { imsOperations } from './ims/index.ts'
import { ramOperations } from './ram/index.ts'

const allow = (Action: unknown, more: object = {}) => ({ Effect: 'Allow', Action, Resource: '*', ...more })

describe('advisories, on the Alibaba face', () => {
  let house: AlibabaHouse
  let account: string
  const ram = (action: string, parameters: Record<string, string> = {}, key: SigningKey = house.root) =>
    house.send({ version: '2015-05-01', action, parameters, key })
  /** Everything but what a request leaves that came to be known: its nonce, when a key was used, its audit lines. */
  const rows = async (): Promise<string> =>
    (await allRows(house))
      .split('\n')
      .filter((line) => !/^(used_once|access_key|audit_event|meta) /.test(line))
      .join('\n')
  /** A temporary key of a role that may everything, had by a user who may assume it. */
  const session = async (name: string): Promise<SigningKey & { readonly userId: string }> => {
    const person = await house.person(name, allow('sts:AssumeRole'))
    const role = await makeRamRole(house.ctx)
    const Principal = { RAM: [`acs:ram::${account}:user/${name}`] }
    const Statement = [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal }]
    await house.ctx.store.write((tx) =>
      updateAgency(tx, role.id, { trustPolicy: { Version: '1', Statement } }),
    )
    await house.attach({ kind: 'agency', id: role.id }, allow('*'))
    const { body, text } = await house.send({
      ...{ version: '2015-04-01', action: 'AssumeRole', key: person },
      parameters: { RoleArn: `acs:ram::${account}:role/${role.name}`, RoleSessionName: 'job' },
    })
    const { AccessKeyId, AccessKeySecret, SecurityToken } = body.Credentials ?? assert.fail(text)
    return {
      userId: person.userId,
      accessKeyId: AccessKeyId,
      accessKeySecret: AccessKeySecret,
      securityToken: SecurityToken,
    }
  }

  before(async () => {
    house = await openAlibabaHouse()
    account = await accountNumberOf(house.ctx, 'default')
  })
  after(async () => {
    assert.deepEqual(house.faults, [])
    await house.close()
  })

  it('Keycloak CVE-2026-1035: of a request that comes thirty times at once, one counts', async () => {
    for (const scheme of ['v3', 'roa'] as const) {
      const sent = Array.from({ length: 30 }, () =>
        house.secureToken('cn-beijing', { scheme, nonce: `at-once-${scheme}` }),
      )
      const codes = (await Promise.all(sent)).map(({ body }) => body.Code)
      assert.equal(codes.filter((code) => code === 200).length, 1)
      assert.equal(codes.filter((code) => code === 'SignatureNonceUsed').length, 29)
    }
  })

  it('Keycloak CVE-2026-9802, OSSN-0034: a replay is refused after a restart', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'tokenhouse-restart-'))
    const rootKeyFile = join(dataDir, 'root.key')
    const settings = { dataDir, rootKeyFile, databaseUrl: `sqlite:${join(dataDir, 'tokenhouse.db')}` }
    try {
      const first = await openAlibabaHouse(settings)
      const key = first.root
      const once = { key, nonce: 'before-the-restart' }
      assert.equal((await first.secureToken('cn-beijing', once)).status, 200)
      await first.close()
      const second = await openAlibabaHouse(settings)
      assert.equal((await second.secureToken('cn-beijing', once)).body.Code, 'SignatureNonceUsed')
      assert.equal((await second.secureToken('cn-beijing', { key })).status, 200)
      await second.close()
    } finally {
      rmSync(dataDir, { recursive: true, force: true })
    }
  })

  it('CVE-2012-3542: who may not changes no row, by whichever action', async () => {
    const nobody = await house.person('changes-nothing')
    const names = {
      ...{ UserName: 'admin', NewUserName: 'x', GroupName: 'g', RoleName: 'r', NewGroupName: 'h' },
      ...{ PolicyName: 'AdministratorAccess', PolicyType: 'System', PolicyDocument: '{}', VersionId: 'v1' },
      ...{ AssumeRolePolicyDocument: '{}', NewAssumeRolePolicyDocument: '{}', Status: 'Inactive' },
      ...{ UserAccessKeyId: house.root.accessKeyId, OIDCProviderName: 'p', IssuerUrl: 'https://p.example' },
      ...{ ClientId: 'c', Fingerprint: 'ab' },
    }
    const earlier = await rows()
    for (const { action, version } of [...ramOperations, ...imsOperations]) {
      const answer = await house.send({ version, action, parameters: names, key: nobody })
      assert.deepEqual([answer.status, answer.body.Code], [403, 'NoPermission'], `${action} ${answer.text}`)
    }
    assert.equal(await rows(), earlier)
    assert.equal((await findAccessKey(house.ctx.store.db, house.root.accessKeyId))?.status, 'Active')
  })

  it('CVE-2026-42999: no parameter becomes a fact or an object that decisions are made by', async () => {
    const tls = { Condition: { Bool: { 'acs:SecureTransport': 'true' } } }
    const key = await house.person('facts', allow('edas:*', tls))
    for (const name of [
      'acs:SecureTransport',
      '__proto__',
      'constructor',
      'isAccount',
      'account',
      'policies',
    ]) {
      const answer = await house.secureToken('cn-beijing', {
        ...{ key, action: 'GetSecureToken', method: 'GET', path: '/pop/v5/secure_token' },
        parameters: { NamespaceId: 'cn-beijing', [name]: 'true' },
      })
      assert.deepEqual([answer.status, answer.body.Code], [403, 'Forbidden.RAM'], name)
    }
    const none = await ram('GetUser', JSON.parse('{"__proto__": "x", "constructor": "y"}'))
    assert.equal(none.body.Code, 'MissingUserName')
  })

  it('CVE-2026-42998, CVE-2020-12691: a key is its owner’s, whoever the request names beside it', async () => {
    const owner = await house.person('owner')
    await house.person('other')
    const UserAccessKeyId = owner.accessKeyId
    for (const [action, more] of [
      ['UpdateAccessKey', { Status: 'Inactive' }],
      ['DeleteAccessKey', {}],
      ['GetAccessKeyLastUsed', {}],
    ] as const) {
      const answer = await ram(action, { UserName: 'other', UserAccessKeyId, ...more })
      assert.deepEqual([answer.status, answer.body.Code], [404, 'EntityNotExist.User.AccessKey'], action)
    }
    await ram('UpdateAccessKey', { UserName: 'owner', UserAccessKeyId, Status: 'Active', UserId: 'other' })
    const { userId, status } = (await findAccessKey(house.ctx.store.db, UserAccessKeyId))!
    assert.deepEqual([userId, status], [owner.userId, 'Active'])
  })

  it('CVE-2026-33551, OSSA-2026-015: a temporary key makes and wakes no lasting one, whatever its role may', async () => {
    const key = await session('minting')
    const spare = await house.keyOf(key.userId)
    const named = { UserName: 'minting', UserAccessKeyId: spare.accessKeyId }
    assert.equal((await ram('UpdateAccessKey', { ...named, Status: 'Inactive' }, key)).status, 200)
    for (const [action, parameters] of [
      ['CreateAccessKey', { UserName: 'minting' }],
      ['UpdateAccessKey', { ...named, Status: 'Active' }],
    ] as const) {
      const answer = await ram(action, parameters, key)
      assert.deepEqual([answer.status, answer.body.Code], [403, 'NoPermission'], action)
    }
  })

  it('Zitadel CVE-2026-27840: no part of a security token is one', async () => {
    const { userId: _, ...key } = await session('prefixes')
    const securityToken = key.securityToken!
    assert.equal((await house.secureToken('cn-beijing', { key })).status, 200)
    for (let end = 1; end < securityToken.length; end += 7) {
      const cut = { ...key, securityToken: securityToken.slice(0, end) }
      const answer = await house.secureToken('cn-beijing', { key: cut })
      assert.equal(answer.status, 400, `the first ${end} characters`)
    }
    const more = await house.secureToken('cn-beijing', {
      key: { ...key, securityToken: `${securityToken}A` },
    })
    assert.equal(more.status, 400)
  })

  it('authentik CVE-2024-47070: a forwarded address that cannot be read opens nothing', async () => {
    const here = { Condition: { IpAddress: { 'acs:SourceIp': '10.0.0.0/8' } } }
    const key = await house.person('forwarded', allow('edas:*', here))
    for (const sent of [
      '10.0.0.1',
      '10.0.0.1, x',
      ', ',
      '999.1.1.1',
      '::ffff:10.0.0.1',
      '10.0.0.1\u0000',
      '',
    ]) {
      const headers = { 'x-forwarded-for': sent, 'x-real-ip': '10.0.0.1', forwarded: 'for=10.0.0.1' }
      const answer = await house.secureToken('cn-beijing', { key, headers })
      assert.ok([400, 403].includes(answer.status), JSON.stringify(sent))
    }
  })

  it('CVE-2012-1572: what is too long is refused before anything is computed with it', async () => {
    const long = 'A'.repeat(20_000)
    const bounded = { ...house.root, accessKeyId: long }
    for (const answer of [
      await house.secureToken('cn-beijing', { key: bounded }),
      await house.secureToken(long),
      await ram('GetUser', { UserName: long }),
      await ram('CreateUser', { UserName: 'x', Comments: long }),
    ]) {
      assert.ok(answer.status >= 400 && answer.status < 500, answer.text.slice(0, 200))
    }
  })

  it('CVE-2012-1572: more parameters than any operation takes are not sorted for who has not signed in', async () => {
    const many = (count: number) =>
      house.send({
        method: 'GET',
        action: 'GetCallerIdentity',
        version: '2015-04-01',
        scheme: 'rpc',
        parameters: Object.fromEntries(Array.from({ length: count }, (_, n) => [`Tag.${n}.Key`, ''])),
        key: { ...house.root, accessKeySecret: 'wrong' },
      })
    assert.equal((await many(200)).body.Code, 'SignatureDoesNotMatch')
    assert.equal((await many(300)).body.Code, 'InvalidParameter')
  })

  it('CVE-2012-1572: no policy is held against a name that is longer than any', async () => {
    const key = await house.person('patterned', allow('*', { Resource: `acs:ram:*${'a'.repeat(6_000)}b` }))
    const long = 'a'.repeat(10_000)
    for (const answer of [
      await ram('GetUser', { UserName: long }, key),
      await ram('UpdateUser', { UserName: 'x', NewUserName: long }, key),
      await ram('AttachPolicyToUser', { UserName: 'x', PolicyType: 'Custom', PolicyName: long }, key),
      await house.secureToken(long, { key }),
    ]) {
      assert.deepEqual([answer.status, answer.body.Code], [400, 'InvalidParameter'])
    }
  })

  it('CVE-2013-0247: bad signatures leave neither rows nor audit lines, however many', async () => {
    const earlier = await allRows(house)
    for (let n = 0; n < 100; n++) {
      const accessKeySecret = `guess-${n}`
      await house.secureToken('cn-beijing', { key: { ...house.root, accessKeySecret } })
      await house.secureToken('cn-beijing', { key: { accessKeyId: `LTAI${n}`, accessKeySecret } })
    }
    assert.equal(await allRows(house), earlier)
  })

  it('Casdoor CVE-2022-24124: no name, marker or type is put into a query', async () => {
    for (const odd of ["'", '"', "' OR '1'='1", '%', '_', '0; DROP TABLE user', '\\', '-1', 'NaN']) {
      for (const [action, parameters] of [
        ['ListUsers', { Marker: odd }],
        ['ListUsers', { MaxItems: odd }],
        ['ListPolicies', { Marker: odd }],
        ['ListPolicies', { PolicyType: odd }],
        ['GetUser', { UserName: odd }],
        ['GetPolicy', { PolicyType: 'Custom', PolicyName: odd }],
        ['ListGroupsForUser', { UserName: odd }],
      ] as const) {
        const { status, text } = await ram(action, parameters)
        assert.ok(status < 500, `${action} ${JSON.stringify(parameters)} ${text}`)
        assert.ok(status !== 200 || 'Marker' in parameters, `${action} ${JSON.stringify(parameters)}`)
      }
    }
  })

  it('CVE-2013-4477: taking away what is not there gives nothing', async () => {
    await house.person('absent')
    const earlier = await rows()
    const of = { UserName: 'absent', PolicyType: 'System', PolicyName: 'AdministratorAccess' }
    for (const [action, parameters] of [
      ['DetachPolicyFromUser', of],
      ['RemoveUserFromGroup', { UserName: 'absent', GroupName: 'none' }],
      ['DeletePolicy', { PolicyName: 'none' }],
    ] as const) {
      assert.equal((await ram(action, parameters)).status, 404, action)
    }
    assert.equal(await rows(), earlier)
  })
})
