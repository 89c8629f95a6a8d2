import assert from 'node:assert/strict'
import { it } from 'node:test'
import { forEachEngine } from '../testing/engines.ts'
import { findAccessKey, insertAccessKey, listAccessKeys, updateAccessKey } from './access-keys.ts'
import {
  ensureAccountNumber,
  findAccountByNumber,
  findAccountSettings,
  putAccountSettings,
} from './accounts.ts'
import { agencyGrants, findAgency, insertAgency, listAgencies, updateAgency } from './agencies.ts'
import { insertGrant, listActorGrants } from './assignments.ts'
import { ensureDomain, ensureProject, ensureRole, ensureUser } from './bootstrap.ts'
import { removeDomain } from './domains.ts'
import { actorsWithRoles, groupIdsOf, roleIdsWithin } from './grants.ts'
import { removeProjects, removeUsers } from './removal.ts'
import { grantsAsMade } from './role-assignments.ts'
import {
  attachPolicy,
  detachPolicy,
  findStatementPolicy,
  insertPolicyVersion,
  insertStatementPolicy,
  listAttachments,
  listHeldPolicies,
  listPolicyVersions,
  setDefaultVersion,
} from './statement-policies.ts'
import type { Store } from './store.ts'
import { isUniqueViolation } from './unique.ts'

const NOW = 1_700_000_000_000_000

const agency = (id: string, domainId: string, trustDomainId: string | null) => ({
  id,
  domainId,
  kind: 'agency' as const,
  name: `agency ${id}`,
  description: '',
  trustDomainId,
  trustPolicy: null,
  durationHours: null,
  expiresAt: null,
  maxSessionSeconds: 86_400,
  externalId: null,
  guards: {},
  extra: {},
  createdAt: NOW,
})

const policy = (id: string, domainId: string) => ({
  id,
  domainId,
  language: 'ram' as const,
  kind: 'custom' as const,
  name: `policy ${id}`,
  description: '',
  defaultVersion: 'v1',
  document: { Version: '1', Statement: [] },
  extra: {},
  createdAt: NOW,
  updatedAt: NOW,
})

async function twoAccounts(store: Store): Promise<{ project: string; role: string; user: string }> {
  return store.write(async (tx) => {
    await ensureDomain(tx, 'a', 'A', NOW)
    await ensureDomain(tx, 'b', 'B', NOW)
    const project = await ensureProject(tx, 'p', 'a', NOW)
    return { project, role: await ensureRole(tx, 'member'), user: await ensureUser(tx, 'u', 'a', NOW) }
  })
}

forEachEngine('accounts, agencies, access keys and statement policies', (open) => {
  it('keeps agencies with the name of whom they trust, one of a name in an account', async () => {
    const store = await open()
    await twoAccounts(store)
    await store.write((tx) => insertAgency(tx, agency('1', 'a', 'b')))
    const kept = await findAgency(store.db, { domainId: 'a', name: 'agency 1' })
    assert.equal(kept?.trustDomainName, 'B')
    assert.equal(kept?.domain.name, 'A')
    await assert.rejects(
      store.write((tx) => insertAgency(tx, { ...agency('2', 'a', 'b'), name: 'agency 1' })),
      isUniqueViolation,
    )
    await store.write((tx) => updateAgency(tx, '1', { description: 'd', trustDomainId: null }))
    const changed = await findAgency(store.db, { id: '1' })
    assert.deepEqual([changed?.description, changed?.trustDomainId, changed?.name], ['d', null, 'agency 1'])
    await store.write((tx) => insertAgency(tx, agency('2', 'a', 'b')))
    const listed = await listAgencies(store.db, { domainId: 'a' }, { limit: 5, offset: 1 })
    assert.deepEqual(
      listed.map(({ id }) => id),
      ['2'],
    )
  })

  it('grants to agencies count for them alone, are in no list of assignments, and go with what they are on', async () => {
    const store = await open()
    const { project, role } = await twoAccounts(store)
    const actor = { kind: 'agency', id: '1' } as const
    await store.write(async (tx) => {
      await insertAgency(tx, agency('1', 'a', 'b'))
      await insertGrant(tx, { actor, target: { kind: 'domain', id: 'a' }, inherited: true }, role)
      await insertGrant(tx, { actor, target: { kind: 'project', id: project }, inherited: false }, role)
    })
    const onProject = await agencyGrants(store.db, '1', { kind: 'project', id: project })
    assert.deepEqual(onProject.map(({ inherited }) => inherited).sort(), [false, true])
    assert.deepEqual(await agencyGrants(store.db, '2', { kind: 'project', id: project }), [])
    assert.deepEqual(await grantsAsMade(store.db, { scope: { kind: 'anywhere' } }), [])
    await store.write((tx) => removeProjects(tx, [project], NOW))
    const rows = await store.db.selectFrom('assignment').select('target_kind').execute()
    assert.deepEqual(
      rows.map((row) => row.target_kind),
      ['domain'],
    )
    await store.write((tx) => removeDomain(tx, 'a', NOW))
    assert.deepEqual(await store.db.selectFrom('assignment').selectAll().execute(), [])
    assert.equal(await findAgency(store.db, { id: '1' }), undefined)
  })

  it('finds roles within one account, who holds a role anywhere, and the grants of an actor by name', async () => {
    const store = await open()
    const { project, role, user } = await twoAccounts(store)
    const actor = { kind: 'user', id: user } as const
    await store.write((tx) =>
      insertGrant(tx, { actor, target: { kind: 'project', id: project }, inherited: false }, role),
    )
    const grantee = { userId: user, groups: [], now: NOW, defaultMembershipTtl: 0 }
    assert.deepEqual(await roleIdsWithin(store.db, grantee, 'a'), [role])
    assert.deepEqual(await roleIdsWithin(store.db, grantee, 'b'), [])
    assert.deepEqual(await actorsWithRoles(store.db, [role]), [user])
    assert.deepEqual(await groupIdsOf(store.db, user), [])
    assert.deepEqual(await listActorGrants(store.db, actor), [
      { role: 'member', target: { kind: 'project', name: 'p' }, inherited: false },
    ])
  })

  it('keeps access keys of a user, who takes them along', async () => {
    const store = await open()
    const { user } = await twoAccounts(store)
    const key = {
      id: 'AK',
      userId: user,
      sealedSecret: 's1.x',
      status: 'Active' as const,
      description: '',
      createdAt: NOW,
      lastUsedAt: null,
    }
    await store.write((tx) => insertAccessKey(tx, key))
    assert.deepEqual(await findAccessKey(store.db, 'AK'), key)
    await store.write((tx) => updateAccessKey(tx, 'AK', { status: 'Inactive' }))
    assert.deepEqual(await listAccessKeys(store.db, user), [{ ...key, status: 'Inactive' }])
    await store.write((tx) => removeUsers(tx, [user], NOW))
    assert.equal(await findAccessKey(store.db, 'AK'), undefined)
  })

  it('gives an account one number of 16 digits and keeps its settings', async () => {
    const store = await open()
    await twoAccounts(store)
    const number = await store.write((tx) => ensureAccountNumber(tx, 'a'))
    assert.match(number, /^\d{16}$/)
    assert.equal(await store.write((tx) => ensureAccountNumber(tx, 'a')), number)
    assert.equal(await findAccountByNumber(store.db, number), 'a')
    await store.write((tx) => putAccountSettings(tx, 'a', { x: 1 }))
    await store.write((tx) => putAccountSettings(tx, 'a', { y: 2 }))
    assert.deepEqual(await findAccountSettings(store.db, 'a'), { x: 1, y: 2 })
    assert.deepEqual(await findAccountSettings(store.db, 'b'), {})
  })

  it('finds the policies that somebody holds by attachment, by group or by role, each once', async () => {
    const store = await open()
    const { project } = await twoAccounts(store)
    const attach = (policyId: string, actor: { kind: 'user' | 'group'; id: string }, scopeId: string) =>
      store.write((tx) =>
        attachPolicy(tx, {
          policyId,
          actor,
          scope: { kind: scopeId === 'a' ? 'account' : 'project', id: scopeId },
          createdAt: NOW,
        }),
      )
    for (const id of ['1', '2', '3', '4'])
      await store.write((tx) => insertStatementPolicy(tx, policy(id, 'a')))
    assert.equal(await attach('1', { kind: 'user', id: 'u' }, 'a'), true)
    assert.equal(await attach('1', { kind: 'user', id: 'u' }, 'a'), false)
    await attach('2', { kind: 'group', id: 'g' }, 'a')
    await attach('3', { kind: 'user', id: 'u' }, project)
    const held = async (projectId: string | null, groups: string[], roles: string[]) => {
      const actor = { kind: 'user', id: 'u' } as const
      const found = await listHeldPolicies(store.db, { actor, groups, roles, language: 'ram', projectId })
      return found.map(({ id }) => id)
    }
    assert.deepEqual(await held(null, [], []), ['1'])
    assert.deepEqual(await held(null, ['g'], ['4']), ['1', '2', '4'])
    assert.deepEqual(await held(project, ['g'], ['1']), ['1', '2', '3'])
    await store.write((tx) =>
      detachPolicy(tx, {
        policyId: '1',
        actor: { kind: 'user', id: 'u' },
        scope: { kind: 'account', id: 'a' },
      }),
    )
    assert.deepEqual(await held(null, [], []), [])
    assert.equal((await listAttachments(store.db, { policyId: '2' })).length, 1)
  })

  it('shows the default version of a policy', async () => {
    const store = await open()
    await store.write((tx) => insertStatementPolicy(tx, policy('1', '')))
    const document = { Version: '1', Statement: [{ Effect: 'Deny' }] }
    await store.write((tx) => insertPolicyVersion(tx, '1', { version: 'v2', document, createdAt: NOW + 1 }))
    await store.write((tx) => setDefaultVersion(tx, '1', 'v2', NOW + 1))
    assert.deepEqual((await findStatementPolicy(store.db, { id: '1' }))?.document, document)
    assert.deepEqual(
      (await listPolicyVersions(store.db, '1')).map(({ version }) => version),
      ['v1', 'v2'],
    )
  })
})
