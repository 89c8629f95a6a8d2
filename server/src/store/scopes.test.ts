import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { forEachEngine } from '../testing/engines.ts'
import { accountCounts, countSubProjects } from './account-counts.ts'
import { ensureDomain, ensureProject, ensureUser } from './bootstrap.ts'
import { findDomainScope, findProjectScope } from './scopes.ts'
import type { Store } from './store.ts'
import { afterAllIssued } from './void-tokens.ts'

const NOW = 1_700_000_000_123_456

forEachEngine('scopes', (open) => {
  let store: Store
  let project: string
  let alike: string
  before(async () => {
    store = await open()
    await store.write(async (tx) => {
      await ensureDomain(tx, 'd1', 'one', NOW)
      await ensureDomain(tx, 'd2', 'two', NOW)
      project = await ensureProject(tx, 'same', 'd1', NOW)
      alike = await ensureProject(tx, 'same', 'd2', NOW)
      await ensureUser(tx, 'ann', 'd1', NOW)
      await ensureUser(tx, 'ben', 'd1', NOW)
    })
  })
  const set = (id: string, enabled: 0 | 1) =>
    store.write((tx) => tx.updateTable('project').set({ enabled }).where('id', '=', id).execute())

  it('a project is found by id, and by name within its domain, by its id or its name', async () => {
    const { db } = store
    const here = { name: 'same', domain: { id: 'd1' } }
    for (const reference of [{ id: project }, here, { name: 'same', domain: { name: 'one' } }]) {
      const found = await findProjectScope(db, reference)
      assert.equal(found?.id, project)
      assert.deepEqual(found?.domain, { id: 'd1', name: 'one' })
      assert.deepEqual([found?.alive, found?.isDomain], [true, false])
    }
    assert.equal((await findProjectScope(db, { name: 'same', domain: { id: 'd2' } }))?.id, alike)
    for (const nowhere of [
      { id: 'none' },
      { name: 'Same', domain: { id: 'd1' } },
      { name: 'one', domain: { id: '' } },
      { name: 'same', domain: { id: 'd3' } },
    ]) {
      assert.equal(await findProjectScope(db, nowhere), undefined)
    }
  })

  it('a domain is one by id or name, is its own domain as a project, and no project is one', async () => {
    const { db } = store
    assert.equal((await findDomainScope(db, { name: 'one' }))?.id, 'd1')
    assert.equal((await findDomainScope(db, { id: 'd2' }))?.name, 'two')
    assert.equal(await findDomainScope(db, { id: project }), undefined)
    assert.equal(await findDomainScope(db, { name: 'same' }), undefined)
    const asProject = await findProjectScope(db, { id: 'd1' })
    assert.deepEqual([asProject?.isDomain, asProject?.domain.id], [true, 'd1'])
  })

  it('is dead when it or its domain is disabled, and alive again with both', async () => {
    const alive = async () => [
      (await findProjectScope(store.db, { id: project }))?.alive,
      (await findProjectScope(store.db, { id: alike }))?.alive,
      (await findDomainScope(store.db, { id: 'd1' }))?.alive,
    ]
    await set(project, 0)
    assert.deepEqual(await alive(), [false, true, true])
    await set('d1', 0)
    assert.deepEqual(await alive(), [false, true, false])
    await set(project, 1)
    assert.deepEqual(await alive(), [false, true, false])
    await set('d1', 1)
    assert.deepEqual(await alive(), [true, true, true])
  })

  it('is void up to the later of what was said of it and of its domain, each time later', async () => {
    const forbid = (id: string, now: number) =>
      store.write((tx) =>
        tx
          .updateTable('project')
          .set({ tokens_valid_from: afterAllIssued(now) })
          .where('id', '=', id)
          .execute(),
      )
    const from = async () => (await findProjectScope(store.db, { id: project }))?.tokensValidFrom ?? 0
    assert.equal(await from(), 0)
    await forbid('d1', NOW)
    const byDomain = await from()
    assert.ok(byDomain > NOW)
    await forbid(project, NOW - 5_000_000)
    assert.equal(await from(), byDomain)
    await forbid(project, NOW + 5_000_000)
    const byProject = await from()
    assert.ok(byProject > byDomain)
    // Two changes of one moment, and one that a clock set back dates before them, are still one after the other.
    await forbid(project, NOW + 5_000_000)
    assert.equal(await from(), byProject + 1)
    await forbid(project, NOW)
    assert.equal(await from(), byProject + 2)
  })

  it('an account counts what is its own', async () => {
    assert.deepEqual(await accountCounts(store.db, 'd1'), { user: 2, group: 0, agency: 0, policy: 0, idp: 0 })
    assert.deepEqual(await accountCounts(store.db, 'none'), {
      user: 0,
      group: 0,
      agency: 0,
      policy: 0,
      idp: 0,
    })
    assert.deepEqual(
      [await countSubProjects(store.db, 'd1'), await countSubProjects(store.db, project)],
      [1, 0],
    )
  })
})
