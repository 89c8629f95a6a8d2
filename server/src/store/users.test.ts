import assert from 'node:assert/strict'
import { it } from 'node:test'
import { forEachEngine } from '../testing/engines.ts'
import { ensureDomain } from './bootstrap.ts'
import { findUser } from './identity.ts'
import { insertPassword, replacePassword } from './passwords.ts'
import type { Store } from './store.ts'
import { isUniqueViolation } from './unique.ts'
import {
  deleteUser,
  findUserById,
  insertUser,
  listFederatedIdentities,
  listUsers,
  missingProtocol,
  type NewUser,
  replaceFederatedIdentities,
  updateUser,
  voidTokens,
} from './users.ts'

const NOW = 1_700_000_000_000_000

const user = (id: string, more: Partial<NewUser> = {}): NewUser => ({
  id,
  name: id,
  domainId: 'default',
  enabled: true,
  defaultProjectId: null,
  options: {},
  extra: {},
  ...more,
})

async function withUsers(store: Store, ...users: readonly NewUser[]): Promise<void> {
  await store.write(async (tx) => {
    await ensureDomain(tx, 'default', 'Default', NOW)
    for (const one of users) await insertUser(tx, one, NOW)
  })
}

async function withProvider(store: Store, idp: string, ...protocols: readonly string[]): Promise<void> {
  await store.write(async (tx) => {
    await tx
      .insertInto('identity_provider')
      .values({
        id: idp,
        enabled: 1,
        description: null,
        domain_id: 'default',
        authorization_ttl: null,
        extra: '{}',
      })
      .execute()
    for (const id of protocols) {
      await tx
        .insertInto('federation_protocol')
        .values({ id, idp_id: idp, mapping_id: 'm', remote_id_attribute: null, tokens_valid_from: 0 })
        .execute()
    }
  })
}

const names = (listed: { items: readonly { name: string }[] }): readonly string[] =>
  listed.items.map((one) => one.name)
const equals = (column: string, value: string | number) =>
  ({ column, comparator: 'equals', value, caseSensitive: true }) as const

forEachEngine('users', (open) => {
  it('come back as they were written', async () => {
    const store = await open()
    const written = user('a', { options: { lock_password: true }, extra: { email: 'a@b', 'o\'"x': [1] } })
    await withUsers(store, written)
    assert.deepEqual(await findUserById(store.db, 'a'), {
      ...written,
      kind: 'local',
      createdAt: NOW,
      lastActiveAt: null,
      passwordExpiresAt: null,
    })
    assert.equal(await findUserById(store.db, 'b'), undefined)
  })

  it('have names that are theirs alone in a domain, case and all', async () => {
    const store = await open()
    await withUsers(store, user('a', { name: 'bob' }), user('b', { name: 'Bob' }))
    const again = store.write((tx) => insertUser(tx, user('c', { name: 'bob' }), NOW))
    await assert.rejects(again, isUniqueViolation)
    const renamed = store.write((tx) => updateUser(tx, 'b', { name: 'bob' }))
    await assert.rejects(renamed, isUniqueViolation)
    await store.write((tx) => insertUser(tx, user('c', { name: 'bob', domainId: 'other' }), NOW))
  })

  it('are listed by what is asked for, in pages', async () => {
    const store = await open()
    await withUsers(
      store,
      user('a', { name: 'anna' }),
      user('b', { name: 'Bert', enabled: false }),
      user('c', { name: 'bernd', domainId: 'other' }),
    )
    const list = async (...filters: Parameters<typeof listUsers>[1]['filters']) =>
      names(await listUsers(store.db, { filters }, {}))
    assert.deepEqual(await list(), ['anna', 'Bert', 'bernd'])
    assert.deepEqual(await list(equals('user.name', 'bert')), [])
    assert.deepEqual(await list(equals('user.enabled', 0)), ['Bert'])
    assert.deepEqual(await list(equals('user.domain_id', 'other')), ['bernd'])
    const starts = {
      column: 'user.name',
      comparator: 'startswith',
      value: 'BER',
      caseSensitive: false,
    } as const
    assert.deepEqual(await list(starts), ['Bert', 'bernd'])
    const first = await listUsers(store.db, { filters: [] }, { limit: 2 })
    assert.deepEqual([names(first), first.next], [['anna', 'Bert'], 'b'])
    const rest = await listUsers(store.db, { filters: [] }, { limit: 2, marker: 'b' })
    assert.deepEqual([names(rest), rest.next], [['bernd'], undefined])
  })

  it('are found by the expiry of the password they have now, not of one they had', async () => {
    const store = await open()
    await withUsers(store, user('a'), user('b'), user('c'))
    const password = (expiresAt: number | null) => ({ hash: 'h', expiresAt, selfService: false })
    await store.write(async (tx) => {
      await insertPassword(tx, 'a', password(NOW + 5), NOW)
      await insertPassword(tx, 'b', password(NOW + 1), NOW)
      await replacePassword(tx, 'b', password(NOW + 9), { now: NOW + 2, keep: 1 })
      await insertPassword(tx, 'c', password(null), NOW)
    })
    const list = async (operator: '<' | '>' | '=' | '<=' | '>=' | '<>', than: number) =>
      names(await listUsers(store.db, { filters: [], passwordExpiry: [{ operator, than }] }, {}))
    assert.deepEqual(await list('<', NOW + 6), ['a'])
    assert.deepEqual(await list('>=', NOW + 5), ['a', 'b'])
    assert.deepEqual(await list('=', NOW + 9), ['b'])
    assert.deepEqual(await list('<>', NOW + 9), ['a'])
    assert.equal((await findUserById(store.db, 'b'))?.passwordExpiresAt, NOW + 9)
  })

  it('carry federated identities that are nobody else’s, and are found by them', async () => {
    const store = await open()
    await withUsers(store, user('a'), user('b'))
    await withProvider(store, 'idp', 'saml2', 'oidc')
    const own = [
      { idpId: 'idp', protocolId: 'oidc', uniqueId: 'x' },
      { idpId: 'idp', protocolId: 'saml2', uniqueId: 'x' },
    ]
    await store.write((tx) => replaceFederatedIdentities(tx, { id: 'a', name: 'a' }, own))
    assert.deepEqual(await listFederatedIdentities(store.db, 'a'), own)
    const taken = store.write((tx) => replaceFederatedIdentities(tx, { id: 'b', name: 'b' }, own.slice(1)))
    await assert.rejects(taken, isUniqueViolation)
    const list = async (federated: Parameters<typeof listUsers>[1]['federated']) =>
      names(await listUsers(store.db, { filters: [], ...(federated ? { federated } : {}) }, {}))
    assert.deepEqual(await list({ uniqueId: 'x' }), ['a'])
    assert.deepEqual(await list({ idpId: 'idp', protocolId: 'saml2' }), ['a'])
    assert.deepEqual(await list({ idpId: 'idp', uniqueId: 'y' }), [])
    assert.equal(await missingProtocol(store.db, own), undefined)
    const unknown = { idpId: 'idp', protocolId: 'ldap', uniqueId: 'x' }
    assert.deepEqual(await missingProtocol(store.db, [unknown]), { idpId: 'idp', protocolId: 'ldap' })
    assert.deepEqual(await missingProtocol(store.db, [{ ...unknown, idpId: 'no' }]), { idpId: 'no' })
    assert.equal(await missingProtocol(store.db, []), undefined)
  })

  it('change only what a change names', async () => {
    const store = await open()
    await withUsers(store, user('a', { defaultProjectId: 'p', extra: { email: 'x' } }))
    await store.write(async (tx) => {
      await tx.updateTable('user').set({ failed_auth_count: 3, failed_auth_at: NOW }).execute()
      await updateUser(tx, 'a', {})
      await updateUser(tx, 'a', { enabled: false })
    })
    const changed = await findUser(store.db, { id: 'a' })
    assert.deepEqual([changed?.enabled, changed?.defaultProjectId, changed?.failedAuthCount], [false, 'p', 3])
    await store.write((tx) => updateUser(tx, 'a', { unlock: true, defaultProjectId: null }))
    const unlocked = await findUser(store.db, { id: 'a' })
    assert.deepEqual([unlocked?.defaultProjectId, unlocked?.failedAuthCount], [null, 0])
  })

  it('have all tokens voided, those too that were issued since the last time within the same second', async () => {
    const store = await open()
    await withUsers(store, user('a'))
    const voided = async (now: number) => {
      await store.write((tx) => voidTokens(tx, 'a', now))
      return (await findUser(store.db, { id: 'a' }))?.tokensValidFrom
    }
    // A second beyond the clock, for changes that commit a little later than they are dated.
    assert.equal(await voided(NOW + 5), NOW + 5 + 1_000_000)
    assert.equal(await voided(NOW + 6), NOW + 6 + 1_000_000)
    assert.equal(await voided(NOW + 6), NOW + 7 + 1_000_000)
    assert.equal(await voided(NOW), NOW + 8 + 1_000_000)
    assert.equal(await voided(NOW + 3_000_000), NOW + 4_000_000)
  })

  it('take everything that hangs on them with them, and nothing of a group with the same id (CVE-2014-0204)', async () => {
    const store = await open()
    await withUsers(store, user('a'), user('b'))
    await withProvider(store, 'idp', 'saml2')
    await store.write(async (tx) => {
      await insertPassword(tx, 'a', { hash: 'h', expiresAt: null, selfService: false }, NOW)
      const identity = { idpId: 'idp', protocolId: 'saml2', uniqueId: 'x' }
      await replaceFederatedIdentities(tx, { id: 'a', name: 'a' }, [identity])
      await hangThingsOn(tx)
    })
    await store.write((tx) => deleteUser(tx, 'a', NOW))
    const left: Record<string, unknown> = {}
    for (const table of TABLES) left[table] = (await store.db.selectFrom(table).selectAll().execute()).length
    assert.deepEqual(left, {
      user: 1,
      password: 0,
      membership: 1,
      expiring_membership: 0,
      federated_user: 0,
      credential: 1,
      application_credential: 0,
      access_rule: 0,
      application_credential_access_rule: 0,
      oauth_access_token: 0,
      oauth_request_token: 0,
      assignment: 2,
    })
    const trusts = await store.db.selectFrom('trust').select(['id', 'deleted_at']).orderBy('id').execute()
    assert.deepEqual(
      trusts.map((trust) => [trust.id, trust.deleted_at !== null]),
      [
        ['t1', true],
        ['t2', true],
        ['t3', false],
      ],
    )
    const actors = await store.db.selectFrom('assignment').select(['actor_kind', 'actor_id']).execute()
    assert.deepEqual(actors.map((row) => `${row.actor_kind} ${row.actor_id}`).sort(), ['group a', 'user b'])
  })
})

const TABLES = [
  'user',
  'password',
  'membership',
  'expiring_membership',
  'federated_user',
  'credential',
  'application_credential',
  'access_rule',
  'application_credential_access_rule',
  'oauth_access_token',
  'oauth_request_token',
  'assignment',
] as const

/** A bit of everything for user `a`, some for `b`, and a group whose id is `a` too. */
async function hangThingsOn(tx: Store['db']): Promise<void> {
  await tx
    .insertInto('role')
    .values({ id: 'r', domain_id: '', name: 'r', description: null, options: '{}', extra: '{}' })
    .execute()
  await tx
    .insertInto('group')
    .values({ id: 'a', domain_id: 'default', name: 'g', description: null, extra: '{}' })
    .execute()
  const memberships = ['a', 'b'].map((user_id) => ({ user_id, group_id: 'a' }))
  await tx.insertInto('membership').values(memberships).execute()
  await tx
    .insertInto('expiring_membership')
    .values({ user_id: 'a', group_id: 'a', idp_id: 'idp', last_verified_at: NOW })
    .execute()
  for (const [kind, id] of [
    ['user', 'a'],
    ['user', 'b'],
    ['group', 'a'],
  ] as const) {
    await tx
      .insertInto('assignment')
      .values({
        actor_kind: kind,
        actor_id: id,
        target_kind: 'project',
        target_id: 'p',
        role_id: 'r',
        inherited: 0,
      })
      .execute()
  }
  const credential = { project_id: null, type: 'totp', blob: 's', extra: '{}', created_at: NOW }
  await tx
    .insertInto('credential')
    .values(['a', 'b'].map((id) => ({ ...credential, id, user_id: id })))
    .execute()
  await tx
    .insertInto('application_credential')
    .values({
      id: 'ac',
      user_id: 'a',
      project_id: 'p',
      name: 'n',
      description: null,
      secret_hash: 'h',
      unrestricted: 0,
      expires_at: null,
      created_at: NOW,
    })
    .execute()
  await tx
    .insertInto('access_rule')
    .values({ id: 'ar', user_id: 'a', service: 's', path: '/', method: 'GET' })
    .execute()
  await tx
    .insertInto('application_credential_access_rule')
    .values({ application_credential_id: 'ac', access_rule_id: 'ar' })
    .execute()
  const trust = {
    project_id: 'p',
    impersonation: 1,
    expires_at: null,
    remaining_uses: null,
    redelegated_trust_id: null,
    redelegation_count: null,
    deleted_at: null,
    extra: '{}',
  } as const
  await tx
    .insertInto('trust')
    .values([
      { ...trust, id: 't1', trustor_user_id: 'a', trustee_user_id: 'b' },
      { ...trust, id: 't2', trustor_user_id: 'b', trustee_user_id: 'a' },
      { ...trust, id: 't3', trustor_user_id: 'b', trustee_user_id: 'b' },
    ])
    .execute()
  await tx.insertInto('consumer').values({ id: 'c', secret: 's', description: null, extra: '{}' }).execute()
  await tx
    .insertInto('oauth_access_token')
    .values({
      id: 'o',
      secret: 's',
      authorizing_user_id: 'a',
      project_id: 'p',
      role_ids: '[]',
      consumer_id: 'c',
      expires_at: null,
    })
    .execute()
  await tx
    .insertInto('oauth_request_token')
    .values({
      id: 'o',
      secret: 's',
      verifier: null,
      authorizing_user_id: 'a',
      requested_project_id: 'p',
      role_ids: '[]',
      consumer_id: 'c',
      expires_at: null,
    })
    .execute()
}
