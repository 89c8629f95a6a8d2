/**
 * RAM, STS and IMS from end to end: the real service on a new data folder, and the official SDKs with what `alibaba.json`
 * holds, over plain HTTP.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { tokenhouse } from '../../tools/running-server.ts'
import {
  type Access,
  type AlibabaServer,
  codeOf,
  type KeyAnswer,
  type Makes,
  type OpenApiCore,
  type Product,
  popCoreRpc,
  type RamAnswer,
  type RamAsk,
  sdk,
  startAlibaba,
} from '../alibaba-access.ts'

type Make = (access: Access, product: Product) => RamAsk

const PACKAGES = {
  ram: '@alicloud/ram20150501',
  sts: '@alicloud/sts20150401',
  ims: '@alicloud/ims20190815',
} as const

/** A client has a method for each action, which takes a request of the action's own class, where it takes one. */
type Operations = Readonly<Record<string, (request?: object) => Promise<{ readonly body: unknown }>>>
type ProductSdk = { readonly default: Makes<Operations> } & Readonly<Record<string, Makes>>

/** `UserName` is `userName` there, `OIDCProviderName` stays. */
const lower = (name: string): string =>
  /^[A-Z]{2}/.test(name) ? name : name[0]!.toLowerCase() + name.slice(1)

function officialSdk(signatureAlgorithm?: string): Make {
  return (access, product) => {
    const client = sdk<ProductSdk>(PACKAGES[product])
    const { $OpenApiUtil } = sdk<OpenApiCore>('@alicloud/openapi-core')
    const { accessKeyId, accessKeySecret, securityToken, endpoint, protocol } = access
    const config = {
      ...{ accessKeyId, accessKeySecret, securityToken, endpoint, protocol, signatureAlgorithm },
      ...{ type: securityToken === undefined ? 'access_key' : 'sts', regionId: 'cn-shenzhen' },
    }
    const made = new client.default(new $OpenApiUtil.Config(config))
    return async <A extends string>(action: A, parameters: Readonly<Record<string, unknown>> = {}) => {
      const Request = client[`${action}Request`]
      const fields = Object.entries(parameters).map(([name, value]) => [lower(name), value])
      const given = Request ? [new Request(Object.fromEntries(fields))] : []
      const { body } = await made[lower(action)]!(...given)
      return upper(body) as RamAnswer<A>
    }
  }
}

/** The SDK's models as the wire has them. */
function upper(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(upper)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name[0]!.toUpperCase() + name.slice(1), upper(inner)]),
  )
}

const popCore =
  (method: string): Make =>
  (access, product) =>
    popCoreRpc(access, product, method)

const CLIENTS: readonly (readonly [string, Make])[] = [
  ['ram20150501 and sts20150401, ACS3-HMAC-SHA256', officialSdk()],
  ['ram20150501 and sts20150401, v2: RPC HMAC-SHA1', officialSdk('v2')],
  ['pop-core RPCClient by GET', popCore('GET')],
  ['pop-core RPCClient by POST', popCore('POST')],
]

describe("Alibaba's SDKs of RAM, STS and IMS", () => {
  let alibaba: AlibabaServer
  let access: Access

  before(async () => {
    alibaba = await startAlibaba()
    access = alibaba.access
  })
  after(() => alibaba.stop())

  const withKey = (key: KeyAnswer & { readonly SecurityToken?: string }): Access => ({
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
      assert.equal(AccessKeys.AccessKey[0]?.AccessKeyId, AccessKey.AccessKeyId)
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

  for (const [index, [name, make]] of CLIENTS.entries()) {
    it(`${name}: an OIDC provider by IMS`, async () => {
      const ims = make(access, 'ims')
      const named = { OIDCProviderName: `ci${index}` }
      const { OIDCProvider: made } = await ims('CreateOIDCProvider', {
        ...{ ...named, IssuerUrl: `https://ci${index}.example`, ClientIds: 'web,app', IssuanceLimitTime: 6 },
        ...{ Description: '持续集成', Fingerprints: '902ef2deeb3c5b13ea4c3d5193629309e231ae55' },
      })
      assert.equal(made.Arn, `acs:ram::${access.accountId}:oidc-provider/ci${index}`)
      assert.deepEqual((await ims('GetOIDCProvider', named)).OIDCProvider, made)
      const { OIDCProviders } = await ims('ListOIDCProviders', { MaxItems: 100 })
      assert.ok(OIDCProviders.OIDCProvider.some(({ Arn }) => Arn === made.Arn))
      const changed = await ims('UpdateOIDCProvider', { ...named, ClientIds: 'web', IssuanceLimitTime: 7 })
      assert.deepEqual([changed.OIDCProvider.ClientIds, changed.OIDCProvider.IssuanceLimitTime], ['web', 7])
      const more = await ims('AddClientIdToOIDCProvider', { ...named, ClientId: 'cli' })
      assert.equal(more.OIDCProvider.ClientIds, 'web,cli')
      const less = await ims('RemoveClientIdFromOIDCProvider', { ...named, ClientId: 'web' })
      assert.equal(less.OIDCProvider.ClientIds, 'cli')
      const two = await ims('AddFingerprintToOIDCProvider', { ...named, Fingerprint: 'ab' })
      assert.equal(two.OIDCProvider.Fingerprints, `${made.Fingerprints},ab`)
      const one = await ims('RemoveFingerprintFromOIDCProvider', { ...named, Fingerprint: 'ab' })
      assert.equal(one.OIDCProvider.Fingerprints, made.Fingerprints)
      await ims('DeleteOIDCProvider', named)
      assert.equal(await codeOf(ims('GetOIDCProvider', named)), 'EntityNotExist.OIDCProvider')
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
    const told = tokenhouse(alibaba.folder, ...args)
    const { allowed, policy, statement } = JSON.parse(told)
    assert.deepEqual([allowed, policy, statement], [true, 'AliyunEDASFullAccess', 0])
  })
})
