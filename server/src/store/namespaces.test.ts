import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { forEachEngine } from '../testing/engines.ts'
import { ensureDomain } from './bootstrap.ts'
import { removeDomain } from './domains.ts'
import {
  deleteNamespace,
  findNamespace,
  findNamespaceKey,
  insertNamespace,
  insertNamespaceKey,
  listNamespaceKeys,
  listNamespaces,
  type NamespaceKeyRecord,
  type NamespaceRecord,
  noteNamespaceKeyUse,
  retireNamespaceKeys,
  updateNamespace,
} from './namespaces.ts'
import type { Store } from './store.ts'
import { isUniqueViolation } from './unique.ts'

const namespace = (id: number, regionId: string, domainId = 'd1'): NamespaceRecord => ({
  id,
  domainId,
  regionId,
  name: regionId,
  description: '',
  debugEnable: id % 2 === 0,
  tenantId: `tenant-${id}`,
  registryType: 'default',
  mse: { instanceId: '', internetAddress: '', intranetAddress: '' },
  createdAt: 1_700_000_000_000_000,
})
const key = (accessKey: string, namespaceId: number): NamespaceKeyRecord => ({
  accessKey,
  namespaceId,
  sealedSecret: `sealed ${accessKey}`,
  createdAt: 1_700_000_000_000_000,
  expiresAt: null,
  lastUsedAt: null,
})

forEachEngine('namespaces', (open) => {
  let store: Store
  before(async () => {
    store = await open()
    await store.write(async (tx) => {
      await ensureDomain(tx, 'd1', 'one', 1)
      await ensureDomain(tx, 'd2', 'two', 1)
      await insertNamespace(tx, namespace(10, 'cn-beijing:a'))
      await insertNamespace(tx, namespace(11, 'cn-beijing'))
      await insertNamespace(tx, namespace(12, 'cn-beijing:a', 'd2'))
    })
  })

  it('are found in their own account only', async () => {
    const { db } = store
    assert.deepEqual(await findNamespace(db, 'd1', { id: 10 }), namespace(10, 'cn-beijing:a'))
    assert.equal((await findNamespace(db, 'd2', { regionId: 'cn-beijing:a' }))?.id, 12)
    assert.equal(await findNamespace(db, 'd2', { id: 10 }), undefined)
    const listed = await listNamespaces(db, 'd1')
    assert.deepEqual(
      listed.map(({ id }) => id),
      [11, 10],
    )
    assert.deepEqual(
      (await listNamespaces(db, 'd1', { debugEnable: true })).map(({ id }) => id),
      [10],
    )
  })

  it('are one of a name in an account', async () => {
    await assert.rejects(
      store.write((tx) => insertNamespace(tx, namespace(13, 'cn-beijing:a'))),
      (error) => isUniqueViolation(error),
    )
  })

  it('keep what never changes', async () => {
    const changed = { ...namespace(10, 'cn-other'), tenantId: 'other', description: 'new' }
    await store.write((tx) => updateNamespace(tx, changed))
    assert.deepEqual(await findNamespace(store.db, 'd1', { id: 10 }), {
      ...namespace(10, 'cn-beijing:a'),
      name: 'cn-other',
      description: 'new',
    })
  })

  it('have one current key, and others until their time', async () => {
    const names = async (now: number): Promise<readonly string[]> =>
      (await listNamespaceKeys(store.db, 10, now)).map(({ accessKey }) => accessKey)
    await store.write((tx) => insertNamespaceKey(tx, key('k1', 10)))
    await assert.rejects(
      store.write((tx) => insertNamespaceKey(tx, key('k2', 10))),
      (error) => isUniqueViolation(error),
    )
    const rotate = (to: string, until: number, now: number) =>
      store.write(async (tx) => {
        await retireNamespaceKeys(tx, 10, { until, now })
        await insertNamespaceKey(tx, key(to, 10))
      })
    await rotate('k2', 200, 100)
    assert.deepEqual(await names(199), ['k2', 'k1'])
    assert.deepEqual(await names(200), ['k2'])
    // A shorter overlap shortens that of keys that were retired before; a longer one gives them nothing.
    await rotate('k3', 150, 110)
    assert.deepEqual([...(await names(149))].sort(), ['k1', 'k2', 'k3'])
    assert.deepEqual(await names(150), ['k3'])
    await rotate('k4', 500, 120)
    assert.equal(await findNamespaceKey(store.db, 'k1', 150), undefined)
    assert.equal((await findNamespaceKey(store.db, 'k3', 499))?.namespace.id, 10)
    await rotate('k5', 600, 1000)
    assert.deepEqual(await names(0), ['k5', 'k4'])
  })

  it('are found by their keys, with last use and whether the account is enabled', async () => {
    await store.record((tx) => noteNamespaceKeyUse(tx, 'k5', 77))
    const found = await findNamespaceKey(store.db, 'k5', 0)
    assert.equal(found?.key.lastUsedAt, 77)
    assert.equal(found?.key.createdAt, 1_700_000_000_000_000)
    assert.equal(found?.namespace.tenantId, 'tenant-10')
    assert.equal(found?.alive, true)
  })

  it('take their keys along when they go, and go with their account', async () => {
    await store.write((tx) => deleteNamespace(tx, 10))
    assert.equal(await findNamespaceKey(store.db, 'k5', 0), undefined)
    await store.write((tx) => insertNamespaceKey(tx, key('k6', 12)))
    await store.write((tx) => removeDomain(tx, 'd2', 5))
    assert.equal(await findNamespaceKey(store.db, 'k6', 0), undefined)
  })
})
