import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { forEachEngine } from '../testing/engines.ts'
import { insertAgency } from './agencies.ts'
import { ensureDomain, ensureProject, ensureUser } from './bootstrap.ts'
import {
  countEngineAccounts,
  countEngineFailure,
  deleteEngineAccount,
  type EngineAccount,
  findEngineAccount,
  findEngineLock,
  forgetEngineFailures,
  insertEngineAccount,
  listEngineAccounts,
  listEngineLocks,
  updateEngineAccount,
} from './engine-accounts.ts'
import { findPrincipals } from './engine-principals.ts'
import {
  deleteEngine,
  deleteEngineRole,
  type EngineKeyRecord,
  type EngineRecord,
  findEngine,
  findLoneEngine,
  findNamespaceOwner,
  insertEngine,
  insertEngineJob,
  insertEngineKey,
  insertEngineRole,
  listAccountEngines,
  listEngineJobs,
  listEngineKeys,
  listEngineRoles,
  listEngines,
  listNamespaceOwners,
  putNamespaceOwner,
  setEngineKeyState,
  updateEngineRole,
} from './engines.ts'
import type { Store } from './store.ts'
import { isUniqueViolation } from './unique.ts'

const NOW = 1_700_000_000_123_456

forEachEngine('engines', (open) => {
  let store: Store
  let project: string
  let elsewhere: string
  const engine = (id: string, more: Partial<EngineRecord> = {}): EngineRecord => ({
    id,
    projectId: project,
    enterpriseProjectId: '0',
    name: id,
    description: 'of tests',
    specType: 'CSE2',
    authType: 'RBAC',
    address: null,
    maxTokenSeconds: 86_400,
    extra: { flavor: 'small', azs: ['a', 'b'] },
    createdBy: 'somebody',
    createdAt: NOW,
    ...more,
  })
  before(async () => {
    store = await open()
    await store.write(async (tx) => {
      await ensureDomain(tx, 'd1', 'one', NOW)
      await ensureDomain(tx, 'd2', 'two', NOW)
      project = await ensureProject(tx, 'here', 'd1', NOW)
      elsewhere = await ensureProject(tx, 'there', 'd2', NOW)
      await insertEngine(tx, engine('e2', { createdAt: NOW + 1, address: 'http://127.0.0.1:30100' }))
      await insertEngine(tx, engine('e1'))
      await insertEngine(tx, engine('n1', { specType: 'Nacos2', authType: 'NONE' }))
      await insertEngine(tx, engine('e3', { projectId: elsewhere, name: 'e1' }))
    })
  })
  const ids = (engines: readonly { readonly id: string }[]) => engines.map(({ id }) => id)

  it('come back as they were written, oldest first, by project, by account or all', async () => {
    const { db } = store
    assert.deepEqual(await findEngine(db, 'e1'), engine('e1'))
    assert.equal((await findEngine(db, 'e2'))?.address, 'http://127.0.0.1:30100')
    assert.equal(await findEngine(db, 'none'), undefined)
    assert.deepEqual(ids(await listEngines(db, project)), ['e1', 'n1', 'e2'])
    assert.deepEqual(ids(await listEngines(db)), ['e1', 'e3', 'n1', 'e2'])
    assert.deepEqual(ids(await listAccountEngines(db, 'd1', 'CSE2')), ['e1', 'e2'])
    assert.deepEqual(ids(await listAccountEngines(db, 'd1', 'Nacos2')), ['n1'])
    assert.deepEqual(ids(await listAccountEngines(db, 'd2', 'CSE2')), ['e3'])
  })

  it('have one name in a project, and are found without one when they are the only one', async () => {
    const again = store.write((tx) => insertEngine(tx, engine('e9', { name: 'e1' })))
    await assert.rejects(again, isUniqueViolation)
    assert.equal((await findLoneEngine(store.db, 'Nacos2'))?.id, 'n1')
    assert.equal(await findLoneEngine(store.db, 'CSE2'), undefined)
  })

  it('have keys, newest first, each in its state', async () => {
    const key = (id: string, createdAt: number): EngineKeyRecord => ({
      id,
      engineId: 'e1',
      state: 'current',
      sealed: `sealed ${id}`,
      createdAt,
      retiredAt: null,
    })
    await store.write(async (tx) => {
      await insertEngineKey(tx, key('k1', NOW))
      await insertEngineKey(tx, key('k2', NOW + 1))
      await setEngineKeyState(tx, { id: 'k1', state: 'retired', retiredAt: NOW + 2 })
    })
    const retired = { ...key('k1', NOW), state: 'retired', retiredAt: NOW + 2 }
    assert.deepEqual(await listEngineKeys(store.db, 'e1'), [key('k2', NOW + 1), retired])
    assert.deepEqual(await listEngineKeys(store.db, 'e2'), [])
  })

  it('have roles of their own, one of a name', async () => {
    const role = { name: 'painter', perms: [{ resources: [], verbs: ['*'] }], createdAt: NOW, updatedAt: NOW }
    await store.write((tx) => insertEngineRole(tx, 'e1', role))
    await assert.rejects(
      store.write((tx) => insertEngineRole(tx, 'e1', role)),
      isUniqueViolation,
    )
    await store.write((tx) => insertEngineRole(tx, 'e2', { ...role, name: 'a' }))
    const changed = { name: 'painter', perms: [], updatedAt: NOW + 1 }
    await store.write((tx) => updateEngineRole(tx, 'e1', changed))
    assert.deepEqual(await listEngineRoles(store.db, 'e1'), [{ ...role, ...changed }])
    await store.write((tx) => deleteEngineRole(tx, 'e1', 'painter'))
    assert.deepEqual(await listEngineRoles(store.db, 'e1'), [])
    assert.equal((await listEngineRoles(store.db, 'e2')).length, 1)
  })

  it('have namespaces in enterprise projects, moved by putting them again', async () => {
    await store.write(async (tx) => {
      await putNamespaceOwner(tx, 'n1', { id: 'prod', enterpriseProjectId: 'p1' })
      await putNamespaceOwner(tx, 'n1', { id: '', enterpriseProjectId: 'p1' })
      await putNamespaceOwner(tx, 'n1', { id: 'prod', enterpriseProjectId: 'p2' })
    })
    assert.equal(await findNamespaceOwner(store.db, 'n1', 'prod'), 'p2')
    assert.equal(await findNamespaceOwner(store.db, 'n1', 'other'), undefined)
    assert.equal(await findNamespaceOwner(store.db, 'e1', 'prod'), undefined)
    assert.deepEqual(await listNamespaceOwners(store.db, 'n1'), [
      { id: '', enterpriseProjectId: 'p1' },
      { id: 'prod', enterpriseProjectId: 'p2' },
    ])
  })

  it('number their jobs one after the other, many at once too', async () => {
    const job = {
      engineId: 'e1',
      projectId: project,
      type: 'Create',
      createdBy: 'me',
      createdAt: NOW,
    } as const
    const numbers = await Promise.all(
      Array.from({ length: 10 }, () => store.write((tx) => insertEngineJob(tx, job))),
    )
    const inOrder = numbers.toSorted((a, b) => a - b)
    assert.deepEqual(
      inOrder,
      inOrder.map((_, at) => at + 1),
    )
    assert.deepEqual(
      (await listEngineJobs(store.db, 'e1')).map(({ id }) => id),
      inOrder.toReversed(),
    )
    assert.deepEqual((await listEngineJobs(store.db, 'e1')).at(-1), { ...job, id: 1 })
  })

  it('go with their keys, accounts, roles and namespaces, and leave their jobs', async () => {
    await store.write(async (tx) => {
      await insertEngine(tx, engine('gone'))
      await insertEngineKey(tx, {
        id: 'k9',
        engineId: 'gone',
        state: 'next',
        sealed: 's',
        createdAt: NOW,
        retiredAt: null,
      })
      await insertEngineRole(tx, 'gone', { name: 'r', perms: [], createdAt: NOW, updatedAt: NOW })
      await insertEngineAccount(tx, account('a9', { engineId: 'gone' }))
      await putNamespaceOwner(tx, 'gone', { id: 'x', enterpriseProjectId: 'p' })
      await countEngineFailure(tx, 'gone', { name: 'a', address: 'b', releaseAt: NOW + 1, now: NOW })
      const by = { projectId: project, createdBy: 'me', createdAt: NOW }
      await insertEngineJob(tx, { engineId: 'gone', type: 'Delete', ...by })
      await deleteEngine(tx, 'gone')
    })
    const { db } = store
    assert.equal(await findEngine(db, 'gone'), undefined)
    assert.deepEqual(await listEngineKeys(db, 'gone'), [])
    assert.deepEqual(await listEngineRoles(db, 'gone'), [])
    assert.deepEqual(await listEngineAccounts(db, 'gone'), [])
    assert.deepEqual(await listNamespaceOwners(db, 'gone'), [])
    assert.deepEqual(await listEngineLocks(db, 'gone', 0), [])
    assert.equal((await listEngineJobs(db, 'gone')).length, 1)
  })

  const account = (id: string, more: Partial<EngineAccount> = {}): EngineAccount => ({
    id,
    engineId: 'e1',
    name: id,
    principalId: null,
    namespace: '',
    hash: 'hash',
    roles: ['admin', 'painter'],
    status: 'active',
    incarnation: `first of ${id}`,
    createdAt: NOW,
    updatedAt: NOW,
    ...more,
  })

  it('have accounts, one of a name and one of a principal in each namespace', async () => {
    const imported = account('b', { principalId: 'u1', namespace: 'prod', hash: null })
    await store.write(async (tx) => {
      await insertEngineAccount(tx, account('c'))
      await insertEngineAccount(tx, imported)
      await insertEngineAccount(tx, account('a2', { engineId: 'e2', name: 'c' }))
      await insertEngineAccount(tx, { ...imported, id: 'b2', name: 'b2', namespace: 'dev' })
    })
    for (const taken of [account('x', { name: 'c' }), { ...imported, id: 'y', name: 'y' }]) {
      await assert.rejects(
        store.write((tx) => insertEngineAccount(tx, taken)),
        isUniqueViolation,
      )
    }
    const { db } = store
    assert.deepEqual(await findEngineAccount(db, 'e1', { name: 'c' }), account('c'))
    assert.deepEqual(await findEngineAccount(db, 'e1', { principalId: 'u1', namespace: 'prod' }), imported)
    assert.equal(await findEngineAccount(db, 'e2', { principalId: 'u1', namespace: 'prod' }), undefined)
    assert.equal(await findEngineAccount(db, 'e1', { principalId: 'u1', namespace: '' }), undefined)
    assert.deepEqual(ids(await listEngineAccounts(db, 'e1')), ['b', 'b2', 'c'])
    assert.deepEqual([await countEngineAccounts(db, 'e1'), await countEngineAccounts(db, 'n1')], [3, 0])
  })

  it('change an account in what is named and in nothing else', async () => {
    await store.write((tx) => updateEngineAccount(tx, 'c', { status: 'inactive', updatedAt: NOW + 5 }))
    const after = { ...account('c'), status: 'inactive', updatedAt: NOW + 5 }
    assert.deepEqual(await findEngineAccount(store.db, 'e1', { name: 'c' }), after)
    const all = {
      hash: null,
      roles: [],
      status: 'active',
      incarnation: 'second',
      updatedAt: NOW + 6,
    } as const
    await store.write((tx) => updateEngineAccount(tx, 'c', all))
    assert.deepEqual(await findEngineAccount(store.db, 'e1', { name: 'c' }), { ...after, ...all })
    await store.write((tx) => deleteEngineAccount(tx, 'c'))
    assert.equal(await findEngineAccount(store.db, 'e1', { name: 'c' }), undefined)
    assert.ok(await findEngineAccount(store.db, 'e2', { name: 'c' }))
  })

  it('count wrong passwords by name and address until their time, all at once too', async () => {
    const who = { name: 'alice', address: '192.0.2.1' }
    const fail = (now: number, more = {}) =>
      store.record((tx) => countEngineFailure(tx, 'e1', { ...who, ...more, releaseAt: now + 100, now }))
    const counts = await Promise.all(Array.from({ length: 5 }, () => fail(NOW)))
    assert.equal(Math.max(...counts), 5)
    assert.equal((await findEngineLock(store.db, 'e1', who))?.failures, 5)
    assert.equal(await fail(NOW, { address: '192.0.2.2' }), 1)
    assert.equal(await findEngineLock(store.db, 'e2', who), undefined)
    assert.deepEqual(
      (await listEngineLocks(store.db, 'e1', NOW + 99)).map(({ address }) => address),
      ['192.0.2.1', '192.0.2.2'],
    )
    assert.deepEqual(await listEngineLocks(store.db, 'e1', NOW + 100), [])
    const forgotten = await store.record((tx) => forgetEngineFailures(tx, 'e1', who))
    assert.deepEqual(forgotten, { ...who, failures: 5, releaseAt: NOW + 100 })
    assert.equal(await store.record((tx) => forgetEngineFailures(tx, 'e1', who)), undefined)
    assert.equal(await findEngineLock(store.db, 'e1', who), undefined)
    // Whoever comes after their time finds all of that engine gone, so that guessing fills no table.
    assert.equal(await fail(NOW + 100), 1)
    assert.equal(await findEngineLock(store.db, 'e1', { name: 'alice', address: '192.0.2.2' }), undefined)
  })

  it('take in users and agencies of one account, by id or by name, each that answers to it', async () => {
    const [user, stranger] = await store.write(async (tx) => {
      await insertAgency(tx, {
        id: 'agency',
        domainId: 'd1',
        kind: 'agency',
        name: 'bob',
        description: '',
        trustDomainId: 'd2',
        trustPolicy: null,
        durationHours: null,
        expiresAt: null,
        maxSessionSeconds: 3600,
        externalId: null,
        guards: {},
        extra: {},
        createdAt: NOW,
      })
      return [await ensureUser(tx, 'bob', 'd1', NOW), await ensureUser(tx, 'bob', 'd2', NOW)]
    })
    const found = async (domainId: string, by: Parameters<typeof findPrincipals>[2]) =>
      (await findPrincipals(store.db, domainId, by)).map((row) => ({ ...row }))
    const both = [
      { id: user, name: 'bob' },
      { id: 'agency', name: 'bob' },
    ]
    assert.deepEqual(await found('d1', { name: 'bob' }), both)
    assert.deepEqual(await found('d1', { id: 'agency' }), [{ id: 'agency', name: 'bob' }])
    assert.deepEqual(await found('d1', { id: stranger }), [])
    assert.deepEqual(await found('d1', { name: 'BOB' }), [])
  })
})
