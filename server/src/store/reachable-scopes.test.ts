import assert from 'node:assert/strict'
import { it } from 'node:test'
import { effectiveRoleIds } from '../core/assignments.ts'
import { forEachEngine } from '../testing/engines.ts'
import { grantsFor } from './grants.ts'
import { insertProject, type Project } from './projects.ts'
import { listReachableDomains, listReachableProjects, type Reach } from './reachable-scopes.ts'
import type { AssignmentRow } from './schema.ts'
import type { Db, Store } from './store.ts'

const project = (id: string, parentId: string | null, fields: Partial<Project> = {}): Project => ({
  id,
  name: id,
  domainId: parentId === null ? null : id.charAt(0),
  parentId,
  isDomain: parentId === null,
  description: '',
  enabled: true,
  tags: [],
  options: {},
  extra: {},
  ...fields,
})

const grant = (actor: string, target: string, fields: Partial<AssignmentRow> = {}): AssignmentRow => ({
  actor_kind: actor.startsWith('g') ? 'group' : 'user',
  actor_id: actor,
  target_kind: target.length === 1 ? 'domain' : 'project',
  target_id: target,
  role_id: 'member',
  inherited: 0,
  ...fields,
})

const user = (id: string) => ({
  id,
  domain_id: 'd',
  name: id,
  kind: 'local' as const,
  enabled: 1 as const,
  default_project_id: null,
  options: '{}',
  extra: '{}',
  tokens_valid_from: 0,
  created_at: 0,
  last_active_at: null,
  failed_auth_count: 0,
  failed_auth_at: 0,
})

// Domains d and e; in d the projects d1 > d11 > d111 and d2, in e the project e1.
async function fill(tx: Db): Promise<void> {
  const tree = [
    project('d', null),
    project('e', null),
    project('d1', 'd'),
    project('d11', 'd1'),
    project('d111', 'd11'),
    project('d2', 'd'),
    project('e1', 'e'),
  ]
  for (const one of tree) await insertProject(tx, one, 1)
  await tx.insertInto('user').values(['u', 'v', 'w', 'x'].map(user)).execute()
  await tx
    .insertInto('group')
    .values({ id: 'g', domain_id: 'd', name: 'g', description: '', extra: '{}' })
    .execute()
  await tx.insertInto('membership').values({ user_id: 'w', group_id: 'g' }).execute()
  const role = { domain_id: '', description: null, options: '{}', extra: '{}' }
  await tx
    .insertInto('role')
    .values(['member', 'useless'].map((id) => ({ ...role, id, name: id })))
    .execute()
  await tx
    .insertInto('assignment')
    .values([
      grant('u', 'd1'),
      grant('u', 'd1', { role_id: 'useless' }),
      grant('u', 'd2', { role_id: 'useless' }),
      grant('u', 'e'),
      grant('v', 'd1', { inherited: 1 }),
      grant('g', 'e', { inherited: 1 }),
      grant('g', 'd2'),
      grant('x', 'd', { inherited: 1 }),
      grant('x', 'd', { target_kind: 'project' }),
    ])
    .execute()
}

forEachEngine('reachable scopes', (open) => {
  const filled = async (): Promise<Store> => {
    const store = await open()
    await store.write(fill)
    return store
  }
  const reach = (userId: string, fields: Partial<Reach> = {}, groups: readonly string[] = []): Reach => ({
    grantee: { userId, groups, now: 1, defaultMembershipTtl: 0 },
    without: [],
    aliveOnly: true,
    ...fields,
  })
  const ids = (all: readonly Project[]) => all.map((one) => one.id)

  it('lists grants of a user, of their groups and of groups a token names', async () => {
    const { db } = await filled()
    assert.deepEqual(ids(await listReachableProjects(db, reach('u'))), ['d1', 'd2'])
    assert.deepEqual(ids(await listReachableProjects(db, reach('w'))), ['d2', 'e1'])
    assert.deepEqual(ids(await listReachableProjects(db, reach('nobody'))), [])
    assert.deepEqual(ids(await listReachableProjects(db, reach('nobody', {}, ['g']))), ['d2', 'e1'])
    assert.deepEqual(ids(await listReachableDomains(db, reach('u'))), ['e'])
    assert.deepEqual(ids(await listReachableDomains(db, reach('w'))), [])
  })

  it('does not take a user for a group of the same id (CVE-2014-0204)', async () => {
    const { db } = await filled()
    assert.deepEqual(ids(await listReachableProjects(db, reach('g'))), [])
    assert.deepEqual(ids(await listReachableProjects(db, reach('nobody', {}, ['u']))), [])
  })

  it('inherits below a project and below a domain, never on it', async () => {
    const { db } = await filled()
    assert.deepEqual(ids(await listReachableProjects(db, reach('v'))), ['d11', 'd111'])
    assert.deepEqual(ids(await listReachableProjects(db, reach('x'))), ['d', 'd1', 'd11', 'd111', 'd2'])
    assert.deepEqual(ids(await listReachableDomains(db, reach('x'))), [])
  })

  it('leaves out roles that bring nobody anywhere', async () => {
    const { db } = await filled()
    assert.deepEqual(ids(await listReachableProjects(db, reach('u', { without: ['useless'] }))), ['d1'])
  })

  it('leaves out what is disabled, unless asked for', async () => {
    const store = await filled()
    const disable = (id: string) =>
      store.write((tx) => tx.updateTable('project').set({ enabled: 0 }).where('id', '=', id).execute())
    await disable('d2')
    assert.deepEqual(ids(await listReachableProjects(store.db, reach('u'))), ['d1'])
    await disable('d')
    assert.deepEqual(ids(await listReachableProjects(store.db, reach('u'))), [])
    assert.deepEqual(ids(await listReachableProjects(store.db, reach('u', { aliveOnly: false }))), [
      'd1',
      'd2',
    ])
    await disable('e')
    assert.deepEqual(ids(await listReachableDomains(store.db, reach('u'))), [])
  })

  it('agrees with the grants that a token on each project is made from', async () => {
    const { db } = await filled()
    for (const userId of ['u', 'v', 'w', 'x', 'nobody']) {
      const listed = new Set(ids(await listReachableProjects(db, reach(userId))))
      for (const id of ['d', 'e', 'd1', 'd11', 'd111', 'd2', 'e1']) {
        const grants = await grantsFor(db, reach(userId).grantee, { kind: 'project', id })
        const roles = effectiveRoleIds(grants, new Map())
        assert.equal(listed.has(id), roles.size > 0, `${userId} on ${id}`)
      }
    }
  })
})
