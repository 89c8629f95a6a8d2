import assert from 'node:assert/strict'
import { before, it, mock } from 'node:test'
import { forEachEngine } from '../testing/engines.ts'
import { ensureDomain, ensureProject } from './bootstrap.ts'
import { catalogOf } from './catalog.ts'
import {
  associate,
  dissociate,
  endpointsOfGroup,
  endpointsOfProject,
  findEndpointGroup,
  groupsOfProject,
  isAssociated,
  projectsAssociated,
  putEndpointGroup,
} from './endpoint-filter.ts'
import {
  findLimit,
  findRegisteredLimit,
  hasLimit,
  insertLimit,
  isLimitInUse,
  listLimits,
  putRegisteredLimit,
  updateLimit,
} from './limits.ts'
import {
  clearPolicyAt,
  deletePolicy,
  findPolicy,
  placesOfPolicy,
  policyAt,
  putPolicy,
  setPolicyAt,
} from './policies.ts'
import { countEndpointsIn, deleteRegions, findRegion, insertRegion, regionSubtree } from './regions.ts'
import {
  deleteService,
  type Endpoint,
  findEndpoint,
  findService,
  listServices,
  putEndpoint,
  putService,
} from './services.ts'
import type { Store } from './store.ts'
import { isUniqueViolation } from './unique.ts'

const endpoint = (id: string, more: Partial<Endpoint> = {}): Endpoint => ({
  id,
  serviceId: 's1',
  regionId: 'north',
  interface: 'public',
  url: `http://${id}.test/`,
  enabled: true,
  extra: {},
  ...more,
})

forEachEngine('the catalog', (open) => {
  let store: Store
  let project: string
  before(async () => {
    store = await open()
    await store.write(async (tx) => {
      await ensureDomain(tx, 'd1', 'one', 1)
      project = await ensureProject(tx, 'shop', 'd1', 1)
      await insertRegion(tx, { id: 'north', description: '', parentRegionId: null, extra: {} })
      await insertRegion(tx, { id: 'oslo', description: 'é', parentRegionId: 'north', extra: {} })
      await insertRegion(tx, { id: 'east side', description: '', parentRegionId: 'oslo', extra: {} })
      await putService(tx, { id: 's1', type: 'image', name: 'pictures', enabled: true, extra: { a: 1 } })
      await putService(tx, { id: 's2', type: 'volume', name: '', enabled: false, extra: {} })
      await putEndpoint(tx, endpoint('e1'))
      await putEndpoint(tx, endpoint('e2', { interface: 'internal', regionId: 'oslo' }))
      await putEndpoint(tx, endpoint('e3', { enabled: false, regionId: null }))
    })
  })

  it('services and endpoints come back as they were written, regions with all below them', async () => {
    assert.deepEqual(await findEndpoint(store.db, 'e3'), endpoint('e3', { enabled: false, regionId: null }))
    assert.deepEqual((await findService(store.db, 's1'))?.extra, { a: 1 })
    assert.deepEqual(
      (await listServices(store.db, [], { limit: 1 })).items.map(({ id }) => id),
      ['s1'],
    )
    assert.deepEqual((await regionSubtree(store.db, 'north')).toSorted(), ['east side', 'north', 'oslo'])
    assert.equal(await countEndpointsIn(store.db, ['north', 'oslo']), 2)
    await assert.rejects(
      store.write((tx) => insertRegion(tx, { id: 'oslo', description: '', parentRegionId: null, extra: {} })),
      isUniqueViolation,
    )
  })

  it('a token’s catalog holds what is enabled, and knows what a project was given', async () => {
    const { services } = await catalogOf(store)
    assert.deepEqual(
      services.map(({ id, endpoints }) => [id, endpoints.map((each) => each.id).toSorted()]),
      [['s1', ['e1', 'e2']]],
    )
  })

  it('endpoints reach a project one by one and through groups that filter', async () => {
    const group = { id: 'g1', name: 'inner', description: null, filters: { interface: 'internal' } }
    await store.write(async (tx) => {
      await putEndpointGroup(tx, group)
      await associate(tx, 'endpoint', 'e1', project)
      await associate(tx, 'group', 'g1', project)
    })
    assert.deepEqual(await findEndpointGroup(store.db, 'g1'), group)
    assert.deepEqual(
      (await endpointsOfGroup(store.db, group)).map(({ id }) => id),
      ['e2'],
    )
    assert.deepEqual((await endpointsOfProject(store.db, project)).map(({ id }) => id).toSorted(), [
      'e1',
      'e2',
    ])
    assert.deepEqual(
      (await groupsOfProject(store.db, project)).map(({ id }) => id),
      ['g1'],
    )
    assert.deepEqual(await projectsAssociated(store.db, 'endpoint', 'e1'), [project])
    assert.equal(await store.write((tx) => dissociate(tx, 'endpoint', 'e1', project)), true)
    assert.equal(await store.write((tx) => dissociate(tx, 'endpoint', 'e1', project)), false)
    assert.equal(await isAssociated(store.db, 'endpoint', 'e1', project), false)
  })

  it('what a group selects is found out once, however many projects have it', async () => {
    const filters = { interface: 'internal', service_id: 's1' }
    const projects = await store.write(async (tx) => {
      await putEndpointGroup(tx, { id: 'shared', name: 'shared', description: null, filters })
      const ids: string[] = []
      for (let i = 0; i < 5; i++) ids.push(await ensureProject(tx, `shop ${i}`, 'd1', 1))
      for (const id of ids) await associate(tx, 'group', 'shared', id)
      return ids
    })
    const spy = mock.method(JSON, 'parse')
    const { byProject } = await catalogOf(store)
    spy.mock.restore()
    const text = JSON.stringify(filters)
    assert.equal(spy.mock.calls.filter(({ arguments: [given] }) => given === text).length, 1)
    for (const id of projects) assert.deepEqual([...(byProject.get(id) ?? [])], ['e2'])
  })

  it('a place has one policy, the last one set', async () => {
    const place = { endpointId: null, serviceId: 's1', regionId: 'oslo' }
    await store.write(async (tx) => {
      for (const id of ['p1', 'p2']) await putPolicy(tx, { id, type: 'text/plain', blob: '{}', extra: {} })
      await setPolicyAt(tx, 'p1', place)
      await setPolicyAt(tx, 'p2', place)
    })
    assert.equal(await policyAt(store.db, place), 'p2')
    assert.equal(await policyAt(store.db, { ...place, regionId: null }), undefined)
    assert.deepEqual(await placesOfPolicy(store.db, 'p1'), [])
    assert.deepEqual(await placesOfPolicy(store.db, 'p2'), [place])
    assert.equal(await store.write((tx) => clearPolicyAt(tx, 'p2', place)), true)
    assert.equal(await store.write((tx) => deletePolicy(tx, 'p2')), true)
    assert.equal(await findPolicy(store.db, 'p2'), undefined)
  })

  it('a limit is a project’s or a domain’s own, once, and keeps what it is registered as', async () => {
    const registered = {
      id: 'l1',
      serviceId: 's1',
      regionId: null,
      resourceName: 'frames',
      defaultLimit: 10,
      description: null,
    }
    await store.write((tx) => putRegisteredLimit(tx, registered))
    assert.deepEqual({ ...(await findRegisteredLimit(store.db, 'l1')) }, registered)
    assert.equal(await isLimitInUse(store.db, 'l1'), false)
    const own = {
      registeredLimitId: 'l1',
      projectId: project,
      domainId: null,
      resourceLimit: 5,
      description: null,
    }
    const id = await store.write((tx) => insertLimit(tx, own))
    assert.equal(await isLimitInUse(store.db, 'l1'), true)
    assert.equal(await hasLimit(store.db, own), true)
    assert.equal(await hasLimit(store.db, { ...own, projectId: null, domainId: 'd1' }), false)
    await store.write((tx) => updateLimit(tx, id, { resourceLimit: 6, description: 'more' }))
    const found = await findLimit(store.db, id)
    assert.deepEqual([found?.resourceLimit, found?.description, found?.resourceName], [6, 'more', 'frames'])
    const ids = async (view: Parameters<typeof listLimits>[1]) =>
      (await listLimits(store.db, view, [], {})).items.map((each) => each.id)
    assert.deepEqual(await ids({ kind: 'domain', id: 'd1' }), [id])
    assert.deepEqual(await ids({ kind: 'project', id: project }), [id])
    assert.deepEqual(await ids({ kind: 'project', id: 'elsewhere' }), [])
  })

  it('a service goes with its endpoints, a region with those below it', async () => {
    assert.equal(await store.write((tx) => deleteService(tx, 's1')), true)
    assert.equal(await findEndpoint(store.db, 'e1'), undefined)
    await store.write((tx) => deleteRegions(tx, ['east side', 'oslo', 'north']))
    assert.equal(await findRegion(store.db, 'north'), undefined)
  })
})
