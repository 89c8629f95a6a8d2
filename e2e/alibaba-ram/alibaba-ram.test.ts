/**
 * RAM and STS from end to end: the real service on a new data folder, and the official SDKs with what `alibaba.json`
 * holds, over plain HTTP.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type RunningServer, startServer } from '../../tools/running-server.ts'

const sdk = process.env['ALIBABA_SDK']
assert.ok(sdk, 'ALIBABA_SDK names the folder that the SDKs are installed in: run run.sh')
const load = createRequire(join(sdk, 'package.json'))

interface Access {
  readonly accessKeyId: string
  readonly accessKeySecret: string
  readonly securityToken?: string
  readonly accountId: string
  readonly endpoint: string
  readonly protocol: string
}

// biome-ignore lint/suspicious/noExplicitAny: answers of SDKs without types of their own.
type Answer = any
/** Names as RAM's API has them, in and out. */
type Ask = (action: string, parameters?: Readonly<Record<string, string | number>>) => Promise<Answer>
type Make = (access: Access, product: 'ram' | 'sts') => Ask

const VERSIONS = { ram: '2015-05-01', sts: '2015-04-01' } as const
const PACKAGES = { ram: '@alicloud/ram20150501', sts: '@alicloud/sts20150401' } as const

const lower = (name: string): string => name[0]!.toLowerCase() + name.slice(1)

function officialSdk(signatureAlgorithm?: string): Make {
  return (access, product) => {
    const client = load(PACKAGES[product])
    const { $OpenApiUtil } = load('@alicloud/openapi-core')
    const { accessKeyId, accessKeySecret, securityToken, endpoint, protocol } = access
    const config = {
      ...{ accessKeyId, accessKeySecret, securityToken, endpoint, protocol, signatureAlgorithm },
      ...{ type: securityToken === undefined ? 'access_key' : 'sts', regionId: 'cn-shenzhen' },
    }
    const made = new client.default(new $OpenApiUtil.Config(config))
    return async (action, parameters = {}) => {
      const Request = client[`${action}Request`]
      const fields = Object.entries(parameters).map(([name, value]) => [lower(name), value])
      const given = Request ? [new Request(Object.fromEntries(fields))] : []
      const { body } = await made[lower(action)](...given)
      return upper(body)
    }
  }
}

/** The SDK's models as the wire has them. */
function upper(value: Answer): Answer {
  if (Array.isArray(value)) return value.map(upper)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name[0]!.toUpperCase() + name.slice(1), upper(inner)]),
  )
}

const popCore =
  (method: string): Make =>
  ({ accessKeyId, accessKeySecret, securityToken, endpoint }, product) => {
    const { RPCClient } = load('@alicloud/pop-core')
    const client = new RPCClient({
      accessKeyId,
      accessKeySecret,
      securityToken,
      endpoint: `http://${endpoint}`,
      apiVersion: VERSIONS[product],
    })
    return (action, parameters = {}) => client.request(action, parameters, { method })
  }

const CLIENTS: readonly (readonly [string, Make])[] = [
  ['ram20150501 and sts20150401, ACS3-HMAC-SHA256', officialSdk()],
  ['ram20150501 and sts20150401, v2: RPC HMAC-SHA1', officialSdk('v2')],
  ['pop-core RPCClient by GET', popCore('GET')],
  ['pop-core RPCClient by POST', popCore('POST')],
]

const codeOf = async (ask: Promise<Answer>): Promise<string> => {
  const error = await ask.then(
    () => assert.fail('was not refused'),
    (e: { code?: string; message?: string }) => e,
  )
  return String(error.code ?? error.message)
}

describe("Alibaba's SDKs of RAM and STS", () => {
  let folder = ''
  let server: RunningServer
  let access: Access

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'e2e-alibaba-ram-'))
    server = await startServer({
      dataDir: folder,
      adminPassword: 'Correct-Horse-7',
      flags: ['--alibaba-port', '0', '--huawei-port', 'off'],
    })
    access = JSON.parse(readFileSync(join(folder, 'alibaba.json'), 'utf8'))
  })
  after(async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const withKey = (key: Answer): Access => ({
    ...access,
    accessKeyId: key.AccessKeyId,
    accessKeySecret: key.AccessKeySecret,
    ...(key.SecurityToken === undefined ? {} : { securityToken: key.SecurityToken }),
  })

  for (const [index, [name, make]] of CLIENTS.entries()) {
    it(`${name}: a user, a key, a policy, a role, a session of it`, async () => {
      const ram = make(access, 'ram')
      const UserName = `dev${index}`
      const RoleName = `reader${index}`
      const PolicyName = `ns-read${index}`
      const { accountId } = access
      const { User } = await ram('CreateUser', { UserName, DisplayName: '开发 +(1)*~' })
      assert.equal(User.DisplayName, '开发 +(1)*~')
      const { AccessKey } = await ram('CreateAccessKey', { UserName })
      const { AccessKeys } = await ram('ListAccessKeys', { UserName })
      assert.equal(AccessKeys.AccessKey[0].AccessKeyId, AccessKey.AccessKeyId)
      assert.ok(!JSON.stringify(AccessKeys).includes(AccessKey.AccessKeySecret))
      const PolicyDocument = JSON.stringify({
        Version: '1',
        Statement: [{ Effect: 'Allow', Action: ['ram:GetUser', 'ram:ListUsers'], Resource: ['*'] }],
      })
      await ram('CreatePolicy', { PolicyName, PolicyDocument, Description: '只读' })
      const AssumeRolePolicyDocument = JSON.stringify({
        Version: '1',
        Statement: [
          {
            Effect: 'Allow',
            Action: 'sts:AssumeRole',
            Principal: { RAM: [`acs:ram::${accountId}:user/${UserName}`] },
          },
        ],
      })
      const { Role } = await ram('CreateRole', { RoleName, AssumeRolePolicyDocument })
      await ram('AttachPolicyToRole', { RoleName, PolicyName, PolicyType: 'Custom' })
      const person = withKey(AccessKey)
      const who = await make(person, 'sts')('GetCallerIdentity')
      assert.deepEqual([who.IdentityType, who.AccountId, who.UserId], ['RAMUser', accountId, User.UserId])
      const wish = { RoleArn: Role.Arn, RoleSessionName: 'ci-1', DurationSeconds: 900 }
      assert.match(await codeOf(make(person, 'sts')('AssumeRole', wish)), /NoPermission/)
      await ram('AttachPolicyToUser', {
        UserName,
        PolicyName: 'AliyunSTSAssumeRoleAccess',
        PolicyType: 'System',
      })
      const { Credentials, AssumedRoleUser } = await make(person, 'sts')('AssumeRole', wish)
      assert.equal(AssumedRoleUser.Arn, `${Role.Arn}/ci-1`)
      assert.match(Credentials.AccessKeyId, /^STS\./)
      const session = withKey(Credentials)
      assert.equal((await make(session, 'sts')('GetCallerIdentity')).IdentityType, 'AssumedRoleUser')
      assert.equal((await make(session, 'ram')('GetUser', { UserName })).User.UserId, User.UserId)
      assert.match(await codeOf(make(session, 'ram')('DeleteUser', { UserName })), /NoPermission/)
      assert.match(await codeOf(make(person, 'ram')('GetUser', { UserName })), /NoPermission/)
      const Policy = PolicyDocument.replace('"ram:GetUser",', '')
      const narrow = await make(person, 'sts')('AssumeRole', { ...wish, Policy })
      const narrowed = make(withKey(narrow.Credentials), 'ram')
      assert.ok((await narrowed('ListUsers', { MaxItems: 10 })).Users.User.length > 0)
      assert.match(await codeOf(narrowed('GetUser', { UserName })), /NoPermission/)
      await ram('DetachPolicyFromRole', { RoleName, PolicyName, PolicyType: 'Custom' })
      assert.match(await codeOf(make(session, 'ram')('GetUser', { UserName })), /NoPermission/)
      await ram('DeleteRole', { RoleName })
      assert.match(await codeOf(make(session, 'sts')('GetCallerIdentity')), /InvalidSecurityToken/)
      await ram('DeletePolicy', { PolicyName })
      await ram('DeleteAccessKey', { UserName, UserAccessKeyId: AccessKey.AccessKeyId })
      assert.match(await codeOf(make(person, 'sts')('GetCallerIdentity')), /InvalidAccessKeyId.NotFound/)
    })
  }

  it('tokenhouse ram policy simulate says which statement decided', async () => {
    const make = officialSdk()
    const ram = make(access, 'ram')
    await ram('CreateUser', { UserName: 'asked' })
    await ram('AttachPolicyToUser', {
      UserName: 'asked',
      PolicyName: 'AliyunEDASFullAccess',
      PolicyType: 'System',
    })
    const resource = 'acs:edas:cn-beijing:{account}:namespace/cn-beijing'
    const args = ['ram', 'policy', 'simulate', 'edas:ReadNamespace', resource, '--user', 'asked', '--json']
    const told = execFileSync(
      process.execPath,
      ['-C', 'development', 'server/src/main.ts', ...args, '--data-dir', folder],
      { encoding: 'utf8' },
    )
    const { allowed, policy, statement } = JSON.parse(told)
    assert.deepEqual([allowed, policy, statement], [true, 'AliyunEDASFullAccess', 0])
  })
})
