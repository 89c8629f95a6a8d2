import assert from 'node:assert/strict'
import { it } from 'node:test'
import { forEachEngine } from '../testing/engines.ts'
import { findDomain, listDomains } from './domains.ts'
import type { Filter } from './list.ts'
import {
  findProject,
  hasChildren,
  holdProject,
  insertProject,
  listProjects,
  type Project,
  projectsAbove,
  projectsBelow,
  type TagFilter,
  updateProject,
} from './projects.ts'
import { removeProjects } from './removal.ts'
import type { Store } from './store.ts'
import { isUniqueViolation } from './unique.ts'

const project = (id: string, fields: Partial<Project> = {}): Project => ({
  id,
  name: id,
  domainId: 'd',
  parentId: 'd',
  isDomain: false,
  description: '',
  enabled: true,
  tags: [],
  options: {},
  extra: {},
  ...fields,
})
const domain = (id: string, fields: Partial<Project> = {}): Project =>
  project(id, { domainId: null, parentId: null, isDomain: true, ...fields })

async function keep(store: Store, ...all: readonly Project[]): Promise<void> {
  await store.write(async (tx) => {
    for (const one of all) await insertProject(tx, one, 1)
  })
}
const ids = (all: readonly { readonly id: string }[]): string[] => all.map((one) => one.id)

forEachEngine('projects', (open) => {
  it('gives back what was written', async () => {
    const store = await open()
    const written = project('p', {
      description: null,
      enabled: false,
      tags: ['a', 'with space', 'ä'],
      options: { immutable: true },
      extra: { color: 'red', nothing: null },
    })
    await keep(store, domain('d'), written)
    assert.deepEqual(await findProject(store.db, 'p'), written)
    assert.deepEqual(await findProject(store.db, 'd'), domain('d'))
    assert.equal(await findProject(store.db, 'P'), undefined)
    assert.equal(await findDomain(store.db, 'p'), undefined)
  })

  it('has a name once in a domain, and tells cases apart', async () => {
    const store = await open()
    await keep(store, domain('d'), domain('e'), project('p', { name: 'n' }))
    await keep(store, project('q', { name: 'N' }), project('r', { name: 'n', domainId: 'e', parentId: 'e' }))
    await assert.rejects(keep(store, project('s', { name: 'n' })), isUniqueViolation)
    await assert.rejects(keep(store, domain('f', { name: 'd' })), isUniqueViolation)
    await assert.rejects(
      store.write((tx) => updateProject(tx, 'q', { name: 'n' })),
      isUniqueViolation,
    )
    assert.equal((await findProject(store.db, 'q'))?.name, 'N')
  })

  it('walks up nearest first, and down to every level', async () => {
    const store = await open()
    await keep(
      store,
      domain('d'),
      project('a'),
      project('b', { parentId: 'a' }),
      project('c', { parentId: 'b' }),
      project('z', { parentId: 'a' }),
      project('other'),
    )
    assert.deepEqual(ids(await projectsAbove(store.db, 'c')), ['b', 'a', 'd'])
    assert.deepEqual(ids(await projectsAbove(store.db, 'd')), [])
    assert.deepEqual(ids(await projectsBelow(store.db, 'a')), ['b', 'c', 'z'])
    assert.deepEqual(ids(await projectsBelow(store.db, 'd')), ['a', 'b', 'c', 'other', 'z'])
    assert.deepEqual(ids(await projectsBelow(store.db, 'c')), [])
    assert.equal(await hasChildren(store.db, 'b'), true)
    assert.equal(await hasChildren(store.db, 'c'), false)
  })

  it('changes what is named and leaves the rest', async () => {
    const store = await open()
    await keep(store, domain('d'), project('p', { tags: ['a', 'b'], extra: { x: 1 } }))
    await store.write((tx) => updateProject(tx, 'p', { description: null, tags: ['c'] }))
    await store.write((tx) => updateProject(tx, 'p', {}))
    assert.deepEqual(
      await findProject(store.db, 'p'),
      project('p', { description: null, tags: ['c'], extra: { x: 1 } }),
    )
    const held = await store.write((tx) => holdProject(tx, 'p'))
    assert.equal(held?.id, 'p')
    assert.equal(await store.write((tx) => holdProject(tx, 'nope')), undefined)
  })

  it('lists by columns and by tags, page by page', async () => {
    const store = await open()
    await keep(
      store,
      domain('d'),
      project('p1', { tags: ['a'] }),
      project('p2', { tags: ['a', 'b'] }),
      project('p3', { tags: ['b', 'c'], enabled: false }),
      project('p4'),
    )
    const listed = async (filters: readonly Filter[], tags: TagFilter = {}) =>
      ids((await listProjects(store.db, { filters: [plain, ...filters], tags }, {})).items)
    const plain: Filter = {
      column: 'project.is_domain',
      comparator: 'equals',
      value: 0,
      caseSensitive: true,
    }
    assert.deepEqual(await listed([]), ['p1', 'p2', 'p3', 'p4'])
    assert.deepEqual(await listed([{ ...plain, column: 'project.enabled' }]), ['p3'])
    assert.deepEqual(await listed([], { all: ['a', 'b', 'a'] }), ['p2'])
    assert.deepEqual(await listed([], { any: ['a', 'c'] }), ['p1', 'p2', 'p3'])
    assert.deepEqual(await listed([], { notAll: ['a', 'b'] }), ['p1', 'p3', 'p4'])
    assert.deepEqual(await listed([], { notAny: ['a', 'c'] }), ['p4'])
    assert.deepEqual(await listed([], { all: ['a'], notAny: ['b'] }), ['p1'])
    assert.deepEqual(await listed([], { all: ['A'] }), [])
    assert.deepEqual(await listed([], { all: [''] }), [])

    const first = await listProjects(store.db, { filters: [plain] }, { limit: 3 })
    assert.deepEqual([ids(first.items), first.next], [['p1', 'p2', 'p3'], 'p3'])
    const rest = await listProjects(store.db, { filters: [plain] }, { limit: 3, marker: 'p3' })
    assert.deepEqual([ids(rest.items), rest.next], [['p4'], undefined])
  })

  it('lets nobody make a child of what another removes at the same time', async () => {
    const store = await open()
    await keep(store, domain('d'))
    for (let round = 0; round < 8; round++) {
      const parent = `parent-${round}`
      const child = `child-${round}`
      await keep(store, project(parent))
      await Promise.all([
        store.write(async (tx) => {
          const held = await holdProject(tx, parent)
          if (held) await insertProject(tx, project(child, { parentId: parent }), 1)
        }),
        store.write(async (tx) => {
          await holdProject(tx, parent)
          if (!(await hasChildren(tx, parent))) await removeProjects(tx, [parent], 1)
        }),
      ])
      const left = [await findProject(store.db, parent), await findProject(store.db, child)]
      assert.equal(left[0] === undefined, left[1] === undefined, `round ${round}`)
    }
  })

  it('lists domains apart from projects', async () => {
    const store = await open()
    await keep(store, domain('d'), domain('e', { enabled: false }), project('p'))
    assert.deepEqual(ids((await listDomains(store.db, [], {})).items), ['d', 'e'])
    const enabled: Filter = {
      column: 'project.enabled',
      comparator: 'equals',
      value: 1,
      caseSensitive: true,
    }
    assert.deepEqual(ids((await listDomains(store.db, [enabled], {})).items), ['d'])
  })
})
