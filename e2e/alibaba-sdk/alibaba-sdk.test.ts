/**
 * Document 003 from end to end: the real service on a new data folder, and the cores of the official SDKs with what
 * `alibaba.json` holds, over plain HTTP. The package of EDAS itself hands its core exactly these parameters.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type RunningServer, startServer } from '../../tools/running-server.ts'
import { readerSession } from './reader-session.ts'

const sdk = process.env['ALIBABA_SDK']
assert.ok(sdk, 'ALIBABA_SDK names the folder that the SDKs are installed in: run run.sh')
const load = createRequire(join(sdk, 'package.json'))

interface Access {
  readonly accessKeyId: string
  readonly accessKeySecret: string
  /** Of a temporary key. */
  readonly securityToken?: string
  readonly accountId: string
  readonly endpoint: string
  readonly protocol: string
}

// biome-ignore lint/suspicious/noExplicitAny: answers of SDKs without types of their own.
type Answer = any
type Ask = (action: string, query?: Readonly<Record<string, string>>) => Promise<Answer>

/** Method and path of the operations, as the SDK of EDAS has them. */
const ROUTES: Readonly<Record<string, readonly [method: string, path: string]>> = {
  GetSecureToken: ['GET', '/pop/v5/secure_token'],
  InsertOrUpdateRegion: ['POST', '/pop/v5/user_region_def'],
  ListUserDefineRegion: ['POST', '/pop/v5/user_region_defs'],
  DeleteUserDefineRegion: ['DELETE', '/pop/v5/user_region_def'],
  ListAliyunRegion: ['POST', '/pop/v5/resource/region_list'],
  QueryRegionConfig: ['GET', '/pop/v5/region_config'],
}
const routeOf = (action: string): readonly [string, string] => ROUTES[action]!

const paramsOf = (action: string) => {
  const [method, pathname] = routeOf(action)
  return {
    action,
    version: '2017-08-01',
    protocol: 'HTTPS',
    pathname,
    method,
    authType: 'AK',
    style: 'ROA',
    reqBodyType: 'json',
    bodyType: 'json',
  }
}

const configOf = (access: Access, signatureAlgorithm?: string) => ({
  ...access,
  type: access.securityToken === undefined ? 'access_key' : 'sts',
  regionId: 'cn-shenzhen',
  signatureAlgorithm,
})

function openapiCore(access: Access, algorithm?: string): Ask {
  const { default: Client, $OpenApiUtil } = load('@alicloud/openapi-core')
  const { RuntimeOptions } = load('@darabonba/typescript')
  const client = new Client(new $OpenApiUtil.Config(configOf(access, algorithm)))
  return async (action, query = {}) =>
    (
      await client.callApi(
        new $OpenApiUtil.Params(paramsOf(action)),
        new $OpenApiUtil.OpenApiRequest({ query, headers: {} }),
        new RuntimeOptions({}),
      )
    ).body
}

function openapiClient(access: Access, algorithm?: string): Ask {
  const api = load('@alicloud/openapi-client')
  const { RuntimeOptions } = load('@alicloud/tea-util')
  const config = new api.Config(configOf(access, algorithm))
  const client = new api.default(config)
  return async (action, query = {}) =>
    (
      await client.callApi(
        new api.Params(paramsOf(action)),
        new api.OpenApiRequest({ query, headers: {} }),
        new RuntimeOptions({}),
      )
    ).body
}

function popCore({ accessKeyId, accessKeySecret, securityToken, endpoint }: Access): Ask {
  const { ROAClient } = load('@alicloud/pop-core')
  const client = new ROAClient({
    accessKeyId,
    accessKeySecret,
    securityToken,
    endpoint: `http://${endpoint}`,
    apiVersion: '2017-08-01',
  })
  return (action, query = {}) => client.request(...routeOf(action), query)
}

const clients: readonly (readonly [name: string, make: (access: Access) => Ask])[] = [
  ['openapi-core, ACS3-HMAC-SHA256', (access) => openapiCore(access)],
  ['openapi-core, ACS3-HMAC-SM3', (access) => openapiCore(access, 'ACS3-HMAC-SM3')],
  ['openapi-core, v2: ROA HMAC-SHA1', (access) => openapiCore(access, 'v2')],
  ['openapi-client, ACS3-HMAC-SHA256', (access) => openapiClient(access)],
  ['openapi-client, v2: ROA HMAC-SHA1', (access) => openapiClient(access, 'v2')],
  ['pop-core ROAClient: ROA HMAC-SHA1', (access) => popCore(access)],
]

const codeOf = async (ask: Promise<Answer>): Promise<string> => {
  const error = await ask.then(
    () => assert.fail('was not refused'),
    (e: { code?: string; result?: { Code?: string } }) => e,
  )
  return String(error.code ?? error.result?.Code)
}

describe("Alibaba's SDKs", () => {
  let folder = ''
  let server: RunningServer
  let access: Access
  /** Of a role that may read namespaces and do nothing else. */
  let temporary: Access

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'e2e-alibaba-'))
    server = await startServer({
      dataDir: folder,
      adminPassword: 'Correct-Horse-7',
      flags: ['--alibaba-port', '0', '--huawei-port', 'off'],
    })
    const file = join(folder, 'alibaba.json')
    access = JSON.parse(readFileSync(file, 'utf8'))
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.match(access.accountId, /^\d{16}$/)
    temporary = { ...access, ...(await readerSession(load, access)) }
  })
  after(async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  for (const [index, [name, make]] of clients.entries()) {
    it(`${name}: namespaces made, read, listed, deleted`, async () => {
      const ask = make(access)
      const tag = `cn-shenzhen:prod${index}`
      const description = "生产 & 'test' =/? +(1)*~"
      const made = await ask('InsertOrUpdateRegion', {
        RegionTag: tag,
        RegionName: 'prod env+(1)*~',
        Description: description,
        DebugEnable: 'true',
      })
      assert.equal(made.Code, 200)
      const { SecureToken, ...envelope } = await ask('GetSecureToken', { NamespaceId: tag })
      assert.equal(envelope.Code, 200)
      assert.equal(envelope.Message, 'success')
      assert.equal(typeof envelope.RequestId, 'string')
      assert.equal(SecureToken.Id, made.UserDefineRegionEntity.Id)
      assert.equal(SecureToken.EdasId, access.accountId)
      assert.equal(SecureToken.RegionId, tag)
      assert.equal(SecureToken.RegionName, 'prod env+(1)*~')
      assert.equal(SecureToken.BelongRegion, 'cn-shenzhen')
      assert.equal(SecureToken.Description, description)
      assert.equal(SecureToken.MseRegistryType, 'default')
      for (const field of ['AccessKey', 'SecretKey', 'TenantId', 'UserId', 'AddressServerHost']) {
        assert.ok(SecureToken[field].length > 0, field)
      }
      const listed = (await ask('ListUserDefineRegion')).UserDefineRegionList.UserDefineRegionEntity
      assert.ok(listed.some(({ RegionId }: { RegionId: string }) => RegionId === tag))
      assert.ok(!JSON.stringify(listed).includes(SecureToken.SecretKey))
      assert.equal((await ask('ListAliyunRegion')).Code, 200)
      assert.equal((await ask('QueryRegionConfig')).Code, 200)
      const gone = await ask('DeleteUserDefineRegion', { Id: String(SecureToken.Id) })
      assert.equal(gone.RegionDefine.RegionId, tag)
    })

    it(`${name}: a temporary key, with its own security token alone`, async () => {
      const query = { NamespaceId: 'cn-beijing' }
      const { SecureToken } = await make(temporary)('GetSecureToken', query)
      assert.equal(SecureToken.EdasId, access.accountId)
      const create = { RegionTag: 'cn-beijing:mine', RegionName: 'mine' }
      const asking = (key: Access) => codeOf(make(key)('GetSecureToken', query))
      assert.match(await codeOf(make(temporary)('InsertOrUpdateRegion', create)), /Forbidden.RAM/)
      const strange = { ...temporary, securityToken: 'nonsense' }
      assert.match(await asking(strange), /InvalidSecurityToken.Malformed/)
      const lasting = { ...access, securityToken: temporary.securityToken! }
      assert.match(await asking(lasting), /InvalidSecurityToken.Malformed/)
    })

    it(`${name}: a wrong secret, an unknown key and an unknown namespace are told apart`, async () => {
      const query = { NamespaceId: 'cn-shenzhen' }
      const wrong = make({ ...access, accessKeySecret: `${access.accessKeySecret}x` })
      assert.match(await codeOf(wrong('GetSecureToken', query)), /SignatureDoesNotMatch/)
      const unknown = make({ ...access, accessKeyId: 'LTAInobody' })
      assert.match(await codeOf(unknown('GetSecureToken', query)), /InvalidAccessKeyId.NotFound/)
      const none = make(access)('GetSecureToken', { NamespaceId: 'cn-shenzhen:none' })
      assert.match(await codeOf(none), /EntityNotExist.Namespace/)
    })
  }

  for (const method of ['GET', 'POST']) {
    it(`pop-core RPCClient by ${method}: the signature is read, the action looked up`, async () => {
      const { RPCClient } = load('@alicloud/pop-core')
      const { accessKeyId, accessKeySecret, endpoint } = access
      const rpc = (secret: string) =>
        new RPCClient({
          accessKeyId,
          accessKeySecret: secret,
          endpoint: `http://${endpoint}`,
          apiVersion: '2017-08-01',
        }).request('NoSuchAction', { Name: "a b+*~'()!" }, { method })
      await assert.rejects(rpc(accessKeySecret), { code: 'InvalidAction.NotFound' })
      await assert.rejects(rpc('wrong'), { code: 'SignatureDoesNotMatch' })
    })
  }
})
