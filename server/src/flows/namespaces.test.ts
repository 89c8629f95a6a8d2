import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  deleteNamespace,
  findNamespace,
  listNamespaceKeys,
  type NamespaceRecord,
} from '../store/namespaces.ts'
import { type AlibabaHouse, openAlibabaHouse } from '../testing/alibaba.ts'
import {
  createNamespace,
  findUsableKey,
  noteKeyUse,
  readSecureToken,
  rotateNamespaceKeys,
} from './namespaces.ts'

const by = { session: null, action: 'test', requestId: '' }

describe('keys of a namespace', () => {
  let house: AlibabaHouse
  let namespace: NamespaceRecord
  const current = async () => (await house.secureToken('cn-beijing')).body.SecureToken
  before(async () => {
    house = await openAlibabaHouse()
    await current()
    namespace = (await findNamespace(house.ctx.store.db, 'default', { regionId: 'cn-beijing' }))!
  })
  after(() => house.close())

  it('are good for their namespace, and their secret is the one that was given', async () => {
    const { AccessKey, SecretKey, TenantId } = await current()
    const usable = await findUsableKey(house.ctx, AccessKey)
    assert.equal(usable?.secretKey, SecretKey)
    assert.equal(usable?.tenantId, TenantId)
    assert.equal(await findUsableKey(house.ctx, '0'.repeat(32)), undefined)
  })

  it('overlap when they are rotated, then the old one is void', async () => {
    const old = await current()
    await rotateNamespaceKeys(house.ctx, by, { namespace, overlap: 60 })
    const next = await current()
    assert.notEqual(next.AccessKey, old.AccessKey)
    assert.notEqual(next.SecretKey, old.SecretKey)
    assert.equal(next.TenantId, old.TenantId)
    assert.equal((await findUsableKey(house.ctx, old.AccessKey))?.secretKey, old.SecretKey)
    house.advance(61)
    assert.equal(await findUsableKey(house.ctx, old.AccessKey), undefined)
    assert.ok(await findUsableKey(house.ctx, next.AccessKey))
  })

  it('end at once when they are rotated without overlap', async () => {
    const old = await current()
    await rotateNamespaceKeys(house.ctx, by, { namespace, overlap: 0 })
    assert.equal(await findUsableKey(house.ctx, old.AccessKey), undefined)
  })

  it('leave one current key however many rotate at once', async () => {
    await Promise.allSettled(
      Array.from({ length: 8 }, () => rotateNamespaceKeys(house.ctx, by, { namespace, overlap: 60 })),
    )
    const keys = await listNamespaceKeys(house.ctx.store.db, namespace.id, house.ctx.now())
    assert.equal(keys.filter(({ expiresAt }) => expiresAt === null).length, 1)
  })

  it('know when they were last used, to the minute', async () => {
    const { AccessKey } = await current()
    const lastUse = async () =>
      (await listNamespaceKeys(house.ctx.store.db, namespace.id, house.ctx.now()))[0]?.lastUsedAt
    assert.equal(await lastUse(), null)
    await noteKeyUse(house.ctx, AccessKey)
    const first = await lastUse()
    assert.ok(first)
    await noteKeyUse(house.ctx, AccessKey)
    assert.equal(await lastUse(), first)
    house.advance(61)
    await noteKeyUse(house.ctx, AccessKey)
    assert.notEqual(await lastUse(), first)
  })

  it('are not found, and no fault, for who asks while somebody deletes the namespace', async () => {
    const { id: _, tenantId: __, createdAt: ___, ...chosen } = namespace
    const made = await createNamespace(house.ctx, by, { ...chosen, regionId: 'cn-beijing:gone' })
    await house.ctx.store.write((tx) => deleteNamespace(tx, made.id))
    await assert.rejects(readSecureToken(house.ctx, by, made), { code: 'not_found' })
  })

  it('are void while the account is disabled', async () => {
    const { AccessKey } = await current()
    await house.call('PATCH', '/v3/domains/default', {
      token: await house.admin(),
      body: { domain: { enabled: false } },
    })
    assert.equal(await findUsableKey(house.ctx, AccessKey), undefined)
  })
})
