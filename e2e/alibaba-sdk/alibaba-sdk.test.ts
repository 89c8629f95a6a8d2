/**
 * Document 003 from end to end: the real service on a new data folder, and the cores of the official SDKs with what
 * `alibaba.json` holds, over plain HTTP. The package of EDAS itself hands its core exactly these parameters.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { tokenhouse } from '../../tools/running-server.ts'
import {
  type Access,
  type AlibabaServer,
  codeOf,
  type Makes,
  type OpenApiCore,
  openApiCore,
  type PopCore,
  sdk,
  sdkFolder,
  startAlibaba,
} from '../alibaba-access.ts'
import { readerSession } from './reader-session.ts'

interface Envelope {
  readonly Code: number
  readonly Message: string
  readonly RequestId: string
}

interface SecureToken {
  readonly Id: number
  readonly AccessKey: string
  readonly SecretKey: string
  readonly TenantId: string
  readonly UserId: string
  readonly EdasId: string
  readonly AddressServerHost: string
  readonly RegionId: string
  readonly RegionName: string
  readonly BelongRegion: string
  readonly Description: string
  readonly MseRegistryType: string
}

interface Answers {
  readonly GetSecureToken: Envelope & { readonly SecureToken: SecureToken }
  readonly InsertOrUpdateRegion: Envelope & { readonly UserDefineRegionEntity: { readonly Id: number } }
  readonly ListUserDefineRegion: Envelope & {
    readonly UserDefineRegionList: {
      readonly UserDefineRegionEntity: readonly { readonly RegionId: string }[]
    }
  }
  readonly DeleteUserDefineRegion: Envelope & { readonly RegionDefine: { readonly RegionId: string } }
  readonly ListAliyunRegion: Envelope
  readonly QueryRegionConfig: Envelope
}
type Ask = <A extends keyof Answers>(
  action: A,
  query?: Readonly<Record<string, string>>,
) => Promise<Answers[A]>

/** Method and path of the operations, as the SDK of EDAS has them. */
const ROUTES: Readonly<Record<keyof Answers, readonly [method: string, path: string]>> = {
  GetSecureToken: ['GET', '/pop/v5/secure_token'],
  InsertOrUpdateRegion: ['POST', '/pop/v5/user_region_def'],
  ListUserDefineRegion: ['POST', '/pop/v5/user_region_defs'],
  DeleteUserDefineRegion: ['DELETE', '/pop/v5/user_region_def'],
  ListAliyunRegion: ['POST', '/pop/v5/resource/region_list'],
  QueryRegionConfig: ['GET', '/pop/v5/region_config'],
}

const paramsOf = (action: keyof Answers) => {
  const [method, pathname] = ROUTES[action]
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
  const call = openApiCore(configOf(access, algorithm))
  return async <A extends keyof Answers>(action: A, query: object = {}) =>
    (await call(paramsOf(action), query)) as Answers[A]
}

function openapiClient(access: Access, algorithm?: string): Ask {
  const { default: Client, ...api } = sdk<OpenApiCore['$OpenApiUtil'] & Pick<OpenApiCore, 'default'>>(
    '@alicloud/openapi-client',
  )
  const { RuntimeOptions } = sdk<{ readonly RuntimeOptions: Makes }>('@alicloud/tea-util')
  const client = new Client(new api.Config(configOf(access, algorithm)))
  return async <A extends keyof Answers>(action: A, query: object = {}) => {
    const request = new api.OpenApiRequest({ query, headers: {} })
    const { body } = await client.callApi(new api.Params(paramsOf(action)), request, new RuntimeOptions({}))
    return body as Answers[A]
  }
}

function popCore({ accessKeyId, accessKeySecret, securityToken, endpoint }: Access): Ask {
  const { ROAClient } = sdk<PopCore>('@alicloud/pop-core')
  const client = new ROAClient({
    accessKeyId,
    accessKeySecret,
    securityToken,
    endpoint: `http://${endpoint}`,
    apiVersion: '2017-08-01',
  })
  return async <A extends keyof Answers>(action: A, query: object = {}) => {
    const [method, path] = ROUTES[action]
    return (await client.request(method, path, query)) as Answers[A]
  }
}

const clients: readonly (readonly [name: string, make: (access: Access) => Ask])[] = [
  ['openapi-core, ACS3-HMAC-SHA256', (access) => openapiCore(access)],
  ['openapi-core, ACS3-HMAC-SM3', (access) => openapiCore(access, 'ACS3-HMAC-SM3')],
  ['openapi-core, v2: ROA HMAC-SHA1', (access) => openapiCore(access, 'v2')],
  ['openapi-client, ACS3-HMAC-SHA256', (access) => openapiClient(access)],
  ['openapi-client, ACS3-HMAC-SM3', (access) => openapiClient(access, 'ACS3-HMAC-SM3')],
  ['openapi-client, v2: ROA HMAC-SHA1', (access) => openapiClient(access, 'v2')],
  ['pop-core ROAClient: ROA HMAC-SHA1', (access) => popCore(access)],
]

describe("Alibaba's SDKs", () => {
  let alibaba: AlibabaServer
  let access: Access
  /** Of a role that may read namespaces and do nothing else. */
  let temporary: Access

  before(async () => {
    alibaba = await startAlibaba()
    access = alibaba.access
    assert.equal(statSync(join(alibaba.folder, 'alibaba.json')).mode & 0o777, 0o600)
    assert.match(access.accountId, /^\d{16}$/)
    temporary = { ...access, ...(await readerSession(access)) }
  })
  after(() => alibaba.stop())

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
      for (const field of ['AccessKey', 'SecretKey', 'TenantId', 'UserId', 'AddressServerHost'] as const) {
        assert.ok(SecureToken[field].length > 0, field)
      }
      const listed = (await ask('ListUserDefineRegion')).UserDefineRegionList.UserDefineRegionEntity
      assert.ok(listed.some(({ RegionId }) => RegionId === tag))
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

  for (const [name, make] of [
    ['openapi-core', openapiCore],
    ['openapi-client', openapiClient],
  ] as const) {
    it(`${name}, ACS3-RSA-SHA256: a pair whose public key alone is here`, async () => {
      const pair = generateKeyPairSync('rsa', {
        modulusLength: 2048,
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      })
      const file = join(alibaba.folder, `${name}.pem`)
      writeFileSync(file, pair.publicKey)
      const of = ['--user', 'admin', '--public-key', file, '--json']
      const told = tokenhouse(alibaba.folder, 'access-key', 'create', ...of)
      const { access: accessKeyId } = JSON.parse(told) as { access: string }
      // The SDKs look for the end of the text of a key at its very end.
      const key = { ...access, accessKeyId, accessKeySecret: pair.privateKey.trim() }
      const query = { NamespaceId: 'cn-shenzhen' }
      const { SecureToken } = await make(key, 'ACS3-RSA-SHA256')('GetSecureToken', query)
      assert.equal(SecureToken.EdasId, access.accountId)
      const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
      const strange = {
        ...key,
        accessKeySecret: other.export({ type: 'pkcs8', format: 'pem' }).toString().trim(),
      }
      for (const ask of [
        make(strange, 'ACS3-RSA-SHA256'),
        make({ ...key, accessKeySecret: pair.publicKey }),
      ]) {
        assert.match(await codeOf(ask('GetSecureToken', query)), /SignatureDoesNotMatch/)
      }
    })
  }

  for (const document of ['README.md', 'docs/dialects/alibaba.md']) {
    it(`${document}: its example runs as it is printed, with what the first start left`, () => {
      const written = readFileSync(join(import.meta.dirname, '../..', document), 'utf8')
      const [, example] = /```js\n((?:(?!```)[\s\S])*alibaba\.json(?:(?!```)[\s\S])*)```/.exec(written) ?? []
      const place = mkdtempSync(join(alibaba.folder, 'example-'))
      symlinkSync(alibaba.folder, join(place, 'var'))
      symlinkSync(join(sdkFolder(), 'node_modules'), join(place, 'node_modules'))
      writeFileSync(join(place, 'example.cjs'), example ?? assert.fail('no example'))
      const { status, stdout, stderr } = spawnSync(process.execPath, ['example.cjs'], {
        cwd: place,
        encoding: 'utf8',
      })
      assert.equal(status, 0, stderr)
      assert.match(stdout, new RegExp(`EdasId: '${access.accountId}'`))
      assert.match(stdout, /SecretKey: '.{32}'/)
    })
  }

  for (const method of ['GET', 'POST']) {
    it(`pop-core RPCClient by ${method}: the signature is read, the action looked up`, async () => {
      const { RPCClient } = sdk<PopCore>('@alicloud/pop-core')
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
