import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { forEachEngine } from '../testing/engines.ts'
import {
  deleteAccessKey,
  findAccessKey,
  insertAccessKey,
  listAccessKeys,
  noteAccessKeyUse,
  updateAccessKey,
} from './access-keys.ts'
import { ensureDomain, ensureUser } from './bootstrap.ts'
import { removeDomain } from './domains.ts'
import {
  attachPolicy,
  deletePolicyVersion,
  deleteStatementPolicy,
  detachPolicy,
  findStatementPolicy,
  insertPolicyVersion,
  insertStatementPolicy,
  listAttachments,
  listAttachmentsWithin,
  listHeldPolicies,
  listPolicyVersions,
  type PolicyHolder,
  type StatementPolicyRecord,
  setDefaultVersion,
} from './statement-policies.ts'
import type { Store } from './store.ts'
import { isUniqueViolation } from './unique.ts'
import { useOnce } from './used-once.ts'

const AT = 1_700_000_000_000_000
const allow = (Action: string) => ({
  Version: '1',
  Statement: [{ Effect: 'Allow', Action, Resource: '*' }],
})

forEachEngine('statement policies', (open) => {
  let store: Store
  let bob = ''
  const policy = (id: string, more: Partial<StatementPolicyRecord> = {}): StatementPolicyRecord => ({
    ...{ id, domainId: 'd1', language: 'ram', kind: 'custom', name: id, description: '值' },
    ...{ defaultVersion: 'v1', document: allow(`x:${id}`), extra: { a: 1 }, createdAt: AT, updatedAt: AT },
    ...more,
  })
  const account = { kind: 'account', id: '' } as const
  const project = { kind: 'project', id: 'p1' } as const
  const held = async (more: Partial<PolicyHolder> = {}) =>
    (
      await listHeldPolicies(store.db, {
        ...{ actor: { kind: 'user', id: bob }, groups: [], roles: [], language: 'ram', projectId: null },
        ...more,
      })
    ).map(({ id }) => id)

  before(async () => {
    store = await open()
    await store.write(async (tx) => {
      await ensureDomain(tx, 'd1', 'one', 1)
      await ensureDomain(tx, 'd2', 'two', 1)
      bob = await ensureUser(tx, 'bob', 'd1', AT)
      for (const each of [policy('a'), policy('b'), policy('h', { language: 'huawei' })]) {
        await insertStatementPolicy(tx, each)
      }
      await insertStatementPolicy(tx, policy('theirs', { domainId: 'd2', name: 'a' }))
    })
  })

  it('are one of a name in an account, and found as they were written', async () => {
    assert.deepEqual(await findStatementPolicy(store.db, { id: 'a' }), policy('a'))
    await assert.rejects(
      store.write((tx) => insertStatementPolicy(tx, policy('c', { name: 'a' }))),
      (error) => isUniqueViolation(error),
    )
  })

  it('count by their default version', async () => {
    await store.write((tx) =>
      insertPolicyVersion(tx, 'a', { version: 'v2', document: allow('x:two'), createdAt: AT + 1 }),
    )
    assert.deepEqual((await findStatementPolicy(store.db, { id: 'a' }))?.document, allow('x:a'))
    await store.write((tx) => setDefaultVersion(tx, 'a', 'v2', AT + 2))
    const found = await findStatementPolicy(store.db, { id: 'a' })
    assert.deepEqual([found?.document, found?.updatedAt], [allow('x:two'), AT + 2])
    await store.write((tx) => deletePolicyVersion(tx, 'a', 'v1'))
    const versions = await listPolicyVersions(store.db, 'a')
    assert.deepEqual(
      versions.map(({ version }) => version),
      ['v2'],
    )
  })

  it('are held by attachment to a user or a group, where it counts, in one language', async () => {
    const attach = (policyId: string, actor: PolicyHolder['actor'], scope: typeof account | typeof project) =>
      store.write((tx) => attachPolicy(tx, { policyId, actor, scope, createdAt: AT }))
    assert.equal(await attach('a', { kind: 'user', id: bob }, account), true)
    assert.equal(await attach('a', { kind: 'user', id: bob }, account), false)
    await attach('b', { kind: 'group', id: 'g1' }, account)
    await attach('theirs', { kind: 'user', id: bob }, project)
    await attach('h', { kind: 'user', id: bob }, account)
    assert.deepEqual(await held(), ['a'])
    assert.deepEqual(await held({ groups: ['g1'] }), ['a', 'b'])
    assert.deepEqual(await held({ projectId: 'p1' }), ['a', 'theirs'])
    assert.deepEqual(await held({ roles: ['b'] }), ['a', 'b'])
    assert.deepEqual(await held({ language: 'huawei' }), ['h'])
    // Users, groups and agencies have ids of their own: one that is called as another is not it (CVE-2014-0204).
    assert.deepEqual(await held({ actor: { kind: 'agency', id: bob } }), [])
    assert.deepEqual(await held({ actor: { kind: 'user', id: 'g1' } }), [])
  })

  it('are told with whom they are attached to, in one account', async () => {
    const within = await listAttachmentsWithin(store.db, 'd1', 'a')
    assert.deepEqual(
      within.map(({ actor }) => actor),
      [{ kind: 'user', id: bob, name: 'bob' }],
    )
    assert.deepEqual(await listAttachmentsWithin(store.db, 'd2', 'a'), [])
    assert.equal((await listAttachments(store.db, { policyId: 'a' })).length, 1)
  })

  it('are detached once, and go with their attachments and their account', async () => {
    const of = { policyId: 'a', actor: { kind: 'user', id: bob }, scope: account } as const
    assert.equal(await store.write((tx) => detachPolicy(tx, { ...of, scope: project })), false)
    assert.equal(await store.write((tx) => detachPolicy(tx, of)), true)
    assert.equal(await store.write((tx) => detachPolicy(tx, of)), false)
    await store.write((tx) => deleteStatementPolicy(tx, 'b'))
    assert.deepEqual(await listAttachments(store.db, { policyId: 'b' }), [])
    await store.write((tx) => removeDomain(tx, 'd2', AT))
    assert.equal(await findStatementPolicy(store.db, { id: 'theirs' }), undefined)
  })
})

forEachEngine('access keys and nonces', (open) => {
  let store: Store
  let bob = ''
  before(async () => {
    store = await open()
    await store.write(async (tx) => {
      await ensureDomain(tx, 'd1', 'one', 1)
      bob = await ensureUser(tx, 'bob', 'd1', AT)
      for (const [n, id] of ['LTAI1', 'LTAI2'].entries()) {
        await insertAccessKey(tx, {
          ...{ id, userId: bob, sealedSecret: 'sealed', status: 'Active', description: '' },
          ...{ createdAt: AT + n, lastUsedAt: null },
        })
      }
    })
  })

  it('are listed, switched off, noted when used, and deleted', async () => {
    const ids = async () => (await listAccessKeys(store.db, bob)).map(({ id }) => id)
    assert.deepEqual(await ids(), ['LTAI1', 'LTAI2'])
    await store.write((tx) => updateAccessKey(tx, 'LTAI1', { status: 'Inactive' }))
    await store.record((tx) => noteAccessKeyUse(tx, 'LTAI1', AT + 5))
    const found = await findAccessKey(store.db, 'LTAI1')
    assert.deepEqual([found?.status, found?.lastUsedAt, found?.sealedSecret], ['Inactive', AT + 5, 'sealed'])
    assert.equal(await findAccessKey(store.db, 'ltai1'), undefined)
    await store.write((tx) => deleteAccessKey(tx, 'LTAI1'))
    assert.deepEqual(await ids(), ['LTAI2'])
  })

  it('a nonce counts once for its key, until it ends', async () => {
    const use = (space: string, now: number) =>
      store.record((tx) => useOnce(tx, { space, value: 'n', expiresAt: AT + 10 }, now))
    const raced = await Promise.all([use('acs:a', AT), use('acs:a', AT), use('acs:a', AT)])
    assert.deepEqual(raced.sort(), [false, false, true])
    assert.equal(await use('acs:b', AT), true)
    assert.equal(await use('acs:a', AT + 9), false)
  })
})
