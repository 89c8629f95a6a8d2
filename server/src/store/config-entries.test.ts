import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { forEachEngine } from '../testing/engines.ts'
import { ensureDomain } from './bootstrap.ts'
import {
  type ConfigEntry,
  countConfigEntries,
  deleteConfigEntry,
  findConfigEntry,
  listConfigEntries,
  putConfigEntry,
} from './config-entries.ts'
import { deleteNamespace, insertNamespace } from './namespaces.ts'
import {
  countServiceInstances,
  deleteServiceInstance,
  listServiceInstances,
  listServiceNames,
  noteBeat,
  putServiceInstance,
  type ServiceInstance,
} from './service-instances.ts'
import type { Store } from './store.ts'

const AT = 1_700_000_000_000_000

async function withNamespaces(open: () => Promise<Store>): Promise<Store> {
  const store = await open()
  await store.write(async (tx) => {
    await ensureDomain(tx, 'd1', 'one', 1)
    for (const [id, name] of [
      [10, 'a'],
      [11, 'b'],
    ] as const) {
      await insertNamespace(tx, {
        ...{ id, domainId: 'd1', regionId: `cn-beijing:${name}`, name, description: '', debugEnable: false },
        ...{ tenantId: `tenant-${name}`, registryType: 'default', createdAt: AT },
        mse: { instanceId: '', internetAddress: '', intranetAddress: '' },
      })
    }
  })
  return store
}

forEachEngine('configuration', (open) => {
  let store: Store
  const entry = (dataId: string, more: Partial<ConfigEntry> = {}): ConfigEntry => ({
    ...{ tenantId: 'tenant-a', group: 'G', dataId, content: '值\r\n', type: 'yaml', updatedAt: AT },
    ...more,
  })
  before(async () => {
    store = await withNamespaces(open)
    await store.record(async (tx) => {
      await putConfigEntry(tx, entry('x'))
      await putConfigEntry(tx, entry('x', { group: 'H', content: 'h' }))
      await putConfigEntry(tx, entry('x', { tenantId: 'tenant-b', content: 'b' }))
    })
  })

  it('is one text of a tenant, a group and a data id, and written over', async () => {
    assert.deepEqual(await findConfigEntry(store.db, entry('x')), entry('x'))
    const written = entry('x', { content: '2', type: '', updatedAt: AT + 1 })
    await store.record((tx) => putConfigEntry(tx, written))
    assert.deepEqual(await findConfigEntry(store.db, entry('x')), written)
    assert.equal((await findConfigEntry(store.db, entry('x', { tenantId: 'tenant-b' })))?.content, 'b')
    assert.equal(await findConfigEntry(store.db, entry('X')), undefined)
  })

  it('is listed by data ids and counted in its tenant alone', async () => {
    const listed = await listConfigEntries(store.db, 'tenant-a', ['x', 'y'])
    assert.deepEqual(listed.map(({ group }) => group).sort(), ['G', 'H'])
    assert.equal(await countConfigEntries(store.db, 'tenant-a'), 2)
    assert.equal(await countConfigEntries(store.db, 'tenant-b'), 1)
  })

  it('is removed by name, and goes with its namespace', async () => {
    await store.record((tx) => deleteConfigEntry(tx, entry('x')))
    assert.equal(await findConfigEntry(store.db, entry('x')), undefined)
    assert.equal(await countConfigEntries(store.db, 'tenant-b'), 1)
    await store.write((tx) => deleteNamespace(tx, 11))
    assert.equal(await countConfigEntries(store.db, 'tenant-b'), 0)
  })
})

forEachEngine('service instances', (open) => {
  let store: Store
  const instance = (port: number, more: Partial<ServiceInstance> = {}): ServiceInstance => ({
    ...{ tenantId: 'tenant-a', service: 'G@@svc', cluster: 'DEFAULT', ip: '10.0.0.1', port },
    ...{ weight: 0.5, enabled: true, healthy: true, ephemeral: true, metadata: { zone: 'x' }, beatAt: AT },
    ...more,
  })
  const ports = async (since: number) =>
    (await listServiceInstances(store.db, instance(0), since)).map(({ port }) => port)
  before(async () => {
    store = await withNamespaces(open)
    await store.record(async (tx) => {
      await putServiceInstance(tx, instance(2), 0)
      await putServiceInstance(tx, instance(1, { ephemeral: false, beatAt: 1 }), 0)
      await putServiceInstance(tx, instance(3, { tenantId: 'tenant-b', service: 'G@@other' }), 0)
    })
  })

  it('are listed by address while they live, those that are not ephemeral always', async () => {
    assert.deepEqual(await listServiceInstances(store.db, instance(0), AT - 1), [
      instance(1, { ephemeral: false, beatAt: 1 }),
      instance(2),
    ])
    assert.deepEqual(await ports(AT), [1])
    assert.deepEqual(await listServiceNames(store.db, 'tenant-a', 0), ['G@@svc'])
    assert.deepEqual(await listServiceNames(store.db, 'tenant-b', 0), ['G@@other'])
    assert.deepEqual(await listServiceNames(store.db, 'tenant-b', AT), [])
  })

  it('live on by a beat, are written over, and forgotten when silent', async () => {
    assert.equal(await store.record((tx) => noteBeat(tx, instance(2), AT + 10)), true)
    assert.equal(await store.record((tx) => noteBeat(tx, instance(9), AT + 10)), false)
    assert.deepEqual(await ports(AT), [1, 2])
    await store.record((tx) => putServiceInstance(tx, instance(2, { weight: 2, healthy: false }), 0))
    const [, written] = await listServiceInstances(store.db, instance(0), 0)
    assert.deepEqual([written?.weight, written?.healthy], [2, false])
    await store.record((tx) => putServiceInstance(tx, instance(4, { beatAt: AT + 20 }), AT))
    assert.deepEqual(await ports(0), [1, 4])
    assert.equal(await countServiceInstances(store.db, 'tenant-a'), 2)
    assert.equal(await countServiceInstances(store.db, 'tenant-b'), 1)
  })

  it('are removed by address, and go with their namespace', async () => {
    await store.record((tx) => deleteServiceInstance(tx, instance(4)))
    assert.deepEqual(await ports(0), [1])
    await store.write((tx) => deleteNamespace(tx, 11))
    assert.equal(await countServiceInstances(store.db, 'tenant-b'), 0)
  })
})
