import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import type { PluginTransformQueryArgs, PluginTransformResultArgs } from 'kysely'
import { forEachEngine } from '../testing/engines.ts'
import {
  type ApplicationCredentialRecord,
  deleteAccessRule,
  deleteApplicationCredential,
  ensureAccessRules,
  findAccessRulesOf,
  findApplicationCredential,
  findApplicationCredentialByName,
  insertApplicationCredential,
  isAccessRuleUsed,
  listAccessRules,
  listApplicationCredentials,
} from './application-credentials.ts'
import { ensureDomain, ensureProject, ensureRole, ensureUser } from './bootstrap.ts'
import {
  type CredentialRecord,
  deleteCredential,
  findCredential,
  insertCredential,
  listCredentials,
  replaceBlob,
} from './credentials.ts'
import {
  deleteAccessToken,
  deleteConsumer,
  findAccessToken,
  findConsumer,
  findRequestToken,
  insertAccessToken,
  listAccessTokens,
  putConsumer,
  putRequestToken,
  type RequestToken,
  takeRequestToken,
} from './oauth1.ts'
import { findRevocations, forgetOldRevocations, listRevocations, revoke } from './revocations.ts'
import type { Store } from './store.ts'
import { totpSecretsOf } from './totp.ts'
import {
  consumeTrustUse,
  deleteTrust,
  findTrust,
  insertTrust,
  listTrusts,
  type TrustRecord,
} from './trusts.ts'
import { isUniqueViolation } from './unique.ts'

const NOW = 1_700_000_000_123_456

forEachEngine('what is lent', (open) => {
  let store: Store
  let user: string
  let other: string
  let project: string
  let roles: readonly [string, string]
  before(async () => {
    store = await open()
    await store.write(async (tx) => {
      await ensureDomain(tx, 'd1', 'one', NOW)
      user = await ensureUser(tx, 'lender', 'd1', NOW)
      other = await ensureUser(tx, 'borrower', 'd1', NOW)
      project = await ensureProject(tx, 'lent', 'd1', NOW)
      const ids = [await ensureRole(tx, 'reader'), await ensureRole(tx, 'member')].toSorted()
      roles = [ids[0] ?? '', ids[1] ?? '']
    })
  })

  const trust = (id: string, more: Partial<TrustRecord> = {}): TrustRecord => ({
    id,
    trustorUserId: user,
    trusteeUserId: other,
    projectId: project,
    impersonation: true,
    expiresAt: NOW + 5,
    remainingUses: null,
    redelegatedTrustId: null,
    redelegationCount: 0,
    roleIds: roles,
    extra: {},
    ...more,
  })

  it('a trust comes back as it was written, and is listed for either side', async () => {
    await store.write((tx) => insertTrust(tx, trust('t1')))
    const found = await findTrust(store.db, 't1')
    assert.deepEqual({ ...found, extra: {} }, trust('t1'))
    const ids = async (by: object) => (await listTrusts(store.db, by)).map(({ id }) => id)
    assert.deepEqual(await ids({ trustorUserId: user }), ['t1'])
    assert.deepEqual(await ids({ trusteeUserId: other }), ['t1'])
    assert.deepEqual(await ids({ trusteeUserId: user }), [])
  })

  it('a deleted trust takes all that was passed on of it', async () => {
    await store.write(async (tx) => {
      await insertTrust(tx, trust('a'))
      await insertTrust(tx, trust('b', { redelegatedTrustId: 'a' }))
      await insertTrust(tx, trust('c', { redelegatedTrustId: 'b' }))
      await insertTrust(tx, trust('z'))
      await deleteTrust(tx, 'a', NOW)
    })
    for (const id of ['a', 'b', 'c']) assert.equal(await findTrust(store.db, id), undefined)
    assert.equal((await findTrust(store.db, 'z'))?.id, 'z')
  })

  it('CVE-2026-1035: of many who use a trust at once as many succeed as it has uses', async () => {
    await store.write((tx) => insertTrust(tx, trust('few', { remainingUses: 3 })))
    const taken = await Promise.all(
      Array.from({ length: 8 }, () => store.record((tx) => consumeTrustUse(tx, 'few'))),
    )
    assert.equal(taken.filter(Boolean).length, 3)
    assert.equal((await findTrust(store.db, 'few'))?.remainingUses, 0)
    assert.equal(await store.record((tx) => consumeTrustUse(tx, 't1')), true)
  })

  const robot = (
    id: string,
    more: Partial<ApplicationCredentialRecord> = {},
  ): ApplicationCredentialRecord => ({
    id,
    userId: user,
    projectId: project,
    name: id,
    description: null,
    secretHash: 'hash',
    unrestricted: null,
    expiresAt: NOW + 7,
    roleIds: roles,
    accessRules: null,
    ...more,
  })

  it('an application credential comes back with its roles and rules, once per name and user', async () => {
    const asked = { service: 'image', path: '/v2/**', method: 'GET' }
    const [rule] = await store.write((tx) => ensureAccessRules(tx, user, [asked]))
    assert.ok(rule)
    const [same] = await store.write((tx) => ensureAccessRules(tx, user, [asked]))
    assert.deepEqual({ ...same }, rule)
    const written = robot('robot', { accessRules: [rule], unrestricted: false })
    await store.write((tx) => insertApplicationCredential(tx, written, NOW))
    const found = await findApplicationCredential(store.db, 'robot')
    assert.deepEqual(found && { ...found, roleIds: found.roleIds.toSorted() }, written)
    assert.equal((await findApplicationCredentialByName(store.db, user, 'robot'))?.id, 'robot')
    assert.equal(await findApplicationCredentialByName(store.db, other, 'robot'), undefined)
    const again = robot('another', { name: 'robot' })
    await assert.rejects(
      store.write((tx) => insertApplicationCredential(tx, again, NOW)),
      isUniqueViolation,
    )
    const theirs = robot('theirs', { name: 'robot', userId: other })
    await store.write((tx) => insertApplicationCredential(tx, theirs, NOW))
    assert.deepEqual(
      (await listApplicationCredentials(store.db, user, [])).map(({ id }) => id),
      ['robot'],
    )

    assert.equal(await isAccessRuleUsed(store.db, rule.id), true)
    await store.write((tx) => deleteApplicationCredential(tx, 'robot'))
    assert.equal(await isAccessRuleUsed(store.db, rule.id), false)
    await store.write((tx) => deleteAccessRule(tx, rule.id))
    assert.deepEqual(await listAccessRules(store.db, user, []), [])
  })

  it('a credential changes in its blob alone, and only its user’s one-time secrets are found', async () => {
    const credential = (id: string, more: Partial<CredentialRecord> = {}): CredentialRecord => ({
      id,
      userId: user,
      projectId: null,
      type: 'totp',
      sealedBlob: `sealed ${id}`,
      extra: { note: 'é' },
      ...more,
    })
    await store.write(async (tx) => {
      await insertCredential(tx, credential('c2'), NOW)
      await insertCredential(tx, credential('c1'), NOW + 1)
      await insertCredential(tx, credential('c3', { type: 'ec2', projectId: project }), NOW)
      await insertCredential(tx, credential('c4', { userId: other }), NOW)
      await replaceBlob(tx, 'c2', 'sealed anew')
    })
    assert.deepEqual(await findCredential(store.db, 'c2'), credential('c2', { sealedBlob: 'sealed anew' }))
    assert.deepEqual(await totpSecretsOf(store.db, user), [
      { credentialId: 'c2', sealed: 'sealed anew' },
      { credentialId: 'c1', sealed: 'sealed c1' },
    ])
    const listed = await listCredentials(store.db, { userId: user, filters: [] }, { limit: 2 })
    assert.deepEqual(
      listed.items.map(({ id }) => id),
      ['c1', 'c2'],
    )
    await store.write((tx) => deleteCredential(tx, 'c2'))
    assert.equal(await findCredential(store.db, 'c2'), undefined)
  })

  it('CVE-2026-1035: a request token is taken once; a consumer goes with all its tokens', async () => {
    const consumer = { id: 'k', sealedSecret: 's', description: null, extra: {} }
    const asked: RequestToken = {
      id: 'r',
      sealedSecret: 's',
      consumerId: 'k',
      projectId: project,
      verifier: null,
      authorizingUserId: null,
      roleIds: [],
      expiresAt: NOW,
    }
    const access = {
      id: 'a',
      sealedSecret: 's',
      consumerId: 'k',
      authorizingUserId: user,
      projectId: project,
      roleIds: [roles[0]],
      expiresAt: null,
    }
    await store.write(async (tx) => {
      await putConsumer(tx, consumer)
      await putRequestToken(tx, asked)
      await putRequestToken(tx, { ...asked, verifier: 'v', authorizingUserId: user, roleIds: [roles[0]] })
      await insertAccessToken(tx, access)
      await insertAccessToken(tx, { ...access, id: 'b' })
    })
    assert.equal((await findRequestToken(store.db, 'r'))?.verifier, 'v')
    const taken = await Promise.all(
      Array.from({ length: 5 }, () => store.write((tx) => takeRequestToken(tx, 'r'))),
    )
    assert.equal(taken.filter(Boolean).length, 1)
    assert.deepEqual(await findAccessToken(store.db, 'a'), access)
    await store.write((tx) => deleteAccessToken(tx, 'b'))
    assert.deepEqual(
      (await listAccessTokens(store.db, user)).map(({ id }) => id),
      ['a'],
    )
    assert.equal(await store.write((tx) => deleteConsumer(tx, 'k')), true)
    assert.equal(await findConsumer(store.db, 'k'), undefined)
    assert.equal(await findAccessToken(store.db, 'a'), undefined)
  })

  it('revocations of one thing combine by the later moment, and go when their tokens have', async () => {
    const one = { kind: 'token', id: 'x' }
    await store.write(async (tx) => {
      await revoke(tx, { ...one, revokedAt: NOW, until: NOW + 100 })
      await revoke(tx, { ...one, revokedAt: NOW - 50, until: NOW + 10 })
      await revoke(tx, { kind: 'chain', id: 'x', revokedAt: NOW + 1, until: NOW + 20 })
    })
    assert.deepEqual(await findRevocations(store.db, [one, { kind: 'token', id: 'y' }]), [
      { ...one, revokedAt: NOW },
    ])
    assert.deepEqual(
      (await listRevocations(store.db, NOW)).map(({ kind }) => kind),
      ['token', 'chain'],
    )
    await store.write((tx) => forgetOldRevocations(tx, NOW + 50))
    assert.deepEqual(
      (await listRevocations(store.db, 0)).map(({ kind }) => kind),
      ['token'],
    )
    await store.write((tx) => forgetOldRevocations(tx, NOW + 101))
    assert.deepEqual(await findRevocations(store.db, [one]), [])
  })

  it('an application credential with a thousand rules is written in a few statements', async () => {
    const asked = Array.from({ length: 1200 }, (_, i) => ({
      service: 'image',
      path: `/${i % 1000}`,
      method: 'GET',
    }))
    let statements = 0
    const counting = {
      transformQuery: ({ node }: PluginTransformQueryArgs) => {
        statements += 1
        return node
      },
      transformResult: async ({ result }: PluginTransformResultArgs) => result,
    }
    const accessRules = await store.write(async (tx) => {
      const counted = tx.withPlugin(counting)
      const rules = await ensureAccessRules(counted, user, asked)
      await insertApplicationCredential(counted, robot('busy', { accessRules: rules }), NOW)
      return rules
    })
    assert.ok(statements < 20, `${statements} statements`)
    assert.deepEqual(
      accessRules.map(({ path }) => path),
      asked.map(({ path }) => path),
    )
    assert.equal((await findApplicationCredential(store.db, 'busy'))?.accessRules?.length, 1000)
    const ids = accessRules.map(({ id }) => id)
    const own = await findAccessRulesOf(store.db, user, ids)
    assert.deepEqual([own.size, own.get(ids[7] ?? '')?.path], [1000, '/7'])
    assert.equal((await findAccessRulesOf(store.db, other, ids)).size, 0)
  })
})
