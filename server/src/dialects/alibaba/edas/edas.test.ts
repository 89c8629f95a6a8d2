import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type AlibabaHouse, openAlibabaHouse } from '../../../testing/alibaba.ts'

const allow = (Action: unknown, Resource: unknown = '*') => ({ Effect: 'Allow', Action, Resource })

describe('EDAS', () => {
  let house: AlibabaHouse
  before(async () => {
    house = await openAlibabaHouse()
  })
  after(async () => {
    assert.deepEqual(house.faults, [])
    await house.close()
  })
  const create = (tag: string, more = {}, key = house.root) =>
    house.send({
      method: 'POST',
      path: '/pop/v5/user_region_def',
      action: 'InsertOrUpdateRegion',
      parameters: { RegionTag: tag, RegionName: tag.split(':')[1] ?? tag, ...more },
      key,
    })
  const remove = (parameters: Record<string, string>, key = house.root) =>
    house.send({
      method: 'DELETE',
      path: '/pop/v5/user_region_def',
      action: 'DeleteUserDefineRegion',
      parameters,
      key,
    })
  const list = (key = house.root, parameters = {}) =>
    house.send({
      path: '/pop/v5/user_region_defs',
      action: 'ListUserDefineRegion',
      parameters,
      key,
    })

  it('200 answers a secure token with every field of its documented type', async () => {
    await create('cn-shenzhen:types', { Description: '生产' })
    const { status, headers, body } = await house.secureToken('cn-shenzhen:types')
    assert.equal(status, 200)
    assert.equal(headers['content-type'], 'application/json;charset=utf-8')
    assert.equal(headers['x-acs-request-id'], body.RequestId)
    assert.match(body.RequestId, /^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/)
    assert.equal(body.Code, 200)
    assert.equal(body.Message, 'success')
    const { Id, ...texts } = body.SecureToken
    assert.ok(Number.isSafeInteger(Id) && Id < 2 ** 31)
    assert.deepEqual(Object.keys(texts).sort(), [
      'AccessKey',
      'AddressServerHost',
      'BelongRegion',
      'Description',
      'EdasId',
      'MseInstanceId',
      'MseInternetAddress',
      'MseIntranetAddress',
      'MseRegistryType',
      'RegionId',
      'RegionName',
      'SecretKey',
      'TenantId',
      'UserId',
    ])
    for (const [name, value] of Object.entries(texts)) assert.equal(typeof value, 'string', name)
    assert.match(texts.AccessKey, /^[0-9a-f]{32}$/)
    assert.match(texts.TenantId, /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/)
    assert.match(texts.EdasId, /^\d{16}$/)
    assert.equal(texts.RegionId, 'cn-shenzhen:types')
    assert.equal(texts.BelongRegion, 'cn-shenzhen')
    assert.equal(texts.Description, '生产')
    assert.equal(texts.MseRegistryType, 'default')
    assert.equal(texts.MseInstanceId + texts.MseInternetAddress + texts.MseIntranetAddress, '')
  })

  for (const scheme of ['v3', 'roa'] as const) {
    it(`200 a secure token by ${scheme}, once: a replay is refused (CVE-2020-12692)`, async () => {
      const nonce = `nonce-${scheme}`
      assert.equal((await house.secureToken('cn-beijing', { scheme, nonce })).status, 200)
      const again = await house.secureToken('cn-beijing', { scheme, nonce })
      assert.equal(again.status, 400)
      assert.equal(again.body.Code, 'SignatureNonceUsed')
    })
  }

  it('400 a signature of another time, before or after (CVE-2020-12692)', async () => {
    for (const scheme of ['v3', 'roa'] as const) {
      for (const ahead of [-901, 902]) {
        const answer = await house.secureToken('cn-beijing', { scheme, ahead })
        assert.equal(answer.status, 400)
        assert.equal(answer.body.Code, 'InvalidTimeStamp.Expired')
      }
      assert.equal((await house.secureToken('cn-beijing', { scheme, ahead: -890 })).status, 200)
    }
  })

  it('keeps both of two changes of a namespace at once', async () => {
    const path = '/pop/v5/user_region_def'
    const named = { RegionTag: 'cn-beijing:at-once', RegionName: 'n' }
    const { body } = await house.send({ path, parameters: named })
    const Id = String(body.UserDefineRegionEntity.Id)
    const changes = [{ Description: 'said' }, { DebugEnable: 'true' }]
    await Promise.all(changes.map((more) => house.send({ path, parameters: { ...named, Id, ...more } })))
    const list = await house.send({ path: '/pop/v5/user_region_defs' })
    const all: readonly Record<string, unknown>[] = list.body.UserDefineRegionList.UserDefineRegionEntity
    const { Description, DebugEnable } = all.find(({ RegionId }) => RegionId === named.RegionTag)!
    assert.deepEqual([Description, DebugEnable], ['said', true])
  })

  it('refuses in the words of the gateway', async () => {
    const key = { ...house.root, accessKeySecret: 'wrong' }
    const wrong = await house.secureToken('cn-beijing', { key })
    assert.equal(wrong.status, 400)
    assert.deepEqual(Object.keys(wrong.body).sort(), ['Code', 'HostId', 'Message', 'Recommend', 'RequestId'])
    assert.equal(wrong.body.Code, 'SignatureDoesNotMatch')
    assert.equal(wrong.body.HostId, 'alibaba.test:5002')
    assert.equal(wrong.headers['x-acs-request-id'], wrong.body.RequestId)
    assert.match(wrong.body.Message, /server string to sign is:ACS3-HMAC-SHA256\n[0-9a-f]{64}$/)
    assert.match(
      wrong.body.Recommend,
      /^https:\/\/api\.aliyun\.com\/troubleshoot\?q=SignatureDoesNotMatch&product=Edas&requestId=/,
    )
    const roa = await house.secureToken('cn-beijing', { key, scheme: 'roa' })
    assert.match(roa.body.Message, /server string to sign is:GET\napplication\/json\n/)
    const unknown = await house.secureToken('cn-beijing', {
      key: { accessKeyId: 'LTAInobody', accessKeySecret: 'x' },
    })
    assert.equal(unknown.status, 404)
    assert.equal(unknown.body.Code, 'InvalidAccessKeyId.NotFound')
    const nothing = await house.secureToken('')
    assert.equal(nothing.status, 400)
    assert.equal(nothing.body.Code, 'MissingNamespaceId')
    const version = await house.secureToken('cn-beijing', { version: '2017-08-02' })
    assert.equal(version.body.Code, 'InvalidVersion')
    const path = await house.send({ method: 'GET', path: '/pop/v5/nothing' })
    assert.equal(path.status, 404)
    assert.equal(path.body.Code, 'InvalidApi.NotFound')
    const method = await house.send({ method: 'PUT', path: '/pop/v5/secure_token' })
    assert.equal(method.status, 404)
    const action = await house.send({ action: 'NoSuchAction', scheme: 'rpc' })
    assert.equal(action.status, 404)
    assert.equal(action.body.Code, 'InvalidAction.NotFound')
    const unsigned = await house.secureToken('cn-beijing', { key: null })
    assert.equal(unsigned.status, 400)
    assert.equal(unsigned.body.Code, 'MissingAccessKeyId')
  })

  it('answers XML only where it is asked for', async () => {
    const headers = { accept: 'text/xml' }
    const good = await house.secureToken('cn-beijing', { headers })
    assert.equal(good.headers['content-type'], 'text/xml;charset=utf-8')
    assert.match(good.text, /<GetSecureTokenResponse><Code>200<\/Code>.*<TenantId>[0-9a-f-]{36}<\/TenantId>/)
    const bad = await house.secureToken('cn-none:x', { headers })
    assert.match(bad.text, /^<\?xml version="1.0" encoding="UTF-8"\?><Error><RequestId>/)
    for (const [payload, type] of [
      ['Action=GetCallerIdentity&Format=XML', /^text\/xml/],
      ['Action=GetCallerIdentity&Format=JSON', /^application\/json/],
      ['Action=GetCallerIdentity', /^application\/json/],
    ] as const) {
      const form = { 'content-type': 'application/x-www-form-urlencoded' }
      const answer = await house.alibaba.inject({ method: 'POST', url: '/', headers: form, payload })
      assert.equal(answer.statusCode, 400)
      assert.match(String(answer.headers['content-type']), type)
    }
  })

  it('recommends reading about the product that a form asks for', async () => {
    for (const [version, product] of [
      ['2015-05-01', 'Ram'],
      ['2015-04-01', 'Sts'],
      ['2019-08-15', 'Ims'],
    ]) {
      const answer = await house.alibaba.inject({
        method: 'POST',
        url: '/',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        payload: `Action=GetUser&Version=${version}`,
      })
      assert.match(answer.json().Recommend, new RegExp(`&product=${product}&`))
    }
  })

  it('keeps a default namespace for every region and no other', async () => {
    const first = await house.secureToken('cn-hangzhou')
    const second = await house.secureToken('cn-hangzhou')
    assert.deepEqual(first.body.SecureToken, second.body.SecureToken)
    assert.equal(first.body.SecureToken.RegionId, 'cn-hangzhou')
    const none = await house.secureToken('cn-atlantis')
    assert.equal(none.status, 404)
    assert.equal(none.body.Code, 'EntityNotExist.Namespace')
  })

  it('403 a forbidden namespace, whether or not it is there', async () => {
    await create('cn-shenzhen:mine')
    await create('cn-shenzhen:theirs')
    const mine = 'acs:edas:cn-shenzhen:*:namespace/cn-shenzhen:mine'
    const key = await house.person('reader', allow('edas:ReadNamespace', mine))
    assert.equal((await house.secureToken('cn-shenzhen:mine', { key })).status, 200)
    const forbidden = await house.secureToken('cn-shenzhen:theirs', { key })
    const unknown = await house.secureToken('cn-shenzhen:nothing', { key })
    assert.equal(forbidden.status, 403)
    assert.equal(forbidden.body.Code, 'Forbidden.RAM')
    assert.deepEqual(
      { ...unknown.body, RequestId: '', Recommend: '' },
      { ...forbidden.body, RequestId: '', Recommend: '' },
    )
    assert.equal(forbidden.body.AccessDeniedDetail.AuthAction, 'edas:ReadNamespace')
    assert.equal(forbidden.body.AccessDeniedDetail.NoPermissionType, 'ImplicitDeny')
  })

  it('403 an explicit Deny wins, and a user without policies may nothing', async () => {
    const key = await house.person('denied', allow('*'), {
      Effect: 'Deny',
      Action: 'edas:Read*',
      Resource: '*',
    })
    const answer = await house.secureToken('cn-beijing', { key })
    assert.equal(answer.body.AccessDeniedDetail.NoPermissionType, 'ExplicitDeny')
    const nobody = await house.person('nobody')
    assert.equal((await house.secureToken('cn-beijing', { key: nobody })).status, 403)
    assert.equal((await list(nobody)).status, 403)
    assert.equal((await create('cn-beijing:x', {}, nobody)).status, 403)
    assert.equal((await remove({ RegionTag: 'cn-shenzhen:mine' }, nobody)).status, 403)
  })

  it('makes, changes, lists and deletes namespaces as Terraform does: by Id', async () => {
    const made = await create('cn-beijing:prod', { Description: 'a & b', DebugEnable: 'true' })
    assert.equal(made.status, 200)
    const { Id } = made.body.UserDefineRegionEntity
    assert.deepEqual(Object.keys(made.body.UserDefineRegionEntity).sort(), [
      'BelongRegion',
      'DebugEnable',
      'Description',
      'Id',
      'RegionId',
      'RegionName',
      'UserId',
    ])
    const before = await house.secureToken('cn-beijing:prod')
    const changed = await create('cn-beijing:prod', { Id: String(Id), Description: 'other' })
    assert.equal(changed.body.UserDefineRegionEntity.Description, 'other')
    assert.equal(changed.body.UserDefineRegionEntity.DebugEnable, true)
    const later = await house.secureToken('cn-beijing:prod')
    assert.equal(later.body.SecureToken.SecretKey, before.body.SecureToken.SecretKey)
    const listed = (await list()).body.UserDefineRegionList.UserDefineRegionEntity
    assert.equal(listed.find((n: { Id: number }) => n.Id === Id).RegistryType, 'default')
    const gone = await remove({ Id: String(Id) })
    assert.equal(gone.body.RegionDefine.RegionId, 'cn-beijing:prod')
    assert.equal((await house.secureToken('cn-beijing:prod')).status, 404)
    assert.equal((await remove({ Id: String(Id) })).status, 404)
  })

  it('409 a namespace that is there', async () => {
    await create('cn-qingdao:twice')
    const again = await create('cn-qingdao:twice')
    assert.equal(again.status, 409)
    assert.equal(again.body.Code, 'EntityAlreadyExists.Namespace')
  })

  it('400 parameters out of their bounds, and nothing is made', async () => {
    for (const [tag, more, code] of [
      ['cn-beijing', {}, 'InvalidParameter.RegionTag'],
      ['cn-atlantis:x', {}, 'InvalidParameter.RegionTag'],
      ['cn-beijing:a b', {}, 'InvalidParameter.RegionTag'],
      ['cn-beijing:a', { RegionName: 'x'.repeat(64) }, 'InvalidParameter.RegionName'],
      ['cn-beijing:a', { Description: 'x'.repeat(129) }, 'InvalidParameter.Description'],
      ['cn-beijing:a', { DebugEnable: 'maybe' }, 'InvalidParameter.DebugEnable'],
      ['cn-beijing:a', { RegistryType: 'zookeeper' }, 'InvalidParameter.RegistryType'],
      ['cn-beijing:a', { RegistryType: 'exclusive_mse' }, 'MissingMseInstanceId'],
      ['cn-beijing:a', { Id: '1e3' }, 'InvalidParameter.Id'],
    ] as const) {
      const answer = await create(tag, more)
      assert.equal(answer.status, 400, answer.text)
      assert.equal(answer.body.Code, code)
    }
    assert.equal((await house.secureToken('cn-beijing:a')).status, 404)
  })

  it('shows an exclusive MSE registry in the secure token', async () => {
    await create('cn-beijing:mse', { RegistryType: 'exclusive_mse', MseInstanceId: 'mse_prepaid_1' })
    const { SecureToken } = (await house.secureToken('cn-beijing:mse')).body
    assert.equal(SecureToken.MseRegistryType, 'exclusive_mse')
    assert.equal(SecureToken.MseInstanceId, 'mse_prepaid_1')
  })

  it('lists the regions and tells where their services are', async () => {
    const regions = await house.send({ path: '/pop/v5/resource/region_list', action: 'ListAliyunRegion' })
    assert.ok(
      regions.body.RegionEntityList.RegionEntity.some(({ Id }: { Id: string }) => Id === 'cn-beijing'),
    )
    const config = await house.send({
      method: 'GET',
      path: '/pop/v5/region_config',
      action: 'QueryRegionConfig',
      scheme: 'roa',
      parameters: { RegionId: 'cn-beijing' },
    })
    assert.equal(config.body.RegionConfig.Id, 'cn-beijing')
    assert.equal(typeof config.body.RegionConfig.No, 'number')
  })
})
